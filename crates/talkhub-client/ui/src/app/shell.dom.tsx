// The page as a whole: sidebar, what is open, the bottom bar of phones, dialogs and quiet hints.
import { useSignal } from "@preact/signals";
import { CircleUserRound, MessagesSquare, UsersRound } from "lucide";
import type { IconNode } from "lucide";
import type { ComponentChildren } from "preact";
import { me } from "../accounts/actions.dom";
import { IdCard } from "../accounts/id_card.dom";
import { ThemeChoice } from "../accounts/own_card.dom";
import { PresenceChoices } from "../accounts/presence_choice.dom";
import { list } from "../conversations/actions.dom";
import { Find } from "../conversations/find.dom";
import { partner, totalUnread } from "../conversations/state.std";
import { Dialog } from "../kit/dialog.dom";
import { EmptySea } from "../kit/drawings.dom";
import { Icon } from "../kit/icon.dom";
import { useLate } from "../kit/late.dom";
import { OpenMenu } from "../kit/menu.dom";
import { Offer } from "../kit/offer.dom";
import { reach } from "../kit/reach.dom";
import { say } from "../kit/words.std";
import { unsent } from "../messages/sender.dom";
import { ConversationView } from "../messages/view.dom";
import { ConnectionBar } from "../relay/bar.dom";
import { grouped, isUserId } from "../relay/ids.std";
import { CardDialog } from "./card.dom";
import { Details } from "./details.dom";
import { Hints } from "./hints.dom";
import { Home } from "./home.dom";
import { Refused } from "./refused.dom";
import { leaving, signOut, stay } from "./leaving.dom";
import { waiting } from "./people.dom";
import { details, finding, goBack, goHome, goTo, open, pane, type Pane } from "./place.dom";
import { pathOf } from "./routes.std";
import { Sidebar } from "./sidebar.dom";

export function Shell() {
  /** What the person is asked about before it is thrown away; 0: nothing is asked. */
  const sure = useSignal(0);
  const place = open.value;
  const asked = async (): Promise<void> => {
    const count = await unsent();
    if (count === 0) void signOut(false);
    else sure.value = count;
  };
  const staying = (): void => {
    sure.value = 0;
    stay();
  };
  const inside = place.kind !== "none";
  return (
    <div class="shell" data-inside={inside} data-pane={pane.value}>
      <a class="skip" href="#main">
        {say("skip-to-content")}
      </a>
      <Sidebar onSignOut={() => void asked()} note={sure.value === 0 && <NotOut />} />
      <main id="main" class="main" tabIndex={-1}>
        <Hints />
        {pane.value === "you" && !inside && <You onSignOut={() => void asked()} note={sure.value === 0 && <NotOut />} />}
        <Opened />
      </main>
      {!inside && <BottomBar />}
      {finding.value && (
        <Dialog label={say("find-someone")} onClose={() => (finding.value = null)}>
          <Find
            initial={finding.value.text}
            onPick={(user) => {
              pane.value = "chats"; // where the new conversation stands when one comes back
              goTo(user);
            }}
          />
        </Dialog>
      )}
      {sure.value !== 0 && (
        <Dialog label={say("log-out")} onClose={staying}>
          <p>{say("log-out-unsent", { count: sure.value })}</p>
          <div class="dialog__buttons">
            <button type="button" class="button" onClick={staying}>
              {say("stay")}
            </button>
            <button type="button" class="button button--danger" onClick={() => void signOut(true)} aria-disabled={leaving.value === "trying"}>
              {say("log-out-anyway")}
            </button>
          </div>
          <NotOut />
        </Dialog>
      )}
      <CardDialog />
      <OpenMenu />
      <Offer />
    </div>
  );
}

function Opened() {
  const place = open.value;
  switch (place.kind) {
    case "none":
      return (
        <div class="main__pane main__pane--home">
          <ConnectionBar />
          <Home />
        </div>
      );
    case "open": {
      const conversation = list.value?.all.get(place.id);
      const other = conversation && me.value && partner(conversation, me.value.user_id);
      return conversation && other ? (
        <div class="beside">
          <ConversationView conversation={conversation} onBack={goBack} onGone={goHome} onReturn={() => goTo(other.user_id)} onDetails={() => (details.value = !details.value)} detailed={details.value} bar={<ConnectionBar />} />
          {details.value && <Details key={conversation.id} conversation={conversation} />}
        </div>
      ) : (
        <Opening />
      );
    }
    case "opening":
      return <Opening />;
    case "missing": {
      const id = place.text.replace(/\s+/g, "");
      return (
        <Sorry title={say("not-found-title")} text={place.text.startsWith("/") ? say("not-found-page") : say("not-found-text", { id: isUserId(id) ? grouped(id) : place.text })} />
      );
    }
    case "refused":
      return <Refused key={place.user} user={place.user} problem={place.problem} />;
    case "failed":
      return <Sorry title={say("open-failed-title")} text={say(reach.value.phase === "away" ? "server-away-opening" : "open-failed-text")} />;
  }
}

function Opening() {
  const late = useLate(true);
  return <div class="talk">{late && <span class="skeleton skeleton--header" />}</div>;
}

function Sorry({ title, text }: { title: string; text: string }) {
  return (
    <div class="empty empty--page">
      <EmptySea />
      <h1>{title}</h1>
      <p dir="auto">{text}</p>
      <button type="button" class="button button--accent" onClick={goHome}>
        {say("not-found-home")}
      </button>
    </div>
  );
}

/** On phones: oneself as a page of its own. */
function You({ onSignOut, note }: { onSignOut: () => void; note: ComponentChildren }) {
  const self = me.value;
  if (!self) return null;
  return (
    <div class="main__pane main__pane--phone you">
      <IdCard me={self} link={window.location.origin + pathOf(self.user_id)} />
      <PresenceChoices me={self} name="presence-you" />
      <ThemeChoice me={self} />
      <a class="button button--wide" href="/settings/profile">
        {say("settings")}
      </a>
      <button type="button" class="button button--wide" onClick={onSignOut}>
        {say("log-out")}
      </button>
      {note}
    </div>
  );
}

/** Beside the button that was pressed: it did not work, and nothing is lost. */
function NotOut() {
  return leaving.value === "failed" ? (
    <p class="not-out" role="alert">
      {say("log-out-failed")}
    </p>
  ) : null;
}

function BottomBar() {
  const unread = list.value ? totalUnread(list.value) : 0;
  const asking = waiting();
  const tabs: { pane: Pane; icon: IconNode; news: string }[] = [
    { pane: "chats", icon: MessagesSquare, news: unread === 0 ? "" : say("unread", { count: unread }) },
    { pane: "people", icon: UsersRound, news: asking === 0 ? "" : say("requests-waiting", { count: asking }) },
    { pane: "you", icon: CircleUserRound, news: "" },
  ];
  return (
    <nav class="tabs" aria-label={say("name")}>
      {tabs.map((tab) => (
        <button type="button" key={tab.pane} class={`tabs__one ${pane.value === tab.pane ? "tabs__one--here" : ""}`} aria-current={pane.value === tab.pane ? "page" : undefined} onClick={() => (pane.value = tab.pane)}>
          <span class="tabs__icon">
            <Icon of={tab.icon} size={22} />
            {tab.news !== "" && <span class="tabs__dot" />}
          </span>
          <span>{say(`bar-${tab.pane}`)}</span>
          {tab.news !== "" && <span class="unseen">{tab.news}</span>}
        </button>
      ))}
    </nav>
  );
}
