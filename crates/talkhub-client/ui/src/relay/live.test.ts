// The stream in the relay's place: when it is opened, whom it believes, how it comes back, when it rests.
import { signal, type Signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ANN, BOB, GROUP } from "../messages/samples.std";
import { off, reduce, STEADY, wait, type Live, type LiveEvent } from "./live.std";
import { opening, type Link } from "./state.std";
import type { Person } from "./wire.gen.std";

const relay = vi.hoisted(() => ({ up: false, link: null as unknown }));
vi.mock("./actions.dom", () => ({
  isUp: () => relay.up,
  get link() {
    return relay.link;
  },
}));

const run = (events: LiveEvent[], from: Live = off): Live => events.reduce(reduce, from);

describe("the state", () => {
  test("it is up only by a hello, and only while it is being opened", () => {
    expect(run([{ kind: "hello", now: 1 }])).toEqual(off);
    expect(run([{ kind: "opening" }]).phase).toBe("opening");
    expect(run([{ kind: "opening" }, { kind: "hello", now: 5 }])).toEqual({ phase: "up", failures: 0, upAt: 5 });
    expect(run([{ kind: "opening" }, { kind: "hello", now: 5 }, { kind: "off" }])).toEqual(off);
  });
  test("what does not open waits 1, 2, 4 … 30 s, give or take 30 %", () => {
    const waits: number[] = [];
    let live = off;
    for (let tries = 0; tries < 7; tries += 1) {
      live = run([{ kind: "opening" }, { kind: "ended", now: 0 }], live);
      waits.push(wait(live, 0.5));
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect([wait(live, 0), wait(live, 1)]).toEqual([21_000, 39_000]);
  });
  test("one that says hello and ends at once is no success; one that lasted is", () => {
    const once = (live: Live, lasting: number): Live => run([{ kind: "opening" }, { kind: "hello", now: 0 }, { kind: "ended", now: lasting }], live);
    const thrice = once(once(once(off, 10), 10), STEADY - 1);
    expect(thrice.failures).toBe(3);
    expect(once(thrice, STEADY).failures).toBe(1);
  });
  test("a late end of what rests changes nothing", () => {
    expect(run([{ kind: "ended", now: 1 }])).toEqual(off);
  });
});

class FakeSocket extends EventTarget {
  static made: FakeSocket[] = [];
  closed = false;
  readonly at = Date.now();
  constructor(readonly url: string) {
    super();
    FakeSocket.made.push(this);
  }
  close(): void {
    this.closed = true;
  }
  send(): void {
    throw new Error("nothing is ever sent on this stream");
  }
  says(data: unknown): void {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }
  frame(frame: unknown): void {
    this.says(JSON.stringify({ from: "server", to: GROUP, class: "durable", frame: JSON.stringify(frame) }));
  }
  greets(user: Person): void {
    this.frame({ kind: "hello", user, relay_id: GROUP, history_id: "h" });
  }
  dies(): void {
    this.dispatchEvent(new Event("close"));
  }
}

describe("the stream", () => {
  const link: Signal<Link> = signal(opening(0));
  let device: { onLine: boolean };
  let told: Map<string, () => void>;
  let events: string[];
  let live: typeof import("./live.dom");

  beforeEach(async () => {
    vi.resetModules();
    vi.useFakeTimers({ now: 0 });
    vi.spyOn(Math, "random").mockReturnValue(0.5);
    FakeSocket.made = [];
    relay.up = false;
    link.value = opening(0);
    relay.link = link;
    device = { onLine: true };
    told = new Map();
    events = [];
    vi.stubGlobal("WebSocket", FakeSocket);
    vi.stubGlobal("navigator", device);
    vi.stubGlobal("window", { location: { protocol: "https:", host: "chat.example.org" }, addEventListener: (name: string, act: () => void) => told.set(name, act) });
    live = await import("./live.dom");
    live.begin({
      isMine: (user) => user === ANN.user_id || (events.push("not mine"), false),
      up: () => events.push("up"),
      down: () => events.push("down"),
      delivered: (delivery) => events.push(delivery.frame),
    });
  });
  afterEach(() => {
    live.end();
    vi.useRealTimers();
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });

  const away = (): void => void (link.value = { ...link.value, bar: "away" });
  const last = (): FakeSocket => {
    const made = FakeSocket.made.at(-1);
    if (!made) throw new Error("nothing was opened");
    return made;
  };
  const read = { kind: "read", conversation: "7", user_id: BOB.user_id, read: 3 };

  test("not in the quiet time; once the bar says away, at this page's own place", () => {
    link.value = { ...link.value, phase: "waiting", failures: 1 };
    expect(FakeSocket.made).toEqual([]);
    away();
    expect(FakeSocket.made.map((one) => one.url)).toEqual(["wss://chat.example.org/live?idle=false"]);
    link.value = { ...link.value, failures: 2 }; // the relay is tried again meanwhile
    expect(FakeSocket.made.length).toBe(1);
  });

  test("nothing counts before the hello, and only the logic server is heard", () => {
    away();
    last().frame(read);
    last().greets(ANN);
    last().frame(read);
    last().says("not JSON");
    last().says(new Uint8Array(3));
    last().says(JSON.stringify({ from: "relay", to: GROUP, class: "ephemeral", frame: '{"kind":"revoked"}' }));
    expect([events, live.live.value.phase]).toEqual([["up", JSON.stringify(read)], "up"]);
  });

  test("a hello for somebody else ends it for good", async () => {
    away();
    last().greets(BOB);
    last().frame(read);
    await vi.advanceTimersByTimeAsync(120_000);
    expect([events, last().closed, FakeSocket.made.length]).toEqual([["not mine"], true, 1]);
  });

  test("without a hello within 8 s it is tried again; with growing pauses", async () => {
    away();
    await vi.advanceTimersByTimeAsync(8_000);
    expect([last().closed, live.live.value.phase]).toEqual([true, "waiting"]);
    await vi.advanceTimersByTimeAsync(1_000);
    last().dies();
    await vi.advanceTimersByTimeAsync(2_000);
    last().dies();
    await vi.advanceTimersByTimeAsync(4_000);
    expect([FakeSocket.made.map((one) => one.at), events]).toEqual([[0, 9_000, 11_000, 15_000], []]);
    last().dies();
    live.retryNow(); // whoever presses does not wait
    expect(FakeSocket.made.length).toBe(5);
  });

  test("a place that forbids WebSockets is a failure like any other", () => {
    const forbidden = function (): never {
      throw new DOMException("no", "SecurityError");
    };
    vi.stubGlobal("WebSocket", forbidden);
    away();
    expect(live.live.value).toMatchObject({ phase: "waiting", failures: 1 });
  });

  test("its end is told once, and it comes back", async () => {
    away();
    last().greets(ANN);
    last().dies();
    last().dies();
    expect([events, live.live.value.phase]).toEqual([["up", "down"], "waiting"]);
    await vi.advanceTimersByTimeAsync(1_000);
    last().greets(ANN);
    expect(events).toEqual(["up", "down", "up"]);
  });

  test("it rests only when the relay is there, and then nothing opens it", async () => {
    away();
    last().greets(ANN);
    live.rest(); // the relay has gone again before everything was fetched
    expect(last().closed).toBe(false);
    relay.up = true;
    link.value = { ...link.value, phase: "connected", bar: "back" };
    expect(last().closed).toBe(false);
    live.rest();
    last().frame(read);
    last().dies();
    await vi.advanceTimersByTimeAsync(120_000);
    expect([last().closed, live.live.value, events, FakeSocket.made.length]).toEqual([true, off, ["up"], 1]);
  });

  test("a try that is due while the relay is back opens nothing", async () => {
    away();
    last().dies();
    link.value = { ...link.value, phase: "connected", bar: "back" };
    await vi.advanceTimersByTimeAsync(120_000);
    expect(FakeSocket.made.length).toBe(1);
    link.value = { ...link.value, phase: "waiting", bar: "none" };
    away();
    expect(FakeSocket.made.length).toBe(2);
  });

  test("offline there is none; with the network it is back at once", async () => {
    device.onLine = false;
    away();
    expect(FakeSocket.made).toEqual([]);
    device.onLine = true;
    told.get("online")?.();
    last().greets(ANN);
    device.onLine = false;
    told.get("offline")?.();
    await vi.advanceTimersByTimeAsync(60_000);
    expect([last().closed, live.live.value, FakeSocket.made.length]).toEqual([true, off, 1]);
    device.onLine = true;
    told.get("online")?.();
    expect(FakeSocket.made.length).toBe(2);
  });

  test("FLT24: silence for two and a half heartbeats ends it, whatever the system says about the connection", async () => {
    away();
    last().greets(ANN);
    last().frame({ kind: "beat", every_s: 10 });
    await vi.advanceTimersByTimeAsync(24_000);
    last().frame(read); // any text is a sign of life
    await vi.advanceTimersByTimeAsync(24_000);
    last().frame({ kind: "beat", every_s: 10 });
    await vi.advanceTimersByTimeAsync(24_999);
    expect([last().closed, live.live.value.phase]).toEqual([false, "up"]);
    await vi.advanceTimersByTimeAsync(1);
    expect([last().closed, live.live.value.phase, events.at(-1)]).toEqual([true, "waiting", "down"]);
    await vi.advanceTimersByTimeAsync(1_000);
    last().greets(ANN);
    await vi.advanceTimersByTimeAsync(600_000);
    expect([FakeSocket.made.length, live.live.value.phase]).toEqual([2, "up"]); // a server that promised no heartbeat is not missed
  });

  test("after a sleep it is opened anew, as nobody may have told this end that it is dead", () => {
    away();
    last().greets(ANN);
    const before = last();
    live.renew();
    expect([before.closed, FakeSocket.made.length, live.live.value.phase]).toEqual([true, 2, "opening"]);
    before.dies();
    expect(live.live.value.phase).toBe("opening");
  });
});
