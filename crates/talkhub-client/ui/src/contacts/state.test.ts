// Contacts: what the server tells, in whatever order it comes, and what was pressed before it has answered.
import { describe, expect, test } from "vitest";
import { ANN, BOB, person, relation, request } from "../messages/samples.std";
import type { Person, Relation } from "../relay/wire.gen.std";
import { asOf, contacts, incoming, matching, outgoing, reduce, relationWith, strangers, type Relations, type RelationsEvent, type Wish } from "./state.std";

const CAT = person("1000000003");
const since = (at: number): Partial<Relation> => ({ request: request("7", at) });
const run = (events: RelationsEvent[], from: Relations = strangers): Relations => events.reduce(reduce, from);
const loaded = (rev: number, ...relations: Relation[]): RelationsEvent => ({ kind: "loaded", relations, rev });
const learned = (rev: number, ...relations: Relation[]): RelationsEvent => ({ kind: "learned", relations, rev });
const wish = (one: Person, what: Wish): RelationsEvent => ({ kind: "wished", user: one.user_id, wish: what });
const state = (all: Relations, one: Person): string => relationWith(all, one).contact;

describe("what the server tells", () => {
  test("a change that is newer than the whole list stands; what the list lacks is nothing any more", () => {
    const before = run([learned(7, relation(BOB, "contact")), learned(4, relation(CAT, "contact"))]);
    const after = run([loaded(5, relation(ANN, "incoming"))], before);
    expect([state(after, ANN), state(after, BOB), state(after, CAT), after.stage]).toEqual(["incoming", "contact", "none", "ready"]);
  });
  test("an older change does not undo a newer one", () => {
    const after = run([loaded(5, relation(BOB, "contact")), learned(4, relation(BOB, "requested")), learned(6, relation(BOB, "none"))]);
    expect([state(after, BOB), asOf(after, BOB.user_id)]).toEqual(["none", 6]);
  });
  test("a list that failed leaves what is held", () => {
    expect(run([{ kind: "failed" }]).stage).toBe("failed");
    expect(run([loaded(1), { kind: "failed" }]).stage).toBe("ready");
  });
  test("before the lists are there, what a search found stands", () => {
    const found = relation(BOB, "contact");
    expect(relationWith(strangers, BOB, found).contact).toBe("contact");
    expect(relationWith(run([loaded(3)]), BOB, found).contact).toBe("none");
  });
  test("b03_another_name_or_picture_is_taken_over", () => {
    const held = run([loaded(1, relation({ ...BOB, avatar: "/avatars/a" }, "contact"))]);
    const after = run([{ kind: "profile", user: { ...BOB, display_name: "Robert" } }], held);
    expect(relationWith(after, BOB)).toEqual(relation({ ...BOB, display_name: "Robert" }, "contact"));
    expect(run([{ kind: "profile", user: CAT }], held)).toBe(held);
  });
});

describe("what was pressed", () => {
  test.each([
    ["none", "ask", "requested", false],
    ["incoming", "ask", "contact", false], // crossing requests
    ["incoming", "accept", "contact", false],
    ["incoming", "decline", "none", false],
    ["requested", "withdraw", "none", false],
    ["contact", "remove", "none", false],
    ["contact", "block", "none", true],
  ] as const)("%s, %s: shown as %s at once", (before, what, after, blocked) => {
    const all = run([loaded(1, relation(BOB, before, before === "incoming" || before === "requested" ? since(1) : {})), wish(BOB, what)]);
    expect(relationWith(all, BOB)).toMatchObject({ contact: after, blocked });
    expect(relationWith(all, BOB).request).toBeUndefined();
  });
  test("f09_unblocking_leaves_the_rest_as_it_was", () => {
    expect(relationWith(run([loaded(1, relation(BOB, "none", { blocked: true })), wish(BOB, "unblock")]), BOB)).toEqual(relation(BOB, "none"));
  });
  test("granted: what the server answered, unless it has told something newer meanwhile", () => {
    const asked = run([loaded(3), wish(BOB, "ask")]);
    const granted: RelationsEvent = { kind: "granted", relation: relation(BOB, "requested", since(9)), asked: asOf(asked, BOB.user_id) };
    expect(relationWith(run([granted], asked), BOB).request?.note).toBe("hello");
    const overtaken = run([learned(4, relation(BOB, "contact")), granted], asked);
    expect([state(overtaken, BOB), overtaken.wishes.size]).toEqual(["contact", 0]);
  });
  test("refused: as it was before, with the reason, until it is tried again", () => {
    const refused = run([loaded(3), wish(BOB, "ask"), { kind: "refused", user: BOB.user_id, refusal: { wish: "ask", problem: null } }]);
    expect([state(refused, BOB), refused.refusals.get(BOB.user_id)?.wish]).toEqual(["none", "ask"]);
    expect(run([wish(BOB, "ask")], refused).refusals.size).toBe(0);
    expect(run([{ kind: "dropped", user: BOB.user_id }], refused).refusals.size).toBe(0);
  });
});

describe("the lists", () => {
  const all = run([loaded(1, relation(ANN, "incoming", since(1)), relation(BOB, "incoming", since(2)), relation(CAT, "requested", since(3)))]);
  test("f04_requests_stand_newest_first_on_their_side", () => {
    expect(incoming(all).map((one) => one.user_id)).toEqual([BOB.user_id, ANN.user_id]);
    expect(outgoing(all).map((one) => one.user_id)).toEqual([CAT.user_id]);
  });
  test("what was declined, withdrawn or blocked is out at once", () => {
    const after = run([wish(ANN, "decline"), wish(BOB, "block"), wish(CAT, "withdraw")], all);
    expect([incoming(after), outgoing(after)]).toEqual([[], []]);
  });
  test("f06_who_is_there_stands_first_then_by_name", () => {
    const known = run([loaded(1, relation(ANN, "contact"), relation(BOB, "contact"), relation(CAT, "contact"))]);
    const order = contacts(known, (user) => user === CAT.user_id).map((one) => one.user_id);
    expect(order).toEqual([CAT.user_id, ANN.user_id, BOB.user_id]);
  });
  test("matching a part of the name or of the ID, spaces or not", () => {
    const people = [ANN, BOB];
    expect(matching(people, " u 1000000002 ").map((one) => one.user_id)).toEqual([BOB.user_id]);
    expect(matching(people, "000 000 1").map((one) => one.user_id)).toEqual([ANN.user_id]);
    expect([matching(people, "").length, matching(people, "zoe").length]).toEqual([2, 0]);
  });
});
