// What comes in, handed to the slices; and when everything is compared with the server: one path for opening, reconnecting, waking.
import { computed, effect } from "@preact/signals";
import * as accounts from "../accounts/actions.dom";
import * as signIns from "../accounts/sign_ins.actions.dom";
import * as contacts from "../contacts/actions.dom";
import * as conversations from "../conversations/actions.dom";
import { behind, totalUnread, withPerson } from "../conversations/state.std";
import { onSignedOut } from "../kit/http.dom";
import { backOff } from "../kit/back_off.std";
import { never } from "../kit/never.std";
import { onBack, probeBy, reach } from "../kit/reach.dom";
import { steady } from "../kit/steady.dom";
import * as undo from "../kit/undo.dom";
import * as messages from "../messages/actions.dom";
import { inMemoryOnly, outbox } from "../messages/kept.dom";
import { unsent } from "../messages/outbox.std";
import * as sender from "../messages/sender.dom";
import * as presence from "../presence/actions.dom";
import * as relay from "../relay/actions.dom";
import { clientFrame, relayFrame, serverFrame } from "../relay/codec.std";
import * as live from "../relay/live.dom";
import type { Conversation, Delivery, Island, ServerFrame, Stamp, UserId } from "../relay/wire.gen.std";
import { leaving, onOtherTabLeft } from "./leaving.dom";

/** `look` asks everybody at once: the answers are spread. */
const LOOK_JITTER = 4_000;
const MINUTE = 60_000;
const DOUBT_EVERY = 5_000;
const DRIFT = 10_000;
/** Without the relay and without the stream that stands in for it the page asks. */
const ASK_EVERY = 8_000;
/** Streams that end together are not followed by questions at one moment. */
const DOWN_JITTER = 1_000;

export function begin(island: Island): void {
  accounts.begin(island.me);
  signIns.begin(island.me.user_id);
  contacts.begin(presence.seen, () => void follow());
  conversations.begin(island.me);
  undo.begin();
  onSignedOut(toLogin);
  watchTabs();
  probeBy(() => void compareHeads());
  onBack(() => sender.hurry());
  void messages.begin(island.me, doubt);
  void refreshList();
  void contacts.load();
  contacts.watch((user) => conversations.list.value !== null && withPerson(conversations.list.value, user) !== null);
  // The stream rests only after the resync: until then one of the two has told everything.
  relay.begin({ up: () => void resync().then(live.rest), down: () => undefined, delivered });
  live.begin({ isMine, up: () => void resync(), down: compareSoon, delivered });
  window.addEventListener("online", () => {
    sender.hurry();
    messages.hurry();
    void compareHeads();
  });
  window.addEventListener("beforeunload", askBeforeLoss);
  watchTime();
  watchAway();
}

/** Where the browser keeps nothing, leaving the page would lose what has not gone out: it asks. */
function askBeforeLoss(event: BeforeUnloadEvent): void {
  if (inMemoryOnly.value && leaving.value !== "trying" && unsent(outbox.value).length !== 0) event.preventDefault();
}

/** To the login page and back here afterwards; unsent messages stay in their store. */
function toLogin(): void {
  if (leaving.value === "trying") return; // on the way out already, and the outbox has to be cleared first
  relay.end();
  live.end();
  const next = window.location.pathname === "/" ? "" : `?next=${encodeURIComponent(window.location.pathname)}`;
  window.location.replace(`/login${next}`);
}

function watchTabs(): void {
  onOtherTabLeft(toLogin);
  // A page from the back-forward cache may belong to a sign-in that is over.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });
}

let doubtedAt = Number.NEGATIVE_INFINITY;

/** Is the logic server away? Asked at most every few seconds. */
function doubt(): void {
  if (reach.value.phase === "away" || steady() - doubtedAt < DOUBT_EVERY) return;
  doubtedAt = steady();
  void compareHeads();
}

let listTries = 0;
let listTimer: ReturnType<typeof setTimeout> | undefined;

