// Where neither the relay nor the stream in its place can be had the page asks for news, however often both are tried meanwhile.
import { afterEach, expect, test, vi } from "vitest";
import { ANN, OPEN } from "../messages/samples.std";
import { link } from "../relay/actions.dom";
import { opening } from "../relay/state.std";

vi.mock("../relay/actions.dom", async () => {
  const { signal } = await import("@preact/signals");
  return { begin: () => undefined, isUp: () => false, link: signal({}) };
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("C09: every 8 s, with tries every 3 s in between", async () => {
  vi.useFakeTimers({ now: 0 });
  vi.stubGlobal("BroadcastChannel", undefined);
  vi.stubGlobal("navigator", { onLine: true });
  vi.stubGlobal("document", { documentElement: { dataset: {} }, visibilityState: "visible", addEventListener: () => undefined });
  vi.stubGlobal("window", { addEventListener: () => undefined, location: { pathname: "/", protocol: "http:", host: "127.0.0.1" } });
  const opened: string[] = [];
  const refused = function (url: string): never {
    opened.push(url);
    throw new DOMException("no", "SecurityError");
  };
  vi.stubGlobal("WebSocket", refused);
  const asked: number[] = [];
  vi.stubGlobal("fetch", async (path: string) => {
    if (path === "/api/v1/conversations") asked.push(Date.now());
    return new Response('{"conversations":[],"rev":1,"history_id":"h"}');
  });
  const held: { value: unknown } = link;
  held.value = { ...opening(0), bar: "away" };
  const { begin } = await import("./dispatch.dom");
  begin({ me: { ...ANN, email: "a@example.org", theme: "dark", status_line: "", language: "en", presence: "online", privacy: OPEN, created_at: 1, rev: 1, history_id: "h" }, now: 0, language: "en", idle_after_s: 600 });
  for (let at = 0; at < 27_000; at += 3_000) {
    held.value = { ...opening(0), bar: "away", failures: at };
    await vi.advanceTimersByTimeAsync(3_000);
  }
  expect(asked).toEqual([0, 8_000, 16_000, 24_000]);
  expect([opened.length < 7, new Set(opened)]).toEqual([true, new Set(["ws://127.0.0.1/live?idle=false"])]);
});
