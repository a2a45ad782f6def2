// What is wanted of people: shown at once, granted or taken back, and the three lists that count only as one.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ANN, BOB, relation, request } from "../messages/samples.std";
import type { Presence, Relation } from "../relay/wire.gen.std";

type Answer = { status: number; body?: unknown };
let answers: Record<string, Answer | Promise<Answer>>;
let asked: string[];
let seen: string[];
let followed: number;
const lists = (rev: number, contacts: unknown[] = [], requests: { incoming?: Relation[]; outgoing?: Relation[] } = {}, blockRev = rev): void => {
  answers["GET /contacts"] = { status: 200, body: { contacts, rev } };
  answers["GET /contact-requests"] = { status: 200, body: { incoming: [], outgoing: [], ...requests, rev } };
  answers["GET /blocks"] = { status: 200, body: { blocks: [], rev: blockRev } };
};

beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers({ now: 0 });
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  [answers, asked, seen, followed] = [{}, [], [], 0];
  vi.stubGlobal("fetch", async (path: string, { method }: { method: string }) => {
    const what = `${method} ${path.slice("/api/v1".length)}`;
    asked.push(what);
    const answer = await answers[what];
    if (!answer) throw new TypeError("no network");
    return new Response(answer.body === undefined ? null : JSON.stringify(answer.body), { status: answer.status });
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

async function begun(): Promise<typeof import("./actions.dom")> {
  const contacts = await import("./actions.dom");
  contacts.begin((people: readonly Presence[]) => void seen.push(...people.map((one) => `${one.user_id} ${one.online}`)), () => (followed += 1));
  await contacts.load();
  return contacts;
}

test("the lists are asked again where something changed between them", async () => {
  lists(4, [{ ...relation(BOB, "contact"), online: true }], {}, 5);
  const contacts = await begun();
  expect([contacts.relations.value.stage, seen]).toEqual(["loading", []]);
  lists(5, [{ ...relation(BOB, "contact"), online: true }]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect([contacts.relations.value.stage, contacts.relation(BOB).contact, seen]).toEqual(["ready", "contact", [`${BOB.user_id} true`]]);
});
test("f03_asking_shows_at_once_and_a_refusal_takes_it_back_with_its_reason", async () => {
  lists(1);
  const contacts = await begun();
  const done = contacts.ask(BOB, "hello");
  expect(contacts.relation(BOB).contact).toBe("requested");
  expect([await done, contacts.relation(BOB).contact, contacts.refusal(BOB.user_id)?.problem]).toEqual([false, "none", null]);
  answers["POST /contact-requests"] = { status: 429, body: { type: "/problems/too-fast", title: "Too many tries.", status: 429 } };
  await contacts.ask(BOB);
  expect(contacts.refusal(BOB.user_id)?.problem?.title).toBe("Too many tries.");
  answers["POST /contact-requests"] = { status: 201, body: relation(BOB, "requested") };
  expect([await contacts.ask(BOB), contacts.relation(BOB).contact, contacts.refusal(BOB.user_id)]).toEqual([true, "requested", null]);
});
test("f04_withdrawing_what_was_answered_meanwhile_is_no_failure_and_asks_what_holds", async () => {
  lists(1, [], { outgoing: [relation(BOB, "requested", { request: request("7", 1) })] });
  const contacts = await begun();
  answers["DELETE /contact-requests/7"] = { status: 404, body: { type: "/problems/missing", title: "no", status: 404 } };
  lists(2, [{ ...relation(BOB, "contact"), online: false }]);
  expect(await contacts.withdraw(BOB)).toBe(false);
  await vi.advanceTimersByTimeAsync(0);
  expect([followed, contacts.relation(BOB).contact, contacts.refusal(BOB.user_id)]).toEqual([1, "contact", null]);
});
test("f05_f07_declining_and_removing_wait_for_second_thoughts", async () => {
  lists(1, [{ ...relation(BOB, "contact"), online: false }], { incoming: [relation(ANN, "incoming", { request: request("8", 1) })] });
  const contacts = await begun();
  const { offer } = await import("../kit/undo.dom");
  answers["DELETE /contacts/1000000002"] = { status: 204 };
  answers["POST /contact-requests/8/reject"] = { status: 204 };
  asked = [];
  contacts.remove(BOB);
  expect(contacts.relation(BOB).contact).toBe("none");
  offer.value?.undo?.();
  expect([contacts.relation(BOB).contact, asked]).toEqual(["contact", []]);
  contacts.remove(BOB);
  contacts.decline(ANN); // the next such thing ends the time of the one before
  await vi.advanceTimersByTimeAsync(10_000);
  expect([asked, contacts.relation(BOB).contact, contacts.relation(ANN).contact]).toEqual([["DELETE /contacts/1000000002", "POST /contact-requests/8/reject"], "none", "none"]);
});
test("c03_who_is_there_of_contacts_that_no_frame_tells_of_is_asked_while_somebody_looks", async () => {
  lists(1, [{ ...relation(BOB, "contact"), online: true }]);
  const contacts = await begun();
  const looks: (() => void)[] = [];
  const page = { visibilityState: "visible", addEventListener: (_kind: string, look: () => void) => void looks.push(look) };
  vi.stubGlobal("document", page);
  let isTold = false;
  contacts.watch(() => isTold);
  asked = [];
  lists(1, [{ ...relation(BOB, "contact"), online: false }]);
  await vi.advanceTimersByTimeAsync(25_000);
  expect([asked, seen.at(-1)]).toEqual([["GET /contacts"], `${BOB.user_id} false`]);
  page.visibilityState = "hidden";
  await vi.advanceTimersByTimeAsync(60_000);
  page.visibilityState = "visible";
  isTold = true;
  for (const look of looks) look();
  expect(asked).toHaveLength(1);
  isTold = false;
  for (const look of looks) look();
  expect(asked).toHaveLength(2);
});
test("f05_whoever_becomes_a_contact_is_looked_for_at_once", async () => {
  lists(1);
  const contacts = await begun();
  lists(2, [{ ...relation(BOB, "contact"), online: true }]);
  contacts.learn([relation(ANN, "requested")], 2);
  contacts.learn([relation(BOB, "contact")], 2);
  await vi.advanceTimersByTimeAsync(0);
  expect([asked.filter((one) => one === "GET /contacts").length, seen]).toEqual([2, [`${BOB.user_id} true`]]);
});
test("f08_blocking_counts_at_once_and_can_be_undone", async () => {
  lists(1);
  const contacts = await begun();
  const { offer } = await import("../kit/undo.dom");
  let let_through = (_answer: Answer): void => undefined;
  answers["PUT /blocks/1000000002"] = new Promise((resolve) => (let_through = resolve));
  answers["DELETE /blocks/1000000002"] = { status: 204 };
  const done = contacts.block(BOB);
  expect([contacts.relation(BOB).blocked, await contacts.unblock(BOB)]).toEqual([true, false]); // one thing at a time
  let_through({ status: 204 });
  expect([await done, contacts.relation(BOB).blocked]).toEqual([true, true]);
  expect(offer.value?.press).toBe("Undo");
  offer.value?.undo?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(contacts.relation(BOB).blocked).toBe(false);
});
test("f08_a_contact_is_gone_by_it_and_that_is_said", async () => {
  lists(1, [{ ...relation(BOB, "contact"), online: true }]);
  const contacts = await begun();
  const { offer } = await import("../kit/undo.dom");
  answers["PUT /blocks/1000000002"] = { status: 204 };
  await contacts.block(BOB);
  expect([offer.value?.words, offer.value?.press]).toEqual([expect.stringContaining("no longer among your contacts"), "Unblock"]);
});
