// The way back to the relay: subscribed there, then fetched, and only then the stream that stood in for it ends.
import { afterEach, expect, test, vi } from "vitest";
import { ANN, GROUP, OPEN } from "../messages/samples.std";

type Act = (input?: unknown) => void;
interface FakeRelay {
  connected: boolean;
  heard: Map<string, Act>;
}

const relays = vi.hoisted(() => [] as FakeRelay[]);
vi.mock("socket.io-client", () => ({
  io: () => {
    const made = { connected: false, heard: new Map<string, Act>(), on: (name: string, act: Act) => made.heard.set(name, act), close: () => undefined, disconnect: () => undefined, removeAllListeners: () => made.heard.clear() };
    relays.push(made);
    return made;
  },
}));

const streams: FakeStream[] = [];
class FakeStream extends EventTarget {
  constructor() {
    super();
    streams.push(this);
  }
  close(): void {
    order.push("stream closed");
  }
}

let order: string[] = [];
const hello = { from: "server", to: GROUP, class: "durable", frame: JSON.stringify({ kind: "hello", user: ANN, relay_id: GROUP, history_id: "h" }) };

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("S03: while it is heard nobody asks every 8 s; relay confirmed → fetched → closed", async () => {
  vi.useFakeTimers({ now: 0 });
  vi.stubGlobal("BroadcastChannel", undefined);
  vi.stubGlobal("WebSocket", FakeStream);
  vi.stubGlobal("navigator", { onLine: true });
  vi.stubGlobal("document", { documentElement: { dataset: {} }, visibilityState: "visible", addEventListener: () => undefined });
  vi.stubGlobal("window", { addEventListener: () => undefined, location: { pathname: "/", protocol: "http:", host: "127.0.0.1" } });
  let answer: () => void = () => undefined;
  let slow = false;
  vi.stubGlobal("fetch", async (path: string) => {
    if (path === "/api/v1/relay-ids") return new Response(JSON.stringify({ relay_url: "http://127.0.0.1:5050", relay_id: GROUP, token: "t", lease_s: 60 }), { status: 201 });
    if (path !== "/api/v1/conversations") return new Response(null, { status: 503 });
    order.push("asked");
    if (slow) await new Promise<void>((resolve) => (answer = resolve));
    order.push("answered");
    return new Response('{"conversations":[],"rev":1,"history_id":"h"}');
  });
  const { begin } = await import("../app/dispatch.dom");
  begin({ me: { ...ANN, email: "a@example.org", theme: "dark", status_line: "", language: "en", presence: "online", privacy: OPEN, created_at: 1, rev: 1, history_id: "h" }, now: 0, language: "en", idle_after_s: 600 });

  await vi.advanceTimersByTimeAsync(2_900);
  expect(streams.length).toBe(0);
  await vi.advanceTimersByTimeAsync(200);
  expect(streams.length).toBe(1);
  order = [];
  streams[0]?.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(hello) }));
  await vi.advanceTimersByTimeAsync(40_000);
  expect(order).toEqual(["asked", "answered"]); // the resync, and nothing by the clock

  order = [];
  slow = true;
  const relay = relays.at(-1);
  if (!relay) throw new Error("no relay was tried");
  relay.connected = true;
  relay.heard.get("connect")?.();
  relay.heard.get("private_message")?.(hello);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(order).toEqual(["asked"]);
  answer();
  await vi.advanceTimersByTimeAsync(0);
  expect(order).toEqual(["asked", "answered", "stream closed"]);
});
