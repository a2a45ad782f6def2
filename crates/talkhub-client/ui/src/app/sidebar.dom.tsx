// The sidebar: the list of conversations or of people with its filter, and oneself at the bottom. Its width can be drawn and is remembered.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ChevronDown, ChevronRight, Search, UserRoundPlus } from "lucide";
import { me } from "../accounts/actions.dom";
import { OwnCard } from "../accounts/own_card.dom";
import { relation } from "../contacts/actions.dom";
import { showCard } from "../contacts/card.dom";
import { faceless } from "../contacts/state.std";
import { leavingList, list } from "../conversations/actions.dom";
import { Row } from "../conversations/row.dom";
import { badge, filtered, newestFirst, partner, requests, totalUnread } from "../conversations/state.std";
import { Icon } from "../kit/icon.dom";
import { idle } from "../kit/idle.dom";
import { remember, remembered } from "../kit/keep.dom";
import { useLate } from "../kit/late.dom";
import { PHONE, useMedia } from "../kit/media.dom";
import { Mark } from "../kit/mark.dom";
import { say } from "../kit/words.std";
import { newestUnsaved } from "../messages/actions.dom";
import { draft } from "../messages/drafts.dom";
import { shown as shownAs } from "../presence/actions.dom";
import { ownShown } from "../presence/state.std";
import { isTyping } from "../presence/view.dom";
import { link } from "../relay/actions.dom";
import { ConnectionBar } from "../relay/bar.dom";
import type { Conversation, Me } from "../relay/wire.gen.std";
import { Hints } from "./hints.dom";
import { OnlineList } from "./online.dom";
import { People, waiting } from "./people.dom";
import { finding, goHome, goTo, open, pane, type Pane } from "./place.dom";
import { pathOf } from "./routes.std";

const [NARROWEST, USUAL, WIDEST] = [260, 320, 420];

/** Those worth a row: with messages, with a draft, or open now. Others appear when something is said. */
export function shown(self: Me): Conversation[] {
  const state = list.value;
  if (!state) return [];
  const place = open.value;
  return newestFirst(state).filter((one) => one.state === "open" && (one.seq !== 0 || newestUnsaved.value.has(one.id) || draft(one.id).value.trim() !== "" || (place.kind === "open" && place.id === one.id) || partner(one, self.user_id)?.user_id === self.user_id));
}

/** `note`: what there is to say about signing out, beside its button. */
export function Sidebar({ onSignOut, note }: { onSignOut: () => void; note: ComponentChildren }) {
  const self = me.value;
  const text = useSignal("");
  const phone = useMedia(PHONE);
  if (!self) return null;
  return (
    <aside class="sidebar" aria-label={say("conversations")}>
      <header class="sidebar__top">
        <a
          class="brand"
          href="/"
          onClick={(event) => {
            event.preventDefault();
            goHome();
          }}
        >
          <Mark />
          <span class="brand__name">{say("name")}</span>
        </a>
        <button type="button" class="button button--icon" aria-label={say("find-someone")} title={say("find-someone")} onClick={() => (finding.value = { text: "" })}>
          <Icon of={UserRoundPlus} />
        </button>
      </header>
      {phone && <ConnectionBar />}
      {phone && <Hints />}
      <Places />
      <div class="search sidebar__search">
        <Icon of={Search} size={18} />
        <input
          type="search"
          value={text.value}
          placeholder={say("filter")}
          aria-label={say(pane.value === "people" ? "filter-people" : "filter-hint")}
          autocomplete="off"
          onInput={(event) => (text.value = event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") text.value = "";
          }}
        />
      </div>
      {pane.value === "people" ? <People text={text.value} /> : <ConversationList self={self} text={text.value} />}
      {pane.value !== "people" && <OnlineList self={self} />}
      {note}
      <OwnCard me={self} shown={ownShown(self.presence, link.value.phase === "connected", idle.value)} onHome={goHome} onSignOut={onSignOut} />
      <Handle />
    </aside>
  );
}

/** Chats and people; on phones the bar at the bottom stands for them. */
function Places() {
  const unread = list.value ? totalUnread(list.value) : 0;
  const places: { pane: Pane; count: number; words: string }[] = [
    { pane: "chats", count: unread, words: say("unread", { count: unread }) },
    { pane: "people", count: waiting(), words: say("requests-waiting", { count: waiting() }) },
  ];
  const here = pane.value === "people" ? "people" : "chats";
  return (
    <div class="places" role="group" aria-label={say("places")}>
      {places.map((place) => (
        <button type="button" key={place.pane} class={`places__one ${place.pane === here ? "places__one--here" : ""}`} aria-current={place.pane === here ? "page" : undefined} onClick={() => (pane.value = place.pane)}>
          <span>{say(`bar-${place.pane}`)}</span>
          {place.count !== 0 && (
            <span class="badge" key={place.count}>
              <span aria-hidden="true">{badge(place.count)}</span>
              <span class="unseen">{place.words}</span>
            </span>
          )}
        </button>
      ))}
    </div>
  );
}

function unsavedOf({ id }: Conversation, self: Me): { text: string; mine: boolean } | null {
  const line = newestUnsaved.value.get(id);
  return line ? { text: line.body, mine: line.sender.user_id === self.user_id } : null;
}

