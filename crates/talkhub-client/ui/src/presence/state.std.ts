// Who is there, and who types where. Typing is forgotten by time alone, so that a lost "stopped" does no harm.
import { never } from "../kit/never.std";
import type { Shown } from "../kit/shown.std";
import type { ConversationId, Person, Presence, PresenceChoice, UserId } from "../relay/wire.gen.std";

/** How long "is typing" stands without a new word of it. */
export const TYPING_SHOWN = 6_000;
/** At most one event in this time while keys are pressed. */
export const TYPING_EVERY = 3_000;
/** INV18: older ones are not shown at all. */
export const TYPING_TOO_OLD = 10_000;

/** After this time without a word of the logic server nobody knows who is there. */
export const PRESENCE_KNOWN = 60_000;

export interface Typist {
  readonly conversation: ConversationId;
  readonly user: UserId;
  readonly until: number;
}

export interface PresenceState {
  readonly people: ReadonlyMap<UserId, Presence>;
  readonly typists: readonly Typist[];
  /** Until when what is held about `people` may be shown as what is now; null: it may not. */
  readonly knownUntil: number | null;
}

export type PresenceEvent =
  | { kind: "seen"; people: readonly Presence[] }
  | { kind: "typing"; conversation: ConversationId; user: UserId; on: boolean; age: number; now: number }
  | { kind: "spoke"; conversation: ConversationId; user: UserId }
  /** Here nobody shows typing to anybody any more. */
  | { kind: "hidden"; conversation: ConversationId }
  | { kind: "contact"; now: number }
  | { kind: "tick"; now: number };

export const nobody: PresenceState = { people: new Map(), typists: [], knownUntil: null };

export function reduce(state: PresenceState, e: PresenceEvent): PresenceState {
  switch (e.kind) {
    case "seen": {
      const news = e.people.filter((one) => !same(state.people.get(one.user_id), one));
      if (news.length === 0) return state;
      const people = new Map(state.people);
      for (const one of news) people.set(one.user_id, plain(one));
      return { ...state, people };
    }
    case "typing": {
      if (TYPING_TOO_OLD < e.age) return state;
      const others = without(state.typists, e.conversation, e.user);
      return { ...state, typists: e.on ? [...others, { conversation: e.conversation, user: e.user, until: e.now + TYPING_SHOWN }] : others };
    }
    case "spoke": {
      const others = without(state.typists, e.conversation, e.user);
      return others.length === state.typists.length ? state : { ...state, typists: others };
    }
    case "hidden": {
      const others = state.typists.filter((one) => one.conversation !== e.conversation);
      return others.length === state.typists.length ? state : { ...state, typists: others };
    }
    case "tick": {
      const left = state.typists.filter((one) => e.now < one.until);
      const knownUntil = state.knownUntil !== null && state.knownUntil <= e.now ? null : state.knownUntil;
      return left.length === state.typists.length && knownUntil === state.knownUntil ? state : { ...state, typists: left, knownUntil };
    }
    case "contact": {
      const until = e.now + PRESENCE_KNOWN;
      // Frames come in bursts: not every one draws the page anew.
      return state.knownUntil !== null && Math.abs(until - state.knownUntil) < CONTACT_STEP ? state : { ...state, knownUntil: until };
    }
    default:
      return never(e);
  }
}

const CONTACT_STEP = 2_000;

/** How somebody is shown now; undefined where nobody knows: of whoever hides, nothing is claimed. */
export function shownOf(state: PresenceState, user: UserId): Shown | undefined {
  const known = state.knownUntil === null ? undefined : state.people.get(user);
  if (known === undefined) return undefined;
  if (known.online) return known.status ?? "online";
  return known.last_seen === undefined ? undefined : "offline";
}

/** How oneself is shown, as far as this tab knows: what one chose, and whether anybody is at it. */
export function ownShown(choice: PresenceChoice, connected: boolean, idle: boolean): Shown {
  if (!connected) return "offline";
  return choice === "online" && idle ? "away" : choice;
}

/** Those of these people who are there, each once, by name. */
export function here<T extends Person>(state: PresenceState, people: Iterable<T>): T[] {
  const found = new Map<UserId, T>();
  for (const one of people) {
    const shown = shownOf(state, one.user_id);
    if (shown !== undefined && shown !== "offline") found.set(one.user_id, one);
  }
  return [...found.values()].sort((a, b) => a.display_name.localeCompare(b.display_name) || a.user_id.localeCompare(b.user_id));
}

/** Without what else a member carries. */
const plain = (one: Presence): Presence => ({
  user_id: one.user_id,
  online: one.online,
  ...(one.status === undefined ? {} : { status: one.status }),
  ...(one.last_seen === undefined ? {} : { last_seen: one.last_seen }),
});

const same = (a: Presence | undefined, b: Presence): boolean => a !== undefined && a.online === b.online && a.status === b.status && a.last_seen === b.last_seen;

const without = (typists: readonly Typist[], conversation: ConversationId, user: UserId): readonly Typist[] =>
  typists.filter((one) => one.conversation !== conversation || one.user !== user);

/** When the next thing is to be forgotten. */
export function nextTick(state: PresenceState): number | null {
  const times = [...state.typists.map((one) => one.until), ...(state.knownUntil === null ? [] : [state.knownUntil])];
  return times.length === 0 ? null : Math.min(...times);
}

/** What the own keys have told the others so far: in which conversation, and when last. */
export interface OwnTyping {
  readonly toldAt: number | null;
}

/** What a key press, or an empty or sent text, has to tell: `on`, `off` or nothing. */
export function tell(own: OwnTyping, hasText: boolean, now: number): { own: OwnTyping; say: "on" | "off" | null } {
  if (!hasText) return { own: { toldAt: null }, say: own.toldAt !== null && now - own.toldAt < TYPING_SHOWN ? "off" : null };
  if (own.toldAt !== null && now - own.toldAt < TYPING_EVERY) return { own, say: null };
  return { own: { toldAt: now }, say: "on" };
}
