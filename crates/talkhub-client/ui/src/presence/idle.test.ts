// What the logic server is told of whether anybody uses this tab: each change, once, until it has heard it.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { idle } from "../kit/idle.dom";
import * as relay from "../relay/actions.dom";
import * as live from "../relay/live.dom";
import { begin } from "./idle.actions.dom";

const world = vi.hoisted(() => ({ relay: null as object | null, live: null as object | null }));
vi.mock("../kit/idle.dom", async () => ({ idle: (await import("@preact/signals")).signal(false) }));
vi.mock("../relay/actions.dom", async () => ({ link: (await import("@preact/signals")).signal({ phase: "connecting" }), connection: () => world.relay }));
vi.mock("../relay/live.dom", async () => ({ live: (await import("@preact/signals")).signal({ phase: "off" }), connection: () => world.live }));

let said: string[];
let answers: number[];
let started = false;
const turn = (time = 0) => vi.advanceTimersByTimeAsync(time);
const set = (held: object, value: unknown): void => void Object.assign(held, { value });

async function begun() {
  set(relay.link, { phase: "connecting" });
  set(live.live, { phase: "off" });
  set(idle, false);
  if (!started) begin();
  started = true;
  await turn();
  return {
    use: (used: boolean) => (set(idle, !used), turn()),
    connects: (relayId: string, bornIdle: boolean) => {
      world.relay = { relayId, bornIdle };
      set(relay.link, { phase: "connected" });
      return turn();
    },
    hearsLive: (relayId: string, bornIdle: boolean) => {
      world.live = { relayId, bornIdle };
      set(live.live, { phase: "up" });
      return turn();
    },
  };
}

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  [world.relay, world.live, said, answers] = [null, null, [], []];
  vi.stubGlobal("fetch", async (path: string, { body }: { body: string }) => {
    said.push(`${path.split("/").at(-2)} ${body}`);
    const status = answers.shift() ?? 204;
    const text = status === 204 ? "" : JSON.stringify({ type: "/problems/x", title: "x", status });
    // Not a `Response`: its text comes after a turn of the real clock.
    return { status, statusText: "", headers: new Headers({ "retry-after": "7" }), text: async () => text };
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("c08_each_change_is_told_once_and_only_while_connected", async () => {
  const tab = await begun();
  await tab.use(false);
  expect(said).toEqual([]);
  await tab.connects("one", false); // it fell idle between the asking and the connecting
  await tab.use(true);
  await tab.use(true);
  await tab.use(false);
  expect(said).toEqual(['one {"idle":true}', 'one {"idle":false}', 'one {"idle":true}']);
});

test("c08_a_connection_that_began_with_the_right_word_is_not_told_again", async () => {
  const tab = await begun();
  await tab.use(false);
  await tab.connects("one", true);
  expect(said).toEqual([]);
  await tab.hearsLive("two", true);
  await tab.use(true);
  expect(said).toEqual(['one {"idle":false}', 'two {"idle":false}']);
});

test("c08_what_did_not_get_through_is_told_later_as_it_is_then", async () => {
  const tab = await begun();
  await tab.connects("one", false);
  answers = [429, 503];
  await tab.use(false);
  await turn(6_900);
  expect(said).toHaveLength(1); // the server asked for seven seconds
  await turn(60_000);
  expect(said).toEqual(['one {"idle":true}', 'one {"idle":true}', 'one {"idle":true}']);
});

test("c08_a_connection_that_the_server_does_not_know_is_left_alone", async () => {
  const tab = await begun();
  await tab.connects("one", false);
  answers = [404];
  await tab.use(false);
  await turn(120_000);
  expect(said).toEqual(['one {"idle":true}']);
});