/** The whole list; opened timelines that are behind it follow up. Tried again by itself until it has come. */
async function refreshList(): Promise<boolean> {
  clearTimeout(listTimer);
  const before = conversations.list.value?.history ?? null;
  const all = await conversations.load();
  if (all === null) {
    listTries += 1;
    listTimer = setTimeout(() => void refreshList(), backOff(listTries, Math.random()));
    return false;
  }
  listTries = 0;
  if (before !== null && before !== all.history_id) contacts.forget();
  presence.contact();
  sender.learn(all.history_id);
  for (const one of all.conversations) {
    notePresence(one);
    messages.compare(one.id, one.rev, all.history_id);
  }
  // The list does not tell what is one's own: name, theme.
  if ((conversations.list.value?.rev ?? 0) < all.rev) await follow();
  return true;
}

function notePresence(one: Conversation): void {
  presence.seen(one.members);
  if (!one.typing) presence.hideTyping(one.id);
  for (const member of one.members) messages.hearMark(one.id, { user_id: member.user_id, read: member.read });
}

/** Connected: subscribed to all groups, so what is fetched now leaves no hole. */
async function resync(): Promise<void> {
  sender.hurry();
  messages.hurry();
  const before = unread();
  if (await refreshList()) relay.noteNews(Math.max(0, unread() - before));
}

const unread = (): number => (conversations.list.value ? totalUnread(conversations.list.value) : 0);

/** RU11. Also heals what a lost frame left behind. */
export async function compareHeads(): Promise<void> {
  const held = conversations.list.value;
  const heads = await conversations.getHeads();
  if (!heads) return;
  presence.contact();
  sender.learn(heads.history_id);
  if (!held) return;
  for (const [id, rev] of heads.heads) messages.compare(id, rev, heads.history_id);
  const lag = behind(held, heads);
  if (lag.otherHistory || lag.unknown || lag.conversations.length !== 0) await refreshList();
  else if (lag.person) await follow();
}

/** The stream has ended: if the sign-in is over, the answer says so. */
function compareSoon(): void {
  setTimeout(() => void compareHeads(), Math.random() * DOWN_JITTER);
}

async function follow(): Promise<void> {
  const news = await conversations.follow();
  if (news === "other history") return void (await refreshList());
  if (news?.me) accounts.learn(news.me);
  if (news) contacts.learn(news.relations, news.upto);
  for (const one of news?.conversations ?? []) notePresence(one);
}

function delivered(delivery: Delivery): void {
  if (delivery.from === "server") {
    const frame = serverFrame(delivery.frame);
    if (frame) onServer(frame);
  } else if (delivery.from === "relay") {
    onRelay(delivery);
  } else if (delivery.class === "ephemeral") {
    onClient(delivery.from, delivery);
  } else if (delivery.unsaved === true) {
    onUnsaved(delivery.from, delivery);
  }
}

/** Signed in as somebody else in another tab: this page belongs to nobody any more. */
function isMine(user: UserId): boolean {
  if (user === accounts.me.value?.user_id) return true;
  window.location.reload();
  return false;
}

function onServer(frame: ServerFrame): void {
  presence.contact();
  switch (frame.kind) {
    case "hello":
      if (isMine(frame.user.user_id)) relay.confirm();
      return;
    case "message": {
      const known = conversations.find(frame.message.conversation);
      conversations.apply({ kind: "message", message: frame.message });
      messages.hear(frame.message, frame.history_id);
      presence.spoke(frame.message.conversation, frame.message.sender.user_id);
      if (!known) void follow();
      else if (known.seq + 1 < frame.message.seq) void compareHeads();
      return;
    }
    case "beat":
      return;
    case "not_saved":
      return messages.hearNotSaved(frame.conversation, frame.user_id, frame.id);
    case "read": {
      conversations.apply({ kind: "read", conversation: frame.conversation, user: frame.user_id, read: frame.read });
      messages.hearMark(frame.conversation, frame);
      const after = conversations.find(frame.conversation);
      if (frame.user_id === accounts.me.value?.user_id && after && after.unread !== 0) void conversations.getHeads();
      return;
    }
    case "presence":
      return presence.seen(frame.people);
    case "person":
      if ((conversations.list.value?.rev ?? 0) < frame.rev) void follow();
      return;
    case "signed_in":
      return signIns.hear(frame);
    case "profile":
      accounts.hearProfile(frame.user);
      contacts.hearProfile(frame.user);
      conversations.apply({ kind: "profile", user: frame.user });
      return messages.hearProfile(frame.user);
    default:
      return never(frame);
  }
}

