// The list of one's conversations: newest first, with badges that the server counts.
import { never } from "../kit/never.std";
import type { Conversation, ConversationId, Conversations, Head, Heads, Member, Message, Person, ReadMark, UserId } from "../relay/wire.gen.std";

/** Stands for "more than 999". */
export const MANY = 1000;

export interface List {
  readonly self: UserId;
  readonly all: ReadonlyMap<ConversationId, Conversation>;
  /** The person's own `rev`: how far `GET /me/changes` has been followed. */
  readonly rev: number;
  readonly history: string | null;
  readonly stage: "loading" | "ready" | "failed";
}

export type ListEvent =
  | { kind: "loaded"; answer: Conversations }
  | { kind: "failed" }
  | { kind: "learned"; conversations: readonly Conversation[] }
  | { kind: "followed"; upto: number; history: string }
  | { kind: "heads"; heads: Heads }
  | { kind: "message"; message: Message }
  | { kind: "read"; conversation: ConversationId; user: UserId; read: number }
  /** `heardTo`: the conversation's `seq` as held here when the mark was told. */
  | { kind: "own_mark"; conversation: ConversationId; mark: ReadMark; heardTo: number }
  /** What a stranger began is let in. */
  | { kind: "taken_up"; conversation: ConversationId }
  /** … or thrown away as it was then, up to `seq`. */
  | { kind: "dismissed"; conversation: ConversationId; seq: number }
  | { kind: "profile"; user: Person };

export const emptyList = (self: UserId): List => ({ self, all: new Map(), rev: 0, history: null, stage: "loading" });

export function reduce(list: List, e: ListEvent): List {
  switch (e.kind) {
    case "loaded": {
      const sameHistory = list.history === null || list.history === e.answer.history_id;
      // Nobody is ever taken out of a conversation: what the answer lacks was made after it was given.
      const all = new Map(sameHistory ? list.all : []);
      for (const one of e.answer.conversations) all.set(one.id, newer(all.get(one.id), one));
      // The person's own `rev` is lifted by what `GET /me/changes` tells, not by the list: that has neither name nor theme.
      return { ...list, all, rev: sameHistory ? list.rev : 0, history: e.answer.history_id, stage: "ready" };
    }
    case "failed":
      return list.stage === "ready" ? list : { ...list, stage: "failed" };
    case "learned": {
      const all = new Map(list.all);
      for (const one of e.conversations) all.set(one.id, newer(all.get(one.id), one));
      return { ...list, all };
    }
    case "followed":
      if (list.history !== null && list.history !== e.history) return list; // told by the whole list alone, which brings the rest too
      return { ...list, rev: Math.max(list.rev, e.upto), history: e.history };
    case "heads":
      return { ...list, all: mapped(list.all, (one) => withHead(one, e.heads.heads.find(([id]) => id === one.id))) };
    case "message":
      return changed(list, e.message.conversation, (one) => withMessage(one, e.message, list.self));
    case "read":
      return changed(list, e.conversation, (one) => withRead(one, e.user, e.read, list.self));
    case "own_mark":
      return changed(list, e.conversation, (one) => withOwnMark(one, e.mark, e.heardTo));
    case "taken_up":
      return changed(list, e.conversation, (one) => (one.state === "open" ? one : { ...one, state: "open" }));
    case "dismissed":
      return changed(list, e.conversation, (one) => (one.state === "request" && one.seq <= e.seq ? { ...one, state: "hidden" } : one));
    case "profile":
      return { ...list, all: mapped(list.all, (one) => withProfile(one, e.user)) };
    default:
      return never(e);
  }
}

function changed(list: List, id: ConversationId, to: (one: Conversation) => Conversation): List {
  const before = list.all.get(id);
  if (!before) return list;
  const after = to(before);
  return after === before ? list : { ...list, all: new Map(list.all).set(id, after) };
}

const mapped = (all: List["all"], to: (one: Conversation) => Conversation): List["all"] => new Map([...all].map(([id, one]) => [id, to(one)]));

/** Whoever was let in stays in: an answer that says otherwise is an old one. */
function standing(held: Conversation, answer: Conversation): Conversation {
  return held.state === "open" && answer.state !== "open" ? { ...answer, state: "open" } : answer;
}

/** An answer asked for before a frame was heard must not undo the frame. Presence is the answer's in any case. */
function newer(held: Conversation | undefined, told: Conversation): Conversation {
  if (!held) return told;
  const answer = standing(held, told);
  if (answer.rev < held.rev) return { ...held, members: answer.members, state: answer.state === "open" ? "open" : held.state };
  if (held.read <= answer.read) return answer;
  // Its badge was counted from an older mark: at most what is held and what came since.
  const since = Math.max(0, answer.seq - held.seq);
  return { ...answer, read: held.read, unread: Math.min(answer.unread, held.unread + since) };
}

