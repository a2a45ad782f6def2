// The sender against answers that are neither yes nor a rule's no: it asks, waits as long as it is told, and sends the same once more.
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Ack, Conversation, Me } from "../relay/wire.gen.std";
import type { Entry } from "./outbox.std";
import { ANN, BOB, GROUP, TALK, OPEN } from "./samples.std";

const relay = vi.hoisted(() => ({ up: true, hook: async (): Promise<void> => undefined, acks: [] as unknown[], sent: [] as { at: number; id: string; body: string; prev: string | null; receipt: string | null }[] }));
vi.mock("../relay/actions.dom", () => ({
  isUp: () => relay.up,
  get link() {
    return { value: { bar: relay.up ? "none" : "away" } };
  },
  submit: async (_to: string, id: string, body: string, prev: string | null, receipt: string | null) => {
    relay.sent.push({ at: Date.now() - START, id, body, prev, receipt });
    await relay.hook();
    return relay.acks.shift() ?? null;
  },
}));

const START = 1_000_000;
const me: Me = { ...ANN, email: "a@example.org", theme: "dark", status_line: "", language: "en", presence: "online", privacy: OPEN, created_at: 1, rev: 3, history_id: "h" };
const talk: Conversation = { id: TALK, kind: "private", state: "open", group: GROUP, typing: true, members: [], seq: 0, rev: 0, read: 0, unread: 0, created_at: 1 };
const unknown: Ack = { status: "refused", problem: { type: "/problems/unknown-address", title: "no", status: 404 } };
const forbidden: Ack = { status: "refused", problem: { type: "/problems/not-reachable", title: "no", status: 403 } };
const stored: Ack = { status: "stored", seq: 1, rev: 1, at: 1, history_id: "h" };
const missing = { type: "/problems/missing", title: "there is no such conversation", status: 404 };

let answers: Record<string, { status: number; body?: unknown; after?: number; html?: string }>;
let requests: string[];
let forms: unknown[];
let fates: string[];
let reloaded: boolean;

beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers({ now: START });
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  forms = [];
  [relay.up, relay.acks, relay.sent, requests, fates, reloaded] = [true, [], [], [], [], false];
  answers = { "GET /api/v1/me": { status: 200, body: me } };
  vi.stubGlobal("BroadcastChannel", undefined);
  vi.stubGlobal("navigator", { onLine: true });
  vi.stubGlobal("window", { location: { reload: () => (reloaded = true) } });
  vi.stubGlobal("fetch", async (path: string, { method, body }: { method: string; body?: string }) => {
    if (method === "POST") forms.push(JSON.parse(body ?? "null"));
    requests.push(`${(Date.now() - START) / 1000} ${method} ${path.slice("/api/v1".length)}`);
    const answer = answers[`${method} ${path}`];
    if (!answer) throw new TypeError("no network");
    if (answer.html !== undefined) return new Response(answer.html, { status: answer.status, headers: { "content-type": "text/html" } });
    return new Response(answer.body === undefined ? null : JSON.stringify(answer.body), { status: answer.status, headers: answer.after === undefined ? {} : { "retry-after": String(answer.after) } });
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const kept = (): Promise<typeof import("./kept.dom")> => import("./kept.dom");

async function writes(...bodies: string[]): Promise<typeof import("./sender.dom")> {
  const sender = await import("./sender.dom");
  const silent = (): undefined => undefined;
  await sender.begin(me, { wrote: silent, waiting: (entry) => fates.push(`${entry.body}: waiting`), sending: silent, withdrew: silent, refused: (entry, problem) => fates.push(`${entry.body}: ${problem.type}`), passedOn: (entry) => fates.push(`${entry.body}: passed on`), stored: (message) => fates.push(`${message.body}: stored`) });
  for (const body of bodies) void sender.write(talk, body);
  await vi.advanceTimersByTimeAsync(0);
  return sender;
}

describe("the relay does not know the address", () => {
  const at = `GET /api/v1/conversations/${TALK}`;
  const post = `POST /api/v1/conversations/${TALK}/messages`;
  test("RU4: but the logic server knows the conversation: it takes them itself, by the same ids, and the next go by the relay", async () => {
    answers[at] = { status: 200, body: talk };
    answers[post] = { status: 503, after: 2 };
    relay.acks = [unknown, unknown, stored, { ...stored, seq: 2, rev: 2 }];
    const sender = await writes("first", "second");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(forms).toEqual(relay.sent.slice(0, 2).map((one) => expect.objectContaining({ id: one.id, body: one.body }) as unknown));
    expect(relay.sent.map((one) => [one.at, one.body])).toEqual([[0, "first"], [0, "second"], [2_000, "first"], [2_000, "second"]]);
    expect(new Set(relay.sent.map((one) => one.id)).size).toBe(2);
    expect(requests.filter((one) => one.endsWith("/conversations/7"))).toEqual(["0 GET /conversations/7"]); // once for the whole burst
    expect([fates, await sender.unsent()]).toEqual([["first: stored", "second: stored"], 0]);
  });
  test("sec16: whoever is kept out of the group hears why from the logic server, in its words, as soon as anybody else", async () => {
    answers[at] = { status: 200, body: talk };
    answers[post] = { status: 403, body: { type: "/problems/not-reachable", title: "no", status: 403 } };
    relay.acks = [unknown];
    await writes("first");
    expect([relay.sent.length, fates]).toEqual([1, ["first: /problems/not-reachable"]]);
  });
  test("nor does the logic server: refused for good, by its words", async () => {
    answers[at] = { status: 404, body: missing };
    relay.acks = [unknown];
    await writes("first");
    await vi.advanceTimersByTimeAsync(60_000);
    expect([relay.sent.length, fates]).toEqual([1, ["first: /problems/missing"]]);
  });
  test.each([[503, undefined, 1_000], [429, 7, 7_000]])("a %i of the logic server is no answer", async (status, after, next) => {
    answers[at] = { status, ...(after === undefined ? {} : { after }) };
    relay.acks = [unknown, stored];
    await writes("first");
    await vi.advanceTimersByTimeAsync(10_000);
    expect([relay.sent.map((one) => one.at), fates]).toEqual([[0, next], ["first: stored"]]);
  });
  test("inv14: the cookie is somebody else's by now: their 404 is not this person's", async () => {
    answers[at] = { status: 404, body: missing };
    answers["GET /api/v1/me"] = { status: 200, body: { ...me, ...BOB } };
    relay.acks = [unknown];
    await writes("first");
    expect([fates, reloaded]).toEqual([[], true]);
  });
  test("a refusal that names a rule is final and asks nobody", async () => {
    relay.acks = [forbidden];
    await writes("first");
    expect([requests, fates]).toEqual([[], ["first: /problems/not-reachable"]]);
  });
});

describe("by HTTPS", () => {
  const post = `POST /api/v1/conversations/${TALK}/messages`;
  test("RU4: a 429 puts off by Retry-After, whatever hurries meanwhile, and is no failure", async () => {
    relay.up = false;
    answers[post] = { status: 429, after: 5 };
    const sender = await writes("first");
    answers[post] = { status: 201, body: { message: { conversation: TALK, seq: 1, rev: 1, id: (await kept()).outbox.value.entries[0]?.id, sender: ANN, type: "text", body: "first", at: 1 }, history_id: "h" } };
    await vi.advanceTimersByTimeAsync(2_000);
    sender.hurry();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(requests).toEqual(["0 GET /me", "0 POST /conversations/7/messages", "5 GET /me", "5 POST /conversations/7/messages"]);
    expect([fates, await sender.unsent()]).toEqual([["first: stored"], 0]);
  });
  test("so does one on the question whom the cookie speaks for", async () => {
    relay.up = false;
    answers["GET /api/v1/me"] = { status: 429, after: 5 };
    await writes("first");
    await vi.advanceTimersByTimeAsync(6_000);
    expect([requests, fates]).toEqual([["0 GET /me", "5 GET /me"], []]);
  });
  test("RU4: the 404 of a proxy after a lost answer is no refusal: the same message once more", async () => {
    relay.up = false;
    await writes("first"); // no answer at all: it may be stored
    answers[post] = { status: 404, html: "<h1>Not Found</h1>" };
    await vi.advanceTimersByTimeAsync(5_000);
    expect(requests.filter((one) => one.includes("POST")).length).toBeGreaterThan(1);
    expect([fates, (await kept()).outbox.value.entries[0]?.refused]).toEqual([[], undefined]);
    answers[post] = { status: 404, body: missing };
    await vi.advanceTimersByTimeAsync(10_000);
    expect(fates.filter((fate) => !fate.endsWith("waiting"))).toEqual(["first: /problems/missing"]);
  });
});

describe("on disk", () => {
  let disk: IDBFactory;
  const silent = (): undefined => undefined;
  const rows = async (): Promise<Entry[]> => (await (await import("./outbox_store.dom")).openOutboxStore(disk)).load(me.user_id);
  beforeEach(() => {
    vi.useRealTimers();
    disk = new IDBFactory();
    vi.stubGlobal("window", { indexedDB: disk, location: { reload: () => undefined } });
  });

  test("RU1: a text written before the store has opened counts as kept only when it is there", async () => {
    const sender = await import("./sender.dom");
    relay.up = false;
    vi.stubGlobal("navigator", { onLine: false });
    void sender.begin(me, { wrote: silent, waiting: silent, sending: silent, withdrew: silent, refused: silent, passedOn: silent, stored: silent });
    await sender.write(talk, "early");
    expect([(await rows()).map((row) => [row.body, row.emitted]), (await kept()).inMemoryOnly.value]).toEqual([[["early", false]], false]);
  });
  test("a browser that throws at the very name of storage is only that: messages go out, and the page says so", async () => {
    vi.stubGlobal("window", {
      location: {},
      get indexedDB() {
        throw new DOMException("refused", "SecurityError");
      },
    });
    const sender = await import("./sender.dom");
    await sender.begin(me, { wrote: silent, waiting: silent, sending: silent, withdrew: silent, refused: silent, passedOn: silent, stored: (message) => fates.push(message.body) });
    relay.acks = [stored];
    await sender.write(talk, "first");
    await vi.waitFor(() => expect(fates).toEqual(["first"]));
    expect((await kept()).inMemoryOnly.value).toBe(true);
  });
  test("RU2: that it leaves this device is on disk before it leaves", async () => {
    const order: string[] = [];
    const store = await import("./outbox_store.dom");
    const real = await store.openOutboxStore(disk);
    const put = async (entry: Entry): Promise<void> => {
      await real.put(entry);
      order.push(`on disk: ${entry.ticked ? "with its tick" : entry.emitted}`);
    };
    vi.spyOn(store, "openOutboxStore").mockResolvedValue({ ...real, put });
    const sender = await import("./sender.dom");
    relay.hook = async () => void order.push("left");
    await sender.begin(me, { wrote: silent, waiting: silent, sending: silent, withdrew: silent, refused: silent, passedOn: silent, stored: silent });
    relay.acks = [stored];
    await sender.write(talk, "first");
    await vi.waitFor(() => expect(order).toEqual(["on disk: false", "on disk: true", "left", "on disk: with its tick"]));
    relay.hook = async () => undefined;
  });
  test("a look for others' messages that fails is no refusal of storage", async () => {
    const store = await import("./outbox_store.dom");
    const real = store.openOutboxStore;
    vi.spyOn(store, "openOutboxStore").mockImplementation(async (factory) => ({ ...(await real(factory)), load: () => Promise.reject(new Error("once")) }));
    const sender = await import("./sender.dom");
    await sender.begin(me, { wrote: silent, waiting: silent, sending: silent, withdrew: silent, refused: silent, passedOn: silent, stored: silent });
    expect((await kept()).inMemoryOnly.value).toBe(false);
  });
});

test("FLT31: a device clock that is set back makes no wait longer", async () => {
  relay.acks = [{ status: "busy", retry_after_ms: 2_000 }, stored];
  await writes("first");
  vi.setSystemTime(START - 2 * 60 * 60 * 1000);
  await vi.advanceTimersByTimeAsync(2_100);
  expect([relay.sent.length, fates]).toEqual([2, ["first: stored"]]);
});

describe("passed on", () => {
  const passed = (at: number, receipt: string): Ack => ({ status: "passed_on", at, receipt });
  const briefly = (): [number, string, string | null, boolean][] => relay.sent.map((one) => [one.at, one.body, one.receipt, one.prev === null]);
  test("S02: what is written next goes at once; on `look` all go again in order, with their receipts, and nothing claims a tick before", async () => {
    relay.acks = [passed(5, "r1"), passed(6, "r2"), passed(7, "r3")];
    const sender = await writes("first", "second");
    await vi.advanceTimersByTimeAsync(1_000);
    void sender.write(talk, "third");
    await vi.advanceTimersByTimeAsync(11_000);
    expect(briefly()).toEqual([[0, "first", null, true], [0, "second", null, false], [1_000, "third", null, false]]);
    expect([fates, await sender.unsent()]).toEqual([["first: passed on", "second: passed on", "third: passed on"], 3]);
    relay.acks = [stored, { ...stored, seq: 2, rev: 2 }, { ...stored, seq: 3, rev: 3 }];
    sender.hurry();
    await vi.advanceTimersByTimeAsync(0);
    expect(briefly().slice(3)).toEqual([[12_000, "first", "r1", true], [12_000, "second", "r2", false], [12_000, "third", "r3", false]]);
    expect(new Set(relay.sent.map((one) => one.id)).size).toBe(3);
    expect([fates.slice(3), await sender.unsent()]).toEqual([["first: stored", "second: stored", "third: stored"], 0]);
  });
  test("by itself after about 30 s, and the same receipt again is no news", async () => {
    relay.acks = [passed(5, "r1"), passed(5, "r1"), stored];
    await writes("first");
    await vi.advanceTimersByTimeAsync(61_000);
    expect(briefly()).toEqual([[0, "first", null, true], [30_000, "first", "r1", true], [60_000, "first", "r1", true]]);
  });
  test("a refusal is shown with its reason; once more is another message, without the receipt", async () => {
    relay.acks = [passed(5, "r1"), forbidden, stored];
    const sender = await writes("first");
    sender.hurry();
    await vi.advanceTimersByTimeAsync(0);
    expect(fates).toEqual(["first: passed on", "first: /problems/not-reachable"]);
    const [entry] = (await kept()).outbox.value.entries;
    if (entry) sender.again(entry.id);
    await vi.advanceTimersByTimeAsync(0);
    expect([relay.sent[2]?.receipt, relay.sent[2]?.id === relay.sent[0]?.id, fates[2]]).toEqual([null, false, "first: stored"]);
  });
  test("by HTTPS it goes with its receipt too", async () => {
    relay.acks = [passed(5, "r1")];
    const sender = await writes("first");
    relay.up = false;
    sender.hurry();
    await vi.advanceTimersByTimeAsync(0);
    const handedIn = expect.objectContaining({ id: relay.sent[0]?.id, frame: '{"kind":"message","body":"first"}', receipt: "r1" }) as unknown;
    expect(forms).toEqual([{ messages: [handedIn] }]);
  });
});

describe("after a restore", () => {
  test("RU12: what had its tick goes once more with the same id, and is shown as on its way", async () => {
    relay.acks = [stored];
    const sender = await writes("first");
    sender.learn("h");
    await vi.advanceTimersByTimeAsync(0);
    expect([relay.sent.length, await sender.unsent()]).toEqual([1, 0]);
    relay.acks = [{ ...stored, history_id: "restored" }];
    sender.learn("restored");
    await vi.advanceTimersByTimeAsync(0);
    expect([relay.sent.length, relay.sent[1]?.id === relay.sent[0]?.id, await sender.unsent()]).toEqual([2, true, 0]);
    const [entry] = (await kept()).outbox.value.entries;
    if (entry) sender.settle(entry.id, "h"); // a late frame of before
    expect(entry?.ticked?.history).toBe("restored");
  });
  test("RU12: a late ack of before gives no tick", async () => {
    relay.acks = [stored, { ...stored, history_id: "h" }, { ...stored, history_id: "restored" }];
    const sender = await writes("first");
    sender.learn("restored");
    await vi.advanceTimersByTimeAsync(0);
    expect([relay.sent.length, await sender.unsent()]).toEqual([3, 0]); // asked until the history that holds has it
  });
});

test("a line that is tried again says after 10 s that it waits, as a new one does", async () => {
  relay.acks = [forbidden];
  const sender = await writes("first");
  expect(fates).toEqual(["first: /problems/not-reachable"]);
  relay.up = false;
  vi.stubGlobal("navigator", { onLine: false });
  await vi.advanceTimersByTimeAsync(20_000);
  const [entry] = (await kept()).outbox.value.entries;
  if (entry) sender.again(entry.id);
  await vi.advanceTimersByTimeAsync(9_000);
  expect(fates).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(fates[1]).toBe("first: waiting");
});
