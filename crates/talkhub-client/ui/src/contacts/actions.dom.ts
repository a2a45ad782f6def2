// What can be done with people: ask, accept, decline, withdraw, remove, block; and following who knows whom.
import { signal, type ReadonlySignal } from "@preact/signals";
import { backOff } from "../kit/back_off.std";
import { call, callLasting, isOurs, nothing, type Answer } from "../kit/http.dom";
import { onBack, reach } from "../kit/reach.dom";
import { later, told } from "../kit/undo.dom";
import { say } from "../kit/words.std";
import { blocks, contactRequests, contacts as readContacts, profile, relation as readRelation } from "../relay/codec.std";
import type { Person, Presence, Profile, Relation, UserId } from "../relay/wire.gen.std";
import { asOf, reduce, relationWith, strangers, wished, type Refusal, type Relations, type RelationsEvent, type Wish } from "./state.std";

const state = signal<Relations>(strangers);
export const relations: ReadonlySignal<Relations> = state;

const apply = (event: RelationsEvent): void => void (state.value = reduce(state.value, event));

/** What holds with this person now, as the page shows it. */
export const relation = (person: Person, found: Relation | null = null): Relation => relationWith(state.value, person, found);

/** Why the last thing that was wanted of this person did not work. */
export const refusal = (user: UserId): Refusal | null => state.value.refusals.get(user) ?? null;

/** The words are read, or something else is tried. */
export const forgive = (user: UserId): void => apply({ kind: "dropped", user });

let seen: (people: readonly Presence[]) => void = () => undefined;
let catchUp: () => void = () => undefined;

/** `note` takes who is there; `follow` asks for what is new of oneself. */
export function begin(note: (people: readonly Presence[]) => void, follow: () => void): void {
  [seen, catchUp] = [note, follow];
  state.value = strangers;
  onBack(() => {
    if (state.value.stage !== "ready") void load();
  });
}

let tries = 0;
let run = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Everybody with whom there is anything. The three lists count only as one: where something changed between them they are asked again. */
export async function load(): Promise<void> {
  run += 1;
  const own = run;
  clearTimeout(timer);
  const [known, asked, blocked] = await Promise.all([call("GET", "/api/v1/contacts", readContacts), call("GET", "/api/v1/contact-requests", contactRequests), call("GET", "/api/v1/blocks", blocks)]);
  if (own !== run) return;
  if (known.kind === "ok" && asked.kind === "ok" && blocked.kind === "ok" && known.value.rev === asked.value.rev && asked.value.rev === blocked.value.rev) {
    tries = 0;
    seen(known.value.contacts.map(presenceOf));
    // Blocks come last: whoever is blocked may have left a request behind.
    const all = new Map([...known.value.contacts.map(bare), ...asked.value.incoming, ...asked.value.outgoing, ...blocked.value.blocks].map((one) => [one.user_id, one]));
    return apply({ kind: "loaded", relations: [...all.values()], rev: known.value.rev });
  }
  if ([known, asked, blocked].some((answer) => answer.kind !== "ok")) apply({ kind: "failed" });
  if (reach.value.phase === "away") return; // at its return it is asked for anyway
  tries += 1;
  timer = setTimeout(() => void load(), backOff(tries, Math.random()));
}

/** A contact without what they do just now, which others keep. */
function bare({ online: _online, status: _status, last_seen: _seen, ...rest }: Relation & Presence): Relation {
  return rest;
}

const presenceOf = ({ user_id, online, status, last_seen }: Presence): Presence => ({ user_id, online, ...(status === undefined ? {} : { status }), ...(last_seen === undefined ? {} : { last_seen }) });

/** Of those without a conversation no frame tells whether they are there: so often they are asked for. Green is never old. */
const LOOK_EVERY = 25_000;

/** `isTold`: whether frames tell of this person. */
export function watch(isTold: (user: UserId) => boolean): void {
  const look = (): void => {
    const untold = (one: Relation): boolean => one.contact === "contact" && !isTold(one.user_id);
    if (document.visibilityState === "visible" && [...state.value.all.values()].some((known) => untold(known.relation))) void lookWhoIsThere();
  };
  setInterval(look, LOOK_EVERY);
  document.addEventListener("visibilitychange", look);
}

/** Who of the contacts is there now. */
export async function lookWhoIsThere(): Promise<void> {
  const answer = await call("GET", "/api/v1/contacts", readContacts);
  if (answer.kind === "ok") seen(answer.value.contacts.map(presenceOf));
}

/** The history is another one: nothing that is held counts. */
export function forget(): void {
  state.value = strangers;
  void load();
}

export function learn(news: readonly Relation[], rev: number): void {
  apply({ kind: "learned", relations: news, rev });
  for (const one of news) beat(one.user_id);
  // Contacts may see of each other what strangers may not.
  if (news.some((one) => one.contact === "contact")) void lookWhoIsThere();
}

