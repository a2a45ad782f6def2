// The list: order, badges, marks, presence of what is known.
import { describe, expect, test } from "vitest";
import { ANN, BOB, GROUP, message, TALK } from "../messages/samples.std";
import { isConversationId, type ConversationId } from "../relay/ids.std";
import type { Conversation, Heads } from "../relay/wire.gen.std";
import { badge, behind, emptyList, filtered, newestFirst, partner, reduce, requests, totalUnread, withPerson, type List, type ListEvent } from "./state.std";

const id = (text: string): ConversationId => {
  if (!isConversationId(text)) throw new Error("good id");
  return text;
};
const conversation = (more: Partial<Conversation> = {}): Conversation => ({ id: TALK, kind: "private", state: "open", group: GROUP, typing: true, members: [ANN, BOB].map((one) => ({ ...one, read: 0, online: false })), seq: 0, rev: 0, read: 0, unread: 0, created_at: 1, ...more });
const run = (events: ListEvent[], from: List = emptyList(ANN.user_id)): List => events.reduce(reduce, from);
const loaded = (...all: Conversation[]): List => run([{ kind: "loaded", answer: { conversations: all, rev: 3, history_id: "h" } }]);
const one = (list: List): Conversation | undefined => list.all.get(TALK);
const heads = (...all: Heads["heads"]): Heads => ({ heads: all, rev: 3, history_id: "h" });

describe("a message", () => {
  test("counts for others, not for oneself, and once", () => {
    const event: ListEvent = { kind: "message", message: message(1) };
    const after = run([event, event, { kind: "message", message: message(2, 2, ANN) }], loaded(conversation()));
    expect(one(after)).toMatchObject({ seq: 2, rev: 2, unread: 1, last_message: { seq: 2 } });
  });
  test("an older one does not become the last", () => {
    const after = run([{ kind: "message", message: message(3) }, { kind: "message", message: message(2) }], loaded(conversation({ seq: 1, rev: 1 })));
    expect(one(after)?.last_message?.seq).toBe(3);
  });
  test("of an unknown conversation changes nothing", () => {
    const list = loaded();
    expect(run([{ kind: "message", message: message(1) }], list)).toBe(list);
  });
});

describe("marks and badges", () => {
  const list = loaded(conversation({ seq: 5, rev: 5, unread: 5 }));
  test("inv10_reading_elsewhere_clears_here_and_never_goes_back", () => {
    const read = (to: number): ListEvent => ({ kind: "read", conversation: TALK, user: ANN.user_id, read: to });
    expect(one(run([read(5)], list))).toMatchObject({ read: 5, unread: 0 });
    expect(one(run([read(3), read(1)], list))).toMatchObject({ read: 3, unread: 2 });
  });
  test("the other's mark is theirs alone", () => {
    const after = one(run([{ kind: "read", conversation: TALK, user: BOB.user_id, read: 4 }], list));
    expect([after?.unread, after?.members.find((member) => member.user_id === BOB.user_id)?.read]).toEqual([5, 4]);
  });
  test("the server's count wins, unless it was asked for before", () => {
    expect(one(run([{ kind: "heads", heads: heads([TALK, 5, 2, 3]) }], list))).toMatchObject({ read: 2, unread: 3 });
    expect(one(run([{ kind: "heads", heads: heads([TALK, 4, 5, 0]) }], list))).toMatchObject({ read: 0, unread: 5 });
    expect(one(run([{ kind: "own_mark", conversation: TALK, mark: { read: 5, unread: 0 }, heardTo: 5 }], list))).toMatchObject({ read: 5, unread: 0 });
  });
  test("an answer from before a frame does not undo it", () => {
    const heard = run([{ kind: "message", message: message(6) }, { kind: "loaded", answer: { conversations: [conversation({ seq: 5, rev: 5, unread: 5 })], rev: 3, history_id: "h" } }], list);
    expect(one(heard)).toMatchObject({ seq: 6, unread: 6 });
  });
  test("after a restore the answer stands", () => {
    expect(one(run([{ kind: "loaded", answer: { conversations: [conversation({ seq: 1, rev: 1 })], rev: 1, history_id: "other" } }], list))).toMatchObject({ seq: 1, unread: 0 });
  });
  test("the total, and how it is written", () => {
    expect(totalUnread(list)).toBe(5);
    expect([badge(5), badge(999), badge(1_000)]).toEqual(["5", "999", "999+"]);
  });
});

test("newest first; found by name, by digits, by person", () => {
  const second = conversation({ id: id("8"), last_message: message(1) });
  const list = loaded(conversation(), second);
  expect(newestFirst(list).map((each) => each.id)).toEqual(["8", "7"]);
  expect(filtered([second], ANN.user_id, " u 1000000002")).toHaveLength(1);
  expect(filtered([second], ANN.user_id, "100 000 0002")).toHaveLength(1);
  expect(filtered([second], ANN.user_id, "nobody")).toHaveLength(0);
  expect(partner(second, ANN.user_id)?.user_id).toBe(BOB.user_id);
  expect(withPerson(list, ANN.user_id)).toBeNull();
  expect(withPerson(loaded(conversation({ members: [{ ...ANN, read: 0, online: true }] })), ANN.user_id)?.id).toBe(TALK);
});

test("what the heads say is not held", () => {
  const list = run([{ kind: "followed", upto: 3, history: "h" }], loaded(conversation({ rev: 5 })));
  expect(behind(list, heads([TALK, 5, 0, 0]))).toEqual({ conversations: [], unknown: false, person: false, otherHistory: false });
  expect(behind(list, { heads: [[TALK, 6, 0, 0], [id("9"), 1, 0, 0]], rev: 4, history_id: "other" })).toEqual({ conversations: [TALK], unknown: true, person: true, otherHistory: true });
});

