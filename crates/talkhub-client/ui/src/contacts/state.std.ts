// Who knows whom, as far as this person may know it: contacts, requests, blocks; and what was just pressed, before the
// server has said so.
import { never } from "../kit/never.std";
import type { Person, Problem, Relation, UserId } from "../relay/wire.gen.std";

/** What somebody wants with a person, from the press until the server has answered. */
export type Wish = "ask" | "withdraw" | "accept" | "decline" | "remove" | "block" | "unblock";

/** What the server said of one person, and by which `rev` of one's own it is true. */
interface Known {
  readonly relation: Relation;
  readonly asOf: number;
}

/** Why a wish was not granted; without a problem the server could not be reached. */
export interface Refusal {
  readonly wish: Wish;
  readonly problem: Problem | null;
}

export interface Relations {
  readonly all: ReadonlyMap<UserId, Known>;
  readonly stage: "loading" | "ready" | "failed";
  readonly wishes: ReadonlyMap<UserId, Wish>;
  readonly refusals: ReadonlyMap<UserId, Refusal>;
}

export type RelationsEvent =
  /** Everybody with whom there is anything, as it was at `rev`. */
  | { kind: "loaded"; relations: readonly Relation[]; rev: number }
  | { kind: "failed" }
  /** What has changed, up to `rev`. */
  | { kind: "learned"; relations: readonly Relation[]; rev: number }
  | { kind: "wished"; user: UserId; wish: Wish }
  /** Granted. `asked`: how far the person was known when it was asked; what has come since is newer. */
  | { kind: "granted"; relation: Relation; asked: number }
  | { kind: "refused"; user: UserId; refusal: Refusal }
  /** The wish is over without a word: somebody else was quicker, or it was taken back. */
  | { kind: "dropped"; user: UserId }
  | { kind: "profile"; user: Person };

export const strangers: Relations = { all: new Map(), stage: "loading", wishes: new Map(), refusals: new Map() };

export function reduce(state: Relations, e: RelationsEvent): Relations {
  switch (e.kind) {
    case "loaded": {
      // What was told after that moment stands; what the answer lacks is nothing any more.
      const newer = [...state.all].filter(([, known]) => e.rev < known.asOf);
      const all = new Map([...e.relations.map((relation) => [relation.user_id, { relation, asOf: e.rev }] as const), ...newer]);
      return { ...state, all, stage: "ready" };
    }
    case "failed":
      return state.stage === "ready" ? state : { ...state, stage: "failed" };
    case "learned": {
      const news = e.relations.filter((relation) => asOf(state, relation.user_id) <= e.rev);
      if (news.length === 0) return state;
      return { ...state, all: new Map([...state.all, ...news.map((relation) => [relation.user_id, { relation, asOf: e.rev }] as const)]) };
    }
    case "wished":
      return { ...state, wishes: new Map(state.wishes).set(e.user, e.wish), refusals: without(state.refusals, e.user) };
    case "granted": {
      const user = e.relation.user_id;
      const after = { ...state, wishes: without(state.wishes, user) };
      if (e.asked < asOf(state, user)) return after;
      return { ...after, all: new Map(state.all).set(user, { relation: e.relation, asOf: e.asked }) };
    }
    case "refused":
      return { ...state, wishes: without(state.wishes, e.user), refusals: new Map(state.refusals).set(e.user, e.refusal) };
    case "dropped":
      return { ...state, wishes: without(state.wishes, e.user), refusals: without(state.refusals, e.user) };
    case "profile": {
      const known = state.all.get(e.user.user_id);
      if (!known) return state;
      const { avatar: _before, ...rest } = known.relation;
      return { ...state, all: new Map(state.all).set(e.user.user_id, { ...known, relation: { ...rest, ...e.user } }) };
    }
    default:
      return never(e);
  }
}

/** The server's sentence on it; null where it could not be reached. */
export const whyOf = ({ problem }: Refusal): string | null => (problem ? (problem.fields?.[0]?.message ?? problem.detail ?? problem.title) : null);