/** The server counted when it took the mark. What was heard while the answer was on its way may be missing there. */
function withOwnMark(one: Conversation, mark: ReadMark, heardTo: number): Conversation {
  if (mark.read < one.read) return one;
  if (one.seq <= heardTo) return { ...one, read: mark.read, unread: mark.unread };
  return { ...one, read: mark.read, unread: Math.max(0, Math.min(one.unread, one.seq - mark.read, mark.unread + one.seq - heardTo)) };
}

function withHead(one: Conversation, head: Head | undefined): Conversation {
  if (!head) return one;
  const [, rev, read, unread] = head;
  if (rev < one.rev || read < one.read) return one; // asked before what is held was heard
  return one.read === read && one.unread === unread ? one : { ...one, read, unread };
}

function withMessage(one: Conversation, message: Message, self: UserId): Conversation {
  const last = one.last_message;
  const isLast = !last || last.seq < message.seq || (last.seq === message.seq && last.rev < message.rev);
  const counts = message.sender.user_id !== self && one.seq < message.seq && one.read < message.seq;
  if (!isLast && !counts && message.rev <= one.rev) return one;
  return {
    ...one,
    state: stateAfter(one, message, self),
    seq: Math.max(one.seq, message.seq),
    rev: Math.max(one.rev, message.rev),
    unread: counts ? Math.min(MANY, one.unread + 1) : one.unread,
    ...(isLast ? { last_message: message } : {}),
  };
}

/** Whoever answers a stranger has let them in; a stranger who writes again after being thrown away asks again. */
function stateAfter(one: Conversation, message: Message, self: UserId): Conversation["state"] {
  if (message.sender.user_id === self) return "open";
  return one.state === "hidden" && one.seq < message.seq ? "request" : one.state;
}

function withRead(one: Conversation, user: UserId, read: number, self: UserId): Conversation {
  const members = one.members.map((member): Member => (member.user_id === user && member.read < read ? { ...member, read } : member));
  if (user !== self || read <= one.read) return { ...one, members };
  return { ...one, members, read, unread: one.seq <= read ? 0 : Math.min(one.unread, one.seq - read) };
}

function withProfile(one: Conversation, user: Person): Conversation {
  if (!one.members.some((member) => member.user_id === user.user_id)) return one;
  const last = one.last_message;
  return {
    ...one,
    members: one.members.map((member): Member => (member.user_id === user.user_id ? { ...withoutPicture(member), ...user } : member)),
    ...(last && last.sender.user_id === user.user_id ? { last_message: { ...last, sender: user } } : {}),
  };
}

/** A person of whom nothing about a picture is said has none. */
function withoutPicture<T extends Person>(person: T): Omit<T, "avatar"> {
  const { avatar: _before, ...rest } = person;
  return rest;
}

/** Newest first: by the last message, else by when it was made. */
export function newestFirst(list: List): Conversation[] {
  const when = (one: Conversation): number => one.last_message?.at ?? one.created_at;
  return [...list.all.values()].sort((a, b) => when(b) - when(a) || (a.id < b.id ? 1 : -1));
}

/** The other person of a private conversation; oneself in notes to oneself. */
export function partner(one: Conversation, self: UserId): Member | null {
  return one.members.find((member) => member.user_id !== self) ?? one.members[0] ?? null;
}

/** The private conversation with this person, if there is one in the list. */
export function withPerson(list: List, user: UserId): Conversation | null {
  for (const one of list.all.values()) {
    if (one.kind === "private" && partner(one, list.self)?.user_id === user) return one;
  }
  return null;
}

/** What strangers have begun and is neither let in nor thrown away, newest first. */
export const requests = (list: List): Conversation[] => newestFirst(list).filter((one) => one.state === "request");

/** Of what one has let in: a stranger's words are no news. */
export const totalUnread = (list: List): number => [...list.all.values()].reduce((sum, one) => sum + (one.state === "open" ? one.unread : 0), 0);

/** `12`, or `999+`. */
export const badge = (unread: number): string => (MANY <= unread ? "999+" : String(unread));

/** Those whose name, or ID, contains what was typed. */
export function filtered(all: readonly Conversation[], self: UserId, text: string): Conversation[] {
  const wanted = text.trim().toLocaleLowerCase();
  const digits = wanted.replace(/\s+/g, "");
  return all.filter((one) => {
    const who = partner(one, self);
    if (!who || wanted === "") return true;
    return who.display_name.toLocaleLowerCase().includes(wanted) || who.username.toLocaleLowerCase().includes(wanted) || (/^\d+$/.test(digits) && who.user_id.includes(digits));
  });
}

/** What the heads say is not held here: conversations behind, ones unknown, the own `rev`, another history. */
export function behind(list: List, heads: Heads): { conversations: ConversationId[]; unknown: boolean; person: boolean; otherHistory: boolean } {
  const conversations = heads.heads.filter(([id, rev]) => (list.all.get(id)?.rev ?? rev) < rev).map(([id]) => id);
  return {
    conversations,
    unknown: heads.heads.some(([id]) => !list.all.has(id)),
    person: list.rev < heads.rev,
    otherHistory: list.history !== null && list.history !== heads.history_id,
  };
}