function onRelay(delivery: Delivery): void {
  switch (relayFrame(delivery.frame)?.kind) {
    case "look":
      // What was passed on goes at once: the logic server waits for it.
      sender.hurry();
      messages.looked();
      // The whole list: who is there may have changed while the programs were apart, and the heads do not tell that.
      setTimeout(() => void refreshList(), Math.random() * LOOK_JITTER);
      return;
    case "replaced":
    case "revoked":
      return relay.forgetTicket();
    default:
      return;
  }
}

/** From another client, and not stored yet: shown apart, where the sender is a member and the group is the conversation's. */
function onUnsaved(from: Stamp, delivery: Delivery): void {
  const conversation = conversations.withGroup(delivery.to);
  if (!conversation || isBlocked(conversation, from)) return;
  const line = messages.hearUnsaved(conversation, delivery);
  if (line) presence.spoke(conversation.id, line.sender.user_id);
}

/** INV13: where the relay could not be told of a block yet, the page of whoever blocked drops what comes by itself. */
function isBlocked(conversation: Conversation, from: Stamp): boolean {
  const member = conversation.members.find((one) => one.subject === from.subject);
  return member !== undefined && contacts.relation(member).blocked;
}

/** From another client: only typing, only where the sender is a member and the group is the conversation's. */
function onClient(from: Stamp, delivery: Delivery): void {
  const frame = clientFrame(delivery.frame);
  if (frame?.kind !== "typing") return;
  const conversation = conversations.find(frame.conversation);
  const member = conversation?.members.find((one) => one.subject === from.subject);
  if (!conversation || !member || conversation.group !== delivery.to || member.user_id === accounts.me.value?.user_id) return;
  if (isBlocked(conversation, from)) return;
  if (!conversation.typing) return; // whoever keeps it from others does not see it either
  presence.hearTyping(frame.conversation, member.user_id, frame.on, delivery.at ?? null);
}

function watchTime(): void {
  let last = Date.now();
  let comparedAt = Date.now();
  // With the beat of 5 s never more than a minute apart.
  const minute = MINUTE * (0.7 + Math.random() * 0.2);
  const compare = (): void => {
    comparedAt = Date.now();
    void compareHeads();
  };
  setInterval(() => {
    const now = Date.now();
    const drift = Math.abs(now - last - 5_000);
    last = now;
    if (DRIFT < drift) {
      relay.retryNow();
      live.renew();
      sender.hurry();
      messages.hurry();
      compare();
    } else if (document.visibilityState === "visible" && minute <= now - comparedAt) compare();
  }, 5_000);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible" && DRIFT < Date.now() - comparedAt) compare();
  });
}

/** While the relay is away messages go out by HTTPS, and the page asks for news where it is not told them. */
function watchAway(): void {
  let timer: ReturnType<typeof setInterval> | undefined;
  // Of the connections only this: every new try would else begin the time between two questions again.
  const away = computed(() => relay.link.value.bar === "away");
  const untold = computed(() => away.value && live.live.value.phase !== "up");
  effect(() => {
    // Not inside the effect: it must depend on the connection alone.
    if (away.value) queueMicrotask(() => sender.hurry());
  });
  effect(() => {
    clearInterval(timer);
    if (!untold.value) return;
    timer = setInterval(() => {
      if (document.visibilityState === "visible") void ask();
    }, ASK_EVERY);
  });
}

async function ask(): Promise<void> {
  sender.pump();
  await refreshList();
}
