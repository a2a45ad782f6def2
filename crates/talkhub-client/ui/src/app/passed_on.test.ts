// While the logic server is away, as the page hears it: whose unsaved words are shown, what they count for, and what `look` sets off.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ANN, BOB, GROUP, message, messageId, TALK, OPEN } from "../messages/samples.std";
import { isGroup, isRelayId } from "../relay/ids.std";
import type { Delivery } from "../relay/wire.gen.std";

const relay = vi.hoisted(() => ({ hear: (_delivery: unknown): void => undefined, acks: [] as unknown[], sent: [] as (string | null)[] }));
vi.mock("../relay/actions.dom", async () => {
  const { signal } = await import("@preact/signals");
  return {
    begin: (to: { delivered: (delivery: unknown) => void }) => void (relay.hear = to.delivered),
    isUp: () => true,
    retryNow: () => undefined,
    link: signal({ bar: "none" }),
    submit: async (_to: string, _id: string, _body: string, _prev: string | null, receipt: string | null) => {
      relay.sent.push(receipt);
      return relay.acks.shift() ?? null;
    },
  };
});

const [id, group] = ["cmVsYXkgaWQgb2YgYm9iIQ", "Ym9iJ3Mgb3duIGdyb3VwIQ"];
if (!isRelayId(id) || !isGroup(group)) throw new Error("good ids");
const [relayId, subject] = [id, group];
const conversation = { id: TALK, kind: "private", group: GROUP, typing: true, members: [{ ...ANN, read: 0, online: true }, { ...BOB, subject, read: 0, online: true }], seq: 0, rev: 0, read: 0, unread: 0, created_at: 1 };
const unsaved = (more: Partial<Delivery> = {}): Delivery => ({ from: { relay_id: relayId, subject }, to: GROUP, class: "durable", frame: '{"kind":"message","body":"psst"}', id: messageId(5), at: 1_000, unsaved: true, receipt: "r", ...more });
const fromServer = (frame: unknown): unknown => ({ from: "server", to: GROUP, class: "durable", frame: JSON.stringify(frame) });

let asked: string[];
let away: boolean;

beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers({ now: 0 });
  [asked, away, relay.acks, relay.sent] = [[], false, [], []];
  vi.stubGlobal("BroadcastChannel", undefined);
  vi.stubGlobal("navigator", { onLine: true });
  vi.stubGlobal("document", { documentElement: { dataset: {} }, visibilityState: "visible", addEventListener: () => undefined });
  vi.stubGlobal("window", { addEventListener: () => undefined, location: { pathname: "/", protocol: "http:", host: "127.0.0.1" } });
  vi.stubGlobal("fetch", async (path: string) => {
    asked.push(path.slice("/api/v1/".length));
    if (away) throw new TypeError("no network");
    if (path.endsWith("/heads")) return new Response('{"heads":[],"rev":1,"history_id":"h"}');
    return new Response(JSON.stringify({ conversations: [conversation], rev: 1, history_id: "h" }));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function page(): Promise<{ bodies: () => string[]; unread: () => number; conversations: typeof import("../conversations/actions.dom") }> {
  const [{ begin }, messages, conversations] = await Promise.all([import("./dispatch.dom"), import("../messages/actions.dom"), import("../conversations/actions.dom")]);
  begin({ me: { ...ANN, email: "a@example.org", theme: "dark", status_line: "", language: "en", presence: "online", privacy: OPEN, created_at: 1, rev: 1, history_id: "h" }, now: 0, language: "en", idle_after_s: 600 });
  await vi.advanceTimersByTimeAsync(0);
  asked.length = 0;
  return { bodies: () => messages.timeline(TALK).value.unsaved.map((line) => `${line.sender.display_name} ${line.state} ${line.body}`), unread: () => conversations.find(TALK)?.unread ?? -1, conversations };
}

test("S02: an unsaved message of a member is shown and counts nothing; that of a stranger, or to another group, is not", async () => {
  const { bodies, unread } = await page();
  relay.hear(unsaved({ from: { relay_id: relayId, subject: "a stranger" } }));
  relay.hear(unsaved({ to: relayId }));
  relay.hear(unsaved({ class: "ephemeral" }));
  relay.hear({ ...unsaved(), unsaved: false });
  expect(bodies()).toEqual([]);
  relay.hear(unsaved());
  expect([bodies(), unread()]).toEqual([["U 1000000002 waiting psst"], 0]);
  relay.hear(fromServer({ kind: "message", message: { ...message(1), id: messageId(5) }, history_id: "h" }));
  expect([bodies(), unread()]).toEqual([[], 1]);
});

test("S02: what was refused for good says so", async () => {
  const { bodies } = await page();
  relay.hear(unsaved());
  relay.hear(fromServer({ kind: "not_saved", conversation: TALK, user_id: BOB.user_id, id: messageId(5) }));
  expect(bodies()).toEqual(["U 1000000002 refused psst"]);
});

test("S02: it is a reason to ask whether the logic server is there, every few seconds at most", async () => {
  await page();
  away = true;
  for (const number of [5, 6, 7]) relay.hear(unsaved({ id: messageId(number) }));
  await vi.advanceTimersByTimeAsync(0);
  expect(asked).toEqual(["conversations/heads"]);
  const { reach } = await import("../kit/reach.dom");
  expect(reach.value.phase).toBe("away");
});

test("S02: on `look` what was passed on goes at once, and the list is asked for a little later", async () => {
  const { conversations } = await page();
  const sender = await import("../messages/sender.dom");
  const talk = conversations.find(TALK);
  if (!talk) throw new Error("it is in the list");
  relay.acks = [{ status: "passed_on", at: 5, receipt: "r1" }];
  void sender.write(talk, "first");
  await vi.advanceTimersByTimeAsync(2_500); // the store is not there
  expect(relay.sent).toEqual([null]);
  asked.length = 0;
  relay.hear({ from: "relay", to: relayId, class: "ephemeral", frame: '{"kind":"look"}' });
  expect(asked).toEqual([]);
  await vi.advanceTimersByTimeAsync(0);
  expect(relay.sent).toEqual([null, "r1"]);
  await vi.advanceTimersByTimeAsync(4_000);
  expect(asked).toContain("conversations");
});

test("S02: so does the first answer after none", async () => {
  const { conversations } = await page();
  const sender = await import("../messages/sender.dom");
  const talk = conversations.find(TALK);
  if (!talk) throw new Error("it is in the list");
  away = true;
  relay.acks = [{ status: "passed_on", at: 5, receipt: "r1" }];
  void sender.write(talk, "first");
  await vi.advanceTimersByTimeAsync(4_000);
  expect(relay.sent).toEqual([null]);
  away = false;
  await vi.advanceTimersByTimeAsync(6_000); // the next question is answered
  expect(relay.sent[1]).toBe("r1");
});
