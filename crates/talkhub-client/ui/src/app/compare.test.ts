// RU11: while somebody looks, the heads are compared at most a minute apart, whatever the dice say.
import { afterEach, expect, test, vi } from "vitest";
import { ANN, OPEN } from "../messages/samples.std";
import { opening } from "../relay/state.std";

vi.mock("../relay/actions.dom", async () => {
  const { signal } = await import("@preact/signals");
  return { begin: () => undefined, isUp: () => true, retryNow: () => undefined, link: signal({}) };
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test.each([0, 0.5, 0.999])("with the chance %d", async (chance) => {
  vi.resetModules();
  vi.useFakeTimers({ now: 0 });
  vi.spyOn(Math, "random").mockReturnValue(chance);
  vi.stubGlobal("BroadcastChannel", undefined);
  vi.stubGlobal("navigator", { onLine: true });
  vi.stubGlobal("document", { documentElement: { dataset: {} }, visibilityState: "visible", addEventListener: () => undefined });
  vi.stubGlobal("window", { addEventListener: () => undefined, location: { pathname: "/", protocol: "http:", host: "127.0.0.1" } });
  const asked: number[] = [];
  vi.stubGlobal("fetch", async (path: string) => {
    if (path.endsWith("/heads")) asked.push(Date.now());
    return new Response(path.endsWith("/heads") ? '{"heads":[],"rev":1,"history_id":"h"}' : '{"conversations":[],"rev":1,"history_id":"h"}');
  });
  const held: { value: unknown } = (await import("../relay/actions.dom")).link;
  held.value = { ...opening(0), phase: "connected", lostAt: null };
  const { begin } = await import("./dispatch.dom");
  const presence = await import("../presence/actions.dom");
  begin({ me: { ...ANN, email: "a@example.org", theme: "dark", status_line: "", language: "en", presence: "online", privacy: OPEN, created_at: 1, rev: 1, history_id: "h" }, now: 0, language: "en", idle_after_s: 600 });
  await vi.advanceTimersByTimeAsync(0);
  presence.seen([{ user_id: ANN.user_id, online: true }]);
  for (let second = 0; second < 300; second += 1) {
    await vi.advanceTimersByTimeAsync(1_000);
    // So presence stays known for as long as the logic server answers.
    expect(presence.isOnline(ANN.user_id)).toBe(true);
  }
  const gaps = asked.map((at, index) => at - (asked[index - 1] ?? 0));
  expect(asked.length).toBeGreaterThan(4);
  expect(Math.max(...gaps)).toBeLessThanOrEqual(60_000);
  expect(Math.min(...gaps)).toBeGreaterThan(30_000);
});
