// Unsaved lines over reloads, and handing them in: when, by whom, and what the answers do.
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Conversation, Delivery, Me } from "../relay/wire.gen.std";
import { isRelayId } from "../relay/ids.std";
import { ANN, BOB, GROUP, message, messageId, TALK, OPEN } from "./samples.std";

vi.mock("../relay/actions.dom", () => ({ isUp: () => true, link: { value: { bar: "none" } }, submit: async () => null }));

const relayId = "cmVsYXkgaWQgb2YgYm9iIQ";
if (!isRelayId(relayId)) throw new Error("a good id");
const RELAY_ID = relayId;
const START = 1_000_000_000;
const me: Me = { ...ANN, email: "a@example.org", theme: "dark", status_line: "", language: "en", presence: "online", privacy: OPEN, created_at: 1, rev: 3, history_id: "h" };
const talk: Conversation = { id: TALK, kind: "private", state: "open", group: GROUP, typing: true, members: [{ ...BOB, read: 0, online: true }, { ...ANN, read: 0, online: true }], seq: 0, rev: 0, read: 0, unread: 0, created_at: 1 };
const passedOn = (number: number, at: number): Delivery => ({ from: { relay_id: RELAY_ID, subject: BOB.subject }, to: GROUP, class: "durable", frame: `{"kind":"message","body":"u${number}"}`, id: messageId(number), at, unsaved: true, receipt: `r${number}` });

let disk: IDBFactory;
let lockHeld: boolean;
let handedIn: { at: number; form: unknown }[];
let answers: (Response | null)[];

beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers({ now: START, toFake: ["setInterval", "clearInterval", "Date", "performance"] }); // the disk needs real ticks
  vi.spyOn(Math, "random").mockReturnValue(0);
  [disk, lockHeld, handedIn, answers] = [new IDBFactory(), false, [], []];
  vi.stubGlobal("BroadcastChannel", undefined);
  vi.stubGlobal("navigator", { onLine: true, locks: { request: async (name: string, _options: unknown, act?: (lock: unknown) => unknown) => (name.startsWith("talkhub-hand-in-") ? act?.(lockHeld ? null : {}) : undefined), query: async () => ({ held: [] }) } });
  vi.stubGlobal("window", { indexedDB: disk, location: { reload: () => undefined } });
  vi.stubGlobal("fetch", async (path: string, { body }: { body?: string }) => {
    if (!path.endsWith("/passed-on")) throw new TypeError("no network");
    const form: unknown = JSON.parse(body ?? "null");
    handedIn.push({ at: Date.now() - START, form });
    const answer = answers.shift() ?? null;
    if (answer === null) throw new TypeError("no network");
    return answer;
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** A page that has just been opened. */
async function page(): Promise<typeof import("./actions.dom")> {
  vi.resetModules();
  const messages = await import("./actions.dom");
  await messages.begin(me, () => undefined);
  return messages;
}
const states = (messages: typeof import("./actions.dom")): string[] => messages.timeline(TALK).value.unsaved.map((line) => `${line.body} ${line.state}`);
const pass = async (seconds: number): Promise<void> => {
  for (let at = 0; at < seconds; at += 5) {
    await vi.advanceTimersByTimeAsync(5_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
};
const results = (...all: unknown[]): Response => new Response(JSON.stringify({ results: all, history_id: "h" }));

test("they are there after a reload, for this person, until their row comes", async () => {
  const first = await page();
  first.hearUnsaved(talk, passedOn(20, START));
  first.hearUnsaved(talk, passedOn(21, START));
  const { openUnsaved } = await import("./unsaved.dom");
  const rows = async (user = ANN.user_id): Promise<number> => (await (await openUnsaved()).load(user)).length;
  await vi.waitFor(async () => expect([await rows(), await rows(BOB.user_id)]).toEqual([2, 0]));
  const second = await page();
  await vi.waitFor(() => expect(states(second)).toEqual(["u20 waiting", "u21 waiting"]));
  second.hearNotSaved(TALK, BOB.user_id, messageId(21));
  second.hear({ ...message(1), id: messageId(20) }, "h");
  await vi.waitFor(async () => expect(await rows()).toBe(1));
  const third = await page();
  await vi.waitFor(() => expect(states(third)).toEqual(["u21 refused"]));
});

describe("handing in", () => {
  const stored = (number: number): unknown => ({ status: "stored", message: { ...message(1), id: messageId(number) } });
  const busy = { status: "busy", retry_after_ms: 1000 };
  const no = { status: "refused", problem: { type: "/problems/invalid", title: "no", status: 400 } };
  test("RU5: after a minute, in order, with the receipts; each answer does its part; what waits goes again", async () => {
    const messages = await page();
    for (const number of [20, 21, 22]) messages.hearUnsaved(talk, passedOn(number, START));
    answers = [results(stored(20), no, busy), results(stored(22))];
    await pass(55);
    expect(handedIn).toEqual([]);
    await pass(10);
    expect(handedIn).toEqual([{ at: 60_000, form: { messages: [20, 21, 22].map((number) => ({ subject: BOB.subject, id: messageId(number), frame: `{"kind":"message","body":"u${number}"}`, receipt: `r${number}` })) } }]);
    expect(states(messages)).toEqual(["u21 refused", "u22 waiting"]);
    await pass(30);
    expect([handedIn.map((one) => one.at), states(messages)]).toEqual([[60_000, 90_000], ["u21 refused"]]);
  });
  test("RU5, inv09: in a small conversation all that is old enough goes at the return, one's own among it, in the order of passing on", async () => {
    const messages = await page();
    const [conversations, kept, { note }] = await Promise.all([import("../conversations/actions.dom"), import("./kept.dom"), import("../kit/reach.dom")]);
    conversations.begin(me);
    conversations.apply({ kind: "learned", conversations: [talk] });
    note(null);
    messages.hearUnsaved(talk, passedOn(20, START));
    for (const [number, at] of [[30, START + 500], [31, START + 900]] as const) {
      kept.apply({ kind: "wrote", entry: { id: messageId(number), user: me.user_id, conversation: TALK, group: GROUP, body: `o${number}`, at, order: number, tab: "t", emitted: true } });
      kept.apply({ kind: "passed_on", id: messageId(number), receipt: `r${number}`, at, now: 0, chance: 0 });
    }
    messages.hearUnsaved(talk, passedOn(21, START + 700));
    messages.hearUnsaved(talk, passedOn(22, START + 119_000)); // its sender may still come
    await pass(120);
    expect(handedIn).toEqual([]);
    answers = [results(stored(20), no, busy)];
    note(200);
    await vi.waitFor(() => expect(handedIn).toHaveLength(1));
    const item = (subject: string, number: number, body: string, more = {}): unknown => ({ subject, id: messageId(number), frame: `{"kind":"message","body":"${body}"}`, receipt: `r${number}`, ...more });
    expect(handedIn[0]?.form).toEqual({ messages: [item(BOB.subject, 20, "u20"), item(ANN.subject, 30, "o30"), item(BOB.subject, 21, "u21")] });
    await vi.waitFor(() => expect(states(messages)).toEqual(["u21 waiting", "u22 waiting"])); // what became of one's own is told elsewhere
    messages.looked(); // a second reason does not ask twice
    await pass(5);
    expect(handedIn).toHaveLength(1);
  });
  test("not while the logic server is away, and after its return the senders come first where many have heard it", async () => {
    const messages = await page();
    messages.hearUnsaved(talk, passedOn(20, START));
    const { note } = await import("../kit/reach.dom");
    note(null);
    await pass(120);
    expect(handedIn).toEqual([]);
    answers = [results(stored(20))];
    note(200);
    await pass(5);
    expect(handedIn).toEqual([]);
    await pass(10);
    expect([handedIn.length, states(messages)]).toEqual([1, []]);
  });
  test("not where another tab does it", async () => {
    const messages = await page();
    messages.hearUnsaved(talk, passedOn(20, START));
    lockHeld = true;
    await pass(120);
    expect([handedIn, states(messages)]).toEqual([[], ["u20 waiting"]]);
  });
  test("FLT41: by plain http, where there are no Web Locks, too", async () => {
    vi.stubGlobal("navigator", { onLine: true });
    const messages = await page();
    messages.hearUnsaved(talk, passedOn(20, START));
    answers = [results(stored(20))];
    await pass(65);
    expect([handedIn.length, states(messages)]).toEqual([1, []]);
  });
  test("no more where it is refused as a whole: this person has left", async () => {
    const messages = await page();
    messages.hearUnsaved(talk, passedOn(20, START));
    answers = [new Response(JSON.stringify({ type: "/problems/missing", title: "no", status: 404 }), { status: 404 })];
    await pass(300);
    expect([handedIn.length, states(messages)]).toEqual([1, ["u20 waiting"]]);
  });
});

test("RU6: after a day the line says so", async () => {
  const messages = await page();
  messages.hearUnsaved(talk, passedOn(20, START - 24 * 60 * 60 * 1000 + 20_000));
  lockHeld = true;
  await pass(15);
  expect(states(messages)).toEqual(["u20 waiting"]);
  await pass(10);
  expect(states(messages)).toEqual(["u20 not_saved"]);
});