/** Up to which `rev` this person is known; 0 where the server never spoke of them. */
export const asOf = (state: Relations, user: UserId): number => state.all.get(user)?.asOf ?? 0;

function without<T>(all: ReadonlyMap<UserId, T>, user: UserId): ReadonlyMap<UserId, T> {
  return all.has(user) ? new Map([...all].filter(([other]) => other !== user)) : all;
}

/** Nothing between oneself and them. */
export const stranger = (person: Person): Relation => ({ ...personOf(person), contact: "none", blocked: false });

/** What holds with this person as the page shows it: what was just pressed counts already. `found`: what an answer about them alone said. */
export function relationWith(state: Relations, person: Person, found: Relation | null = null): Relation {
  const known = state.all.get(person.user_id)?.relation ?? (state.stage === "ready" ? null : found) ?? stranger(person);
  return wished(known, state.wishes.get(person.user_id));
}

/** As it will be when the wish is granted. */
export function wished(relation: Relation, wish: Wish | undefined): Relation {
  const { request, since: _since, ...bare } = relation;
  switch (wish) {
    case undefined:
      return relation;
    case "ask":
      // Whoever was asked already is accepted by it.
      return { ...bare, contact: relation.contact === "incoming" ? "contact" : "requested" };
    case "accept":
      return { ...bare, contact: "contact" };
    case "withdraw":
    case "decline":
    case "remove":
      return { ...bare, contact: "none" };
    case "block":
      return { ...bare, contact: "none", blocked: true };
    case "unblock":
      return { ...bare, ...(request ? { request } : {}), blocked: false };
    default:
      return never(wish);
  }
}

/** All of them as the page shows them. */
function shown(state: Relations): Relation[] {
  return [...state.all].map(([user, { relation }]) => wished(relation, state.wishes.get(user)));
}

const newestFirst = (a: Relation, b: Relation): number => (b.request?.at ?? 0) - (a.request?.at ?? 0) || byName(a, b);

/** Who waits for an answer of ours; the newest first. Whom one has blocked waits for nothing. */
export const incoming = (state: Relations): Relation[] => shown(state).filter((one) => one.contact === "incoming" && !one.blocked).sort(newestFirst);

/** Whose answer we wait for. */
export const outgoing = (state: Relations): Relation[] => shown(state).filter((one) => one.contact === "requested" && !one.blocked).sort(newestFirst);

/** Contacts: who is there first, then by name. */
export function contacts(state: Relations, isOnline: (user: UserId) => boolean | undefined): Relation[] {
  const there = (one: Relation): number => (isOnline(one.user_id) === true ? 0 : 1);
  return shown(state)
    .filter((one) => one.contact === "contact")
    .sort((a, b) => there(a) - there(b) || byName(a, b));
}

const byName = (a: Person, b: Person): number => a.display_name.localeCompare(b.display_name) || (a.user_id < b.user_id ? -1 : 1);

/** Those whose name, or ID, contains what was typed. */
export function matching<T extends Person>(people: readonly T[], text: string): T[] {
  const wanted = text.trim().toLocaleLowerCase();
  const digits = wanted.replace(/\s+/g, "");
  return people.filter((one) => wanted === "" || one.display_name.toLocaleLowerCase().includes(wanted) || one.username.toLocaleLowerCase().includes(wanted) || (/^\d+$/.test(digits) && one.user_id.includes(digits)));
}

/** Without the picture: a stranger's is not fetched unasked. */
export const faceless = <T extends Person>({ avatar: _picture, ...rest }: T): Omit<T, "avatar"> => rest;

/** The person alone, without what holds between them and oneself. */
export function personOf({ user_id, username, display_name, avatar_color, subject, avatar }: Person): Person {
  return { user_id, username, display_name, avatar_color, subject, ...(avatar === undefined ? {} : { avatar }) };
}
