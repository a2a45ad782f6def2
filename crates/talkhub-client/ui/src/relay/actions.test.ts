// Asking for a ticket: as long as the server says to wait, nobody asks again; then the connection comes by itself.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { GROUP, messageId } from "../messages/samples.std";

const opened = vi.hoisted(() => [] as string[]);
/** What the page does with the last socket that it made. */
const socket = vi.hoisted(() => ({ on: new Map<string, (...args: unknown[]) => void>(), emitted: [] as unknown[], connected: false }));
vi.mock("socket.io-client", () => ({
  io: (url: string) => {
    opened.push(url);
    socket.on.clear();
    return {
      get connected() {
        return socket.connected;
      },
      on: (name: string, act: () => void) => socket.on.set(name, act),
      timeout: () => ({ emit: (_name: string, event: unknown) => socket.emitted.push(event) }),
      close: () => undefined,
      disconnect: () => undefined,
      removeAllListeners: () => undefined,
    };
  },
}));

let asked: number[];
let heard: Map<string, () => void>;

beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers({ now: 0 });
  opened.length = 0;
  asked = [];
  heard = new Map();
  vi.stubGlobal("window", { addEventListener: (name: string, act: () => void) => heard.set(name, act) });
  vi.stubGlobal("document", { visibilityState: "visible", addEventListener: (name: string, act: () => void) => heard.set(name, act) });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const ticket = { relay_url: "http://127.0.0.1:5050", relay_id: "YW5uJ3Mgb3duIGdyb3VwIQ", token: "t", lease_s: 60 };

function firstAnswers(status: number): void {
  vi.stubGlobal("fetch", async () => {
    asked.push(Date.now());
    return asked.length === 1 ? new Response(null, { status, headers: { "retry-after": "20" } }) : new Response(JSON.stringify(ticket), { status: 201 });
  });
}

async function begun(): Promise<typeof import("./actions.dom")> {
  const relay = await import("./actions.dom");
  relay.begin({ up: () => undefined, down: () => undefined, delivered: () => undefined });
  await vi.advanceTimersByTimeAsync(5_000);
  relay.retryNow();
  heard.get("online")?.();
  heard.get("visibilitychange")?.();
  await vi.advanceTimersByTimeAsync(0);
  return relay;
}

test("429: Retry-After is waited out, also when the page comes to the front or one presses", async () => {
  firstAnswers(429);
  await begun();
  expect([asked, opened]).toEqual([[0], []]);
  await vi.advanceTimersByTimeAsync(15_000);
  expect([asked, opened]).toEqual([[0, 20_000], [ticket.relay_url]]);
});

test("503, the relay is away: who presses is not kept waiting", async () => {
  firstAnswers(503);
  await begun();
  expect([asked, opened]).toEqual([[0, 5_000], [ticket.relay_url]]);
});

test("FLT22: what waits for its answer is cut with the connection, whatever the library still holds back", async () => {
  firstAnswers(503);
  const relay = await begun();
  socket.connected = true;
  socket.on.get("connect")?.();
  relay.confirm();
  const answers: unknown[] = [];
  void relay.submit(GROUP, messageId(1), "first", messageId(2), "a receipt").then((answer) => answers.push(answer));
  await vi.advanceTimersByTimeAsync(0);
  expect([socket.emitted, answers]).toEqual([[{ to: GROUP, id: messageId(1), class: "durable", frame: '{"kind":"message","body":"first"}', prev: messageId(2), receipt: "a receipt" }], []]);
  socket.connected = false;
  socket.on.get("disconnect")?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(answers).toEqual([null]);
});