export function hearProfile(person: Person): void {
  apply({ kind: "profile", user: person });
  beat(person.user_id);
}

const beats = signal<ReadonlyMap<UserId, number>>(new Map());
/** Counts what was heard of a person: the moment to load their open card again. */
export const heardOf = (user: UserId): number => beats.value.get(user) ?? 0;
const beat = (user: UserId): void => void (beats.value = new Map(beats.value).set(user, (beats.value.get(user) ?? 0) + 1));

/** Their card; it also tells whether they are there. */
export async function getCard(user: UserId): Promise<Answer<Profile>> {
  const answer = await call("GET", `/api/v1/users/${user}`, profile);
  if (answer.kind === "ok") seen([presenceOf(answer.value)]);
  return answer;
}

/** Asks them to become a contact; `note` may be empty. */
export const ask = (person: Person, note = ""): Promise<boolean> => want(person, "ask", () => call("POST", "/api/v1/contact-requests", readRelation, { user_id: person.user_id, note }));

export const accept = (person: Person): Promise<boolean> => answerRequest(person, "accept", (id) => call("POST", `/api/v1/contact-requests/${id}/accept`, readRelation));

export const withdraw = (person: Person): Promise<boolean> => answerRequest(person, "withdraw", (id) => call("DELETE", `/api/v1/contact-requests/${id}`, nothing));

/** Done when the time for second thoughts is over; nobody tells the sender. */
export function decline(person: Person): void {
  const id = relation(person).request?.id;
  if (id === undefined || !wish(person, "decline")) return;
  later(
    say("declined", { name: person.display_name }),
    () => void granted(person, "decline", () => callLasting("POST", `/api/v1/contact-requests/${id}/reject`, nothing)),
    () => forgive(person.user_id),
  );
}

/** Done when the time for second thoughts is over: the other one would have to accept anew. */
export function remove(person: Person): void {
  if (!wish(person, "remove")) return;
  later(
    say("removed", { name: person.display_name }),
    () => void granted(person, "remove", () => callLasting("DELETE", `/api/v1/contacts/${person.user_id}`, nothing)),
    () => forgive(person.user_id),
  );
}

/** At once: whoever blocks wants peace now. Lifting it gives a stranger back all there was; a contact would have to be asked anew. */
export async function block(person: Person): Promise<boolean> {
  const isContact = relation(person).contact === "contact";
  const done = await want(person, "block", () => call("PUT", `/api/v1/blocks/${person.user_id}`, nothing));
  if (done) told(say(isContact ? "blocked-contact" : "blocked-now", { name: person.display_name }), () => void unblock(person), say(isContact ? "unblock" : "undo"));
  return done;
}

export const unblock = (person: Person): Promise<boolean> => want(person, "unblock", () => call("DELETE", `/api/v1/blocks/${person.user_id}`, nothing));

function answerRequest(person: Person, what: Wish, send: (id: string) => Promise<Answer<Relation | true>>): Promise<boolean> {
  const id = relation(person).request?.id;
  return id === undefined ? Promise.resolve(false) : want(person, what, () => send(id));
}

async function want(person: Person, what: Wish, send: () => Promise<Answer<Relation | true>>): Promise<boolean> {
  return wish(person, what) ? granted(person, what, send) : false;
}

/** Shown as granted from now on. False: something else is wanted of this person already. */
function wish(person: Person, what: Wish): boolean {
  if (state.value.wishes.has(person.user_id)) return false;
  apply({ kind: "wished", user: person.user_id, wish: what });
  return true;
}

/** Whether the server granted it. */
async function granted(person: Person, what: Wish, send: () => Promise<Answer<Relation | true>>): Promise<boolean> {
  const user = person.user_id;
  const asked = asOf(state.value, user);
  const before = state.value.all.get(user)?.relation ?? relationWith({ ...state.value, wishes: new Map() }, person);
  const answer = await send();
  if (answer.kind === "ok") {
    apply({ kind: "granted", relation: answer.value === true ? wished(before, what) : answer.value, asked });
    beat(user);
    return true;
  }
  if (answer.kind === "problem" && isOver(what, answer.problem.status)) {
    // Somebody was quicker, here or there: what holds now is told.
    apply({ kind: "dropped", user });
    catchUp();
    void load();
    return false;
  }
  const problem = answer.kind === "problem" && isOurs(answer.problem) ? answer.problem : null;
  apply({ kind: "refused", user, refusal: { wish: what, problem } });
  return false;
}

/** The request, contact or block is not there any more, or there is one already. */
const isOver = (what: Wish, status: number): boolean => (what === "ask" || what === "block" ? status === 409 : status === 404);
