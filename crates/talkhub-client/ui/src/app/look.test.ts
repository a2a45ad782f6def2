// `look`: the programs were apart for a while, and everything that a page holds is compared, with some spread.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ANN, BOB, GROUP, message, TALK, OPEN, relation } from "../messages/samples.std";
import type { Conversation, Delivery, Me } from "../relay/wire.gen.std";

const relay = vi.hoisted(() => ({ listener: null as null | { delivered(delivery: unknown): void } }));
vi.mock("../relay/actions.dom", () => ({
  begin: (listener: { delivered(delivery: unknown): void }) => (relay.listener = listener),
  isUp: () => true,
  link: { value: { bar: "none" } },
}));

const me: Me = { ...ANN, email: "a@example.org", theme: "dark", status_line: "", language: "en", presence: "online", privacy: OPEN, created_at: 1, rev: 3, history_id: "h" };
const talk = (rev: number, online: boolean): Conversation => ({ id: TALK, kind: "private", state: "open", group: GROUP, typing: true, members: [{ ...ANN, read: 0, online: true }, { ...BOB, read: 0, online, ...(online ? {} : { last_seen: 5 }) }], seq: 1, rev, read: 1, unread: 0, last_message: message(1, rev), created_at: 1 });
const look: Delivery = { from: "relay", to: GROUP, class: "ephemeral", frame: '{"kind":"look"}' };

let server: Record<string, unknown>;
let asked: string[];

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("BroadcastChannel", undefined);
  vi.stubGlobal("navigator", { onLine: true });
  vi.stubGlobal("document", { documentElement: { dataset: {} }, visibilityState: "visible", addEventListener: () => undefined });
  vi.stubGlobal("window", { addEventListener: () => undefined, location: { pathname: "/" } });
  asked = [];
  vi.stubGlobal("fetch", async (path: string) => {
    asked.push(path);
    return path in server ? new Response(JSON.stringify(server[path])) : new Response(null, { status: 503 });
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test("flt05_after_a_look_presence_every_rev_and_the_own_changes_are_those_of_the_server", async () => {
  server = {
    "/api/v1/conversations": { conversations: [talk(5, true)], rev: 3, history_id: "h" },
    "/api/v1/conversations/7/messages?limit=60": { messages: [message(1, 5)], marks: [], rev: 5, history_id: "h" },
    "/api/v1/contacts": { contacts: [], rev: 3 },
    "/api/v1/contact-requests": { incoming: [], outgoing: [], rev: 3 },
    "/api/v1/blocks": { blocks: [], rev: 3 },
  };
  const [{ begin }, { presence }, accounts, contacts, messages] = await Promise.all([import("./dispatch.dom"), import("../presence/actions.dom"), import("../accounts/actions.dom"), import("../contacts/actions.dom"), import("../messages/actions.dom")]);
  begin({ me, now: Date.now(), language: "en", idle_after_s: 600 });
  messages.open(TALK);
  await vi.advanceTimersByTimeAsync(10);
  expect(presence.value.people.get(BOB.user_id)?.online).toBe(true);

  server = {
    "/api/v1/conversations": { conversations: [talk(6, false)], rev: 4, history_id: "h" },
    "/api/v1/conversations/7/changes?after=5": { messages: [message(1, 6)], marks: [], upto: 6, too_far: false, history_id: "h" },
    "/api/v1/contacts": { contacts: [], rev: 4 },
    "/api/v1/me/changes?after=3": { me: { ...me, rev: 4, theme: "light" }, conversations: [], relations: [relation(BOB, "contact")], upto: 4, history_id: "h" },
  };
  asked = [];
  vi.spyOn(Math, "random").mockReturnValue(0.99);
  relay.listener?.delivered(look);
  await vi.advanceTimersByTimeAsync(3_950);
  expect(asked).toEqual([]); // everybody is told to look in the same moment: the answers are spread over 4 s
  await vi.advanceTimersByTimeAsync(50);
  expect(asked.sort()).toEqual(Object.keys(server).sort());
  expect(presence.value.people.get(BOB.user_id)?.online).toBe(false);
  expect(messages.timeline(TALK).value.rows.map((row) => row.rev)).toEqual([6]);
  expect([accounts.me.value?.theme, contacts.relation(BOB).contact]).toEqual(["light", "contact"]);
});