test("the list does not tell what is one's own, so the own rev waits for the changes", () => {
  expect(loaded().rev).toBe(0);
  expect(run([{ kind: "loaded", answer: { conversations: [], rev: 9, history_id: "other" } }], run([{ kind: "followed", upto: 5, history: "h" }], loaded())).rev).toBe(0);
});

test("a failed load is said only where nothing is held", () => {
  expect(run([{ kind: "failed" }]).stage).toBe("failed");
  expect(run([{ kind: "failed" }], loaded()).stage).toBe("ready");
});

test("a new name reaches members and preview", () => {
  const after = one(run([{ kind: "profile", user: { ...BOB, display_name: "Robert" } }], loaded(conversation({ last_message: message(1) }))));
  expect([after?.members[1]?.display_name, after?.last_message?.sender.display_name]).toEqual(["Robert", "Robert"]);
});

test("B02: a picture comes, and goes again", () => {
  const first = loaded(conversation({}));
  const shown = run([{ kind: "profile", user: { ...BOB, avatar: "/avatars/k7Fh0c1qS9mUe2aVnYw3Rg" } }], first);
  expect(one(shown)?.members[1]?.avatar).toBe("/avatars/k7Fh0c1qS9mUe2aVnYw3Rg");
  expect(one(run([{ kind: "profile", user: BOB }], shown))?.members[1]).not.toHaveProperty("avatar");
});

test("RU12: how far another history has come says nothing about this one", () => {
  const list = run([{ kind: "followed", upto: 5, history: "h" }], loaded());
  expect(run([{ kind: "followed", upto: 9, history: "other" }], list)).toBe(list);
});

test("a list that was asked for before a conversation was made does not take it away again", () => {
  const made = run([{ kind: "learned", conversations: [conversation({ id: id("9") })] }], loaded(conversation()));
  const answer = { conversations: [conversation({ seq: 1, rev: 1 })], rev: 3, history_id: "h" };
  expect([...run([{ kind: "loaded", answer }], made).all.keys()]).toEqual(["7", "9"]);
  expect([...run([{ kind: "loaded", answer: { ...answer, history_id: "other" } }], made).all.keys()]).toEqual(["7"]);
});

describe("a badge does not drift", () => {
  const list = loaded(conversation({ seq: 5, rev: 5, unread: 5 }));
  const own = (read: number, unread: number): ListEvent => ({ kind: "own_mark", conversation: TALK, mark: { read, unread }, heardTo: 5 });
  test("when a message is heard while the own mark is on its way, counted there or not", () => {
    const heard: ListEvent = { kind: "message", message: message(6) };
    expect(one(run([heard, own(5, 0)], list))).toMatchObject({ read: 5, unread: 1 });
    expect(one(run([heard, own(5, 1)], list))).toMatchObject({ read: 5, unread: 1 });
    expect(one(run([own(5, 0), heard], list))).toMatchObject({ read: 5, unread: 1 });
  });
  test("when a list that was asked for before the mark brings what is new", () => {
    const read = run([own(5, 0)], list);
    expect(one(run([{ kind: "learned", conversations: [conversation({ seq: 6, rev: 6, unread: 6 })] }], read))).toMatchObject({ seq: 6, read: 5, unread: 1 });
  });
});

describe("what a stranger began", () => {
  const talk = (state: Conversation["state"], more: Partial<Conversation> = {}): Conversation => conversation({ state, seq: 1, rev: 1, unread: 1, ...more });
  const stateAfter = (from: Conversation["state"], ...events: ListEvent[]): Conversation["state"] | undefined => one(run(events, loaded(talk(from))))?.state;
  test("t15_is_no_part_of_the_badge_and_stands_apart", () => {
    const list = loaded(talk("request"), talk("open", { id: id("9"), unread: 2 }), talk("hidden", { id: id("11") }));
    expect([totalUnread(list), requests(list).map((other) => other.id)]).toEqual([2, ["7"]]);
  });
  test("t15_whoever_answers_has_let_them_in", () => {
    expect(stateAfter("request", { kind: "message", message: message(2, 2, ANN) })).toBe("open");
    expect(stateAfter("request", { kind: "message", message: message(2) })).toBe("request");
    expect(stateAfter("request", { kind: "taken_up", conversation: TALK })).toBe("open");
  });
  test("t15_thrown_away_it_is_hidden_until_they_write_again", () => {
    const away: ListEvent = { kind: "dismissed", conversation: TALK, seq: 1 };
    expect(stateAfter("request", away)).toBe("hidden");
    expect(stateAfter("request", away, { kind: "message", message: message(2) })).toBe("request");
    expect(stateAfter("request", { kind: "message", message: message(2) }, away)).toBe("request"); // that one was not thrown away
    expect(stateAfter("open", away)).toBe("open");
  });
  test("t15_an_old_answer_does_not_shut_out_whoever_was_let_in", () => {
    const answer = (state: Conversation["state"], rev = 1): ListEvent => ({ kind: "learned", conversations: [talk(state, { rev })] });
    expect(stateAfter("open", answer("request"))).toBe("open");
    expect(stateAfter("request", answer("hidden"))).toBe("hidden");
    expect(stateAfter("request", { kind: "message", message: message(2) }, answer("open"))).toBe("open");
    expect(stateAfter("hidden", { kind: "message", message: message(2) }, answer("hidden"))).toBe("request");
  });
});