export function ConversationList({ self, text }: { self: Me; text: string }) {
  const state = list.value;
  const waiting = state === null || state.stage === "loading";
  const late = useLate(waiting);
  const all = shown(self);
  const matching = filtered(all, self.user_id, text);
  const place = open.value;
  const asking = state ? filtered(requests(state), self.user_id, text).filter((one) => !leavingList.value.has(one.id) && !isBlocked(one, self)) : [];
  return (
    <nav class="list" aria-label={say("conversations")}>
      {asking.length !== 0 && <MessageRequests all={asking} self={self} />}
      {0 < matching.length && <h2 class="list__title">{say("conversations-private")}</h2>}
      <ul>
        {matching.map((one) => {
          const who = partner(one, self.user_id);
          return who ? (
            <Row
              key={one.id}
              conversation={one}
              self={self.user_id}
              href={pathOf(who.user_id)}
              open={place.kind === "open" && place.id === one.id}
              shown={shownAs(who.user_id)}
              typing={isTyping(one.id)}
              draft={draft(one.id).value}
              unsaved={unsavedOf(one, self)}
              onOpen={() => goTo(who.user_id)}
              onFace={() => showCard(who)}
            />
          ) : null;
        })}
      </ul>
      {waiting && late && [0, 1, 2, 3, 4].map((index) => <span key={index} class="skeleton skeleton--row" />)}
      {state?.stage === "failed" && <p class="list__note">{say("list-failed")}</p>}
      {state?.stage === "ready" && matching.length === 0 && (
        <div class="list__empty">
          <p>{all.length === 0 ? say("list-empty") : say("filter-none", { text: text.trim() })}</p>
          <button type="button" class="button" onClick={() => (finding.value = { text: text.trim() })}>
            <Icon of={UserRoundPlus} size={18} />
            <span>{say("find-someone")}</span>
          </button>
        </div>
      )}
    </nav>
  );
}

/** Whoever is blocked asks for nothing. */
function isBlocked(conversation: Conversation, self: Me): boolean {
  const who = partner(conversation, self.user_id);
  return who !== null && relation(who).blocked;
}

/** What strangers have begun: apart, folded up, and no part of any badge. Nothing of theirs is fetched unasked. */
function MessageRequests({ all, self }: { all: readonly Conversation[]; self: Me }) {
  const chosen = useSignal<boolean | null>(null);
  const place = open.value;
  const inside = place.kind === "open" && all.some((one) => one.id === place.id);
  const shows = chosen.value ?? inside;
  return (
    <section class="requests" aria-label={say("message-requests")}>
      <button type="button" class="requests__fold" aria-expanded={shows} onClick={() => (chosen.value = !shows)}>
        <Icon of={shows ? ChevronDown : ChevronRight} size={18} />
        <span>{say("message-requests")}</span>
        <span class="requests__count">{all.length}</span>
      </button>
      {shows && <p class="requests__why">{say("message-requests-why")}</p>}
      {shows && (
        <ul>
          {all.map((one) => {
            const who = partner(one, self.user_id);
            return who ? (
              <Row
                key={one.id}
                conversation={{ ...one, unread: 0, members: one.members.map((member) => (member.user_id === who.user_id ? faceless(member) : member)) }}
                self={self.user_id}
                href={pathOf(who.user_id)}
                open={place.kind === "open" && place.id === one.id}
                shown={undefined}
                typing={false}
                draft=""
                unsaved={unsavedOf(one, self)}
                onOpen={() => goTo(who.user_id)}
                onFace={() => showCard(faceless(who))}
              />
            ) : null;
          })}
        </ul>
      )}
    </section>
  );
}

/** The edge that one draws: with the pointer, or with the arrow keys. */
function Handle() {
  const width = useSignal(Number(remembered("talkhub-sidebar")) || USUAL);
  const drawing = useRef(false);
  const set = (pixels: number): void => {
    width.value = Math.min(WIDEST, Math.max(NARROWEST, Math.round(pixels)));
    document.documentElement.style.setProperty("--sidebar", `${width.value}px`);
  };
  useEffect(() => set(width.value), []);
  const done = (): void => {
    drawing.current = false;
    remember("talkhub-sidebar", String(width.value));
  };
  return (
    <div
      class="sidebar__handle"
      role="separator"
      aria-orientation="vertical"
      aria-label={say("resize-sidebar")}
      aria-valuemin={NARROWEST}
      aria-valuemax={WIDEST}
      aria-valuenow={width.value}
      tabIndex={0}
      onPointerDown={(event) => {
        drawing.current = true;
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        if (drawing.current) set(document.dir === "rtl" ? window.innerWidth - event.clientX : event.clientX);
      }}
      onPointerUp={done}
      onPointerCancel={done}
      onDblClick={() => {
        set(USUAL);
        done();
      }}
      onKeyDown={(event) => {
        const step = { ArrowLeft: -16, ArrowRight: 16 }[event.key];
        if (step === undefined) return;
        event.preventDefault();
        set(width.value + step);
        done();
      }}
    />
  );
}
