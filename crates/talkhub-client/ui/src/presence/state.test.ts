// Typing: told at most every 3 s, shown 6 s, ended at once; never shown late.
import { describe, expect, test } from "vitest";
import { person } from "../messages/samples.std";
import { isConversationId, isUserId } from "../relay/ids.std";
import { here, nextTick, nobody, ownShown, reduce, shownOf, tell, type PresenceEvent, type PresenceState } from "./state.std";

const conversation = "7";
const user = "1000000001";
if (!isConversationId(conversation) || !isUserId(user)) throw new Error("good ids");
const run = (events: PresenceEvent[], from: PresenceState = nobody): PresenceState => events.reduce(reduce, from);
const heard = (on: boolean, now: number, age = 0): PresenceEvent => ({ kind: "typing", conversation, user, on, age, now });

describe("others typing", () => {
  test("is shown for 6 s", () => {
    const state = run([heard(true, 1_000)]);
    expect(nextTick(state)).toBe(7_000);
    expect(run([{ kind: "tick", now: 6_999 }], state).typists).toHaveLength(1);
    expect(run([{ kind: "tick", now: 7_000 }], state).typists).toHaveLength(0);
  });
  test("again makes it longer, not double", () => {
    const state = run([heard(true, 1_000), heard(true, 4_000)]);
    expect(state.typists).toEqual([{ conversation, user, until: 10_000 }]);
  });
  test("ends at once when stopped, and when a message comes", () => {
    expect(run([heard(true, 0), heard(false, 10)]).typists).toEqual([]);
    expect(run([heard(true, 0), { kind: "spoke", conversation, user }]).typists).toEqual([]);
  });
  test("inv18_older_than_10_s_is_not_shown", () => {
    expect(run([heard(true, 0, 10_001)]).typists).toEqual([]);
    expect(run([heard(true, 0, 9_000)]).typists).toHaveLength(1);
  });
});

describe("own typing", () => {
  test("one event in 3 s, however fast the keys", () => {
    let own: Parameters<typeof tell>[0] = { toldAt: null };
    const said: number[] = [];
    for (let now = 0; now <= 9_000; now += 100) {
      const answer = tell(own, true, now);
      own = answer.own;
      if (answer.say === "on") said.push(now);
    }
    expect(said).toEqual([0, 3_000, 6_000, 9_000]);
  });
  test("clearing says so once, and only if the others may still show it", () => {
    expect(tell({ toldAt: 0 }, false, 1_000)).toEqual({ own: { toldAt: null }, say: "off" });
    expect(tell({ toldAt: null }, false, 1_000).say).toBeNull();
    expect(tell({ toldAt: 0 }, false, 60_000).say).toBeNull();
  });
});

test("presence keeps the last word, and nothing changes without news", () => {
  const there = run([{ kind: "seen", people: [{ user_id: user, online: true }] }]);
  expect(run([{ kind: "seen", people: [{ user_id: user, online: true }] }], there)).toBe(there);
  expect(run([{ kind: "seen", people: [{ user_id: user, online: false, last_seen: 5 }] }], there).people.get(user)).toEqual({ user_id: user, online: false, last_seen: 5 });
});

test("60 s after the last word of the logic server nobody is said to be there, until the next one", () => {
  const heardAt = (now: number): PresenceEvent => ({ kind: "contact", now });
  const tick = (now: number): PresenceEvent => ({ kind: "tick", now });
  const there = run([heardAt(1_000), { kind: "seen", people: [{ user_id: user, online: true, last_seen: 7 }] }]);
  expect([shownOf(there, user), nextTick(there)]).toEqual(["online", 61_000]);
  expect(shownOf(run([tick(60_999)], there), user)).toBe("online");
  const silent = run([tick(61_000)], there);
  expect([shownOf(silent, user), silent.people.get(user)?.last_seen, nextTick(silent)]).toEqual([undefined, 7, null]);
  expect(shownOf(run([heardAt(90_000)], silent), user)).toBe("online");
  expect(nextTick(run([heardAt(30_000)], there))).toBe(90_000);
  expect(shownOf(run([{ kind: "seen", people: [{ user_id: user, online: true }] }]), user)).toBeUndefined();
});

describe("how somebody is shown", () => {
  const known = run([{ kind: "contact", now: 0 }]);
  const seen = (online: boolean, status?: "online" | "away" | "busy"): PresenceState => run([{ kind: "seen", people: [{ user_id: user, online, ...(online ? {} : { last_seen: 1 }), ...(status === undefined ? {} : { status }) }] }], known);

  test("c08_away_and_busy_are_told_apart_and_the_way_back_is_news", () => {
    expect([seen(true), seen(true, "away"), seen(true, "busy"), seen(false)].map((state) => shownOf(state, user))).toEqual(["online", "away", "busy", "offline"]);
    const back = run([{ kind: "seen", people: [{ user_id: user, online: true }] }], seen(true, "away"));
    expect(shownOf(back, user)).toBe("online");
    expect(shownOf(known, user)).toBeUndefined();
    const hides = run([{ kind: "seen", people: [{ user_id: user, online: false }] }], seen(true));
    expect(shownOf(hides, user)).toBeUndefined();
  });

  test("c08_oneself_by_choice_by_idleness_and_by_the_connection", () => {
    expect(ownShown("online", true, false)).toBe("online");
    expect(ownShown("online", true, true)).toBe("away");
    expect(ownShown("busy", true, true)).toBe("busy");
    expect(ownShown("invisible", true, false)).toBe("invisible");
    expect(ownShown("online", false, false)).toBe("offline");
  });

  test("c04_who_is_there_each_once_by_name", () => {
    const named = (id: string, display_name: string) => ({ ...person(id), display_name });
    const [ann, bob, cid] = [named("1000000001", "Ann"), named("1000000002", "Bob"), named("1000000003", "Cid")];
    const state = run([{ kind: "seen", people: [{ user_id: bob.user_id, online: true, status: "away" }, { user_id: ann.user_id, online: true }, { user_id: cid.user_id, online: false }] }], known);
    expect(here(state, [bob, ann, cid, bob]).map((one) => one.display_name)).toEqual(["Ann", "Bob"]);
    expect(here(nobody, [ann])).toEqual([]);
  });
});

test("u08_where_typing_is_hidden_nobody_types", () => {
  const state = run([heard(true, 1_000)]);
  expect(run([{ kind: "hidden", conversation }], state).typists).toEqual([]);
});
