// Nothing open: the own ID to share, what to do next, who is online.
import { useSignal } from "@preact/signals";
import { ArrowRight, Hash, NotebookPen, Share2 } from "lucide";
import type { IconNode } from "lucide";
import { me } from "../accounts/actions.dom";
import { copy } from "../accounts/actions.dom";
import { IdCard } from "../accounts/id_card.dom";
import { relations } from "../contacts/actions.dom";
import { contacts } from "../contacts/state.std";
import { list } from "../conversations/actions.dom";
import { partner } from "../conversations/state.std";
import { Avatar } from "../kit/avatar.dom";
import { Icon } from "../kit/icon.dom";
import { remember, remembered } from "../kit/keep.dom";
import { say } from "../kit/words.std";
import { isOnline, presence, shown } from "../presence/actions.dom";
import { grouped } from "../relay/ids.std";
import type { Me } from "../relay/wire.gen.std";
import { finding, goTo } from "./place.dom";
import { pathOf } from "./routes.std";

export function Home() {
  const self = me.value;
  const shared = useSignal(self !== null && remembered(`talkhub-shared:${self.user_id}`) !== null);
  if (!self) return null;
  return (
    <div class="home">
      <div class="home__inner">
        <header class="home__hello">
          <h1 dir="auto">{say("home-title", { name: self.display_name })}</h1>
          <p>{say("home-lead")}</p>
        </header>
        <IdCard me={self} link={window.location.origin + pathOf(self.user_id)} onShared={() => (shared.value = true)} />
        <NextSteps self={self} shared={shared.value} onShared={() => (shared.value = true)} />
        <OnlineNow />
      </div>
    </div>
  );
}

interface Step {
  key: string;
  icon: IconNode;
  done: boolean;
  act: () => void;
}

/** Three suggestions; each goes when it is done. */
function NextSteps({ self, shared, onShared }: { self: Me; shared: boolean; onShared: () => void }) {
  const state = list.value;
  if (!state || state.stage !== "ready") return null;
  const others = [...state.all.values()].filter((one) => one.state === "open").map((one) => ({ written: one.seq !== 0, notes: partner(one, self.user_id)?.user_id === self.user_id }));
  const share = async (): Promise<void> => {
    if (!(await copy(grouped(self.user_id)))) return;
    remember(`talkhub-shared:${self.user_id}`, "yes");
    onShared();
  };
  const steps: Step[] = [
    { key: "find", icon: Hash, done: others.some((one) => one.written && !one.notes), act: () => (finding.value = { text: "" }) },
    { key: "share", icon: Share2, done: shared, act: () => void share() },
    { key: "notes", icon: NotebookPen, done: others.some((one) => one.written && one.notes), act: () => goTo(self.user_id) },
  ];
  const left = steps.filter((step) => !step.done);
  if (left.length === 0) return null;
  return (
    <section class="home__section" aria-label={say("home-next")}>
      <h2>{say("home-next")}</h2>
      <ul class="steps">
        {left.map((step) => (
          <li key={step.key}>
            <button type="button" class="step" onClick={step.act}>
              <span class="step__icon">
                <Icon of={step.icon} />
              </span>
              <span class="step__words">
                <span class="step__title">{say(`step-${step.key}`)}</span>
                <span class="step__why">{say(`step-${step.key}-why`)}</span>
              </span>
              <Icon of={ArrowRight} size={18} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Contacts who are there. */
function OnlineNow() {
  const people = contacts(relations.value, isOnline);
  const there = people.filter((one) => isOnline(one.user_id));
  if (people.length === 0 || presence.value.knownUntil === null) return null;
  return (
    <section class="home__section" aria-label={say("home-online")}>
      <h2>{say("home-online")}</h2>
      {there.length === 0 ? (
        <p class="home__none">{say("home-online-none")}</p>
      ) : (
        <ul class="faces">
          {there.map((one) => (
            <li key={one.user_id}>
              <button type="button" class="face" onClick={() => goTo(one.user_id)}>
                <Avatar person={one} shown={shown(one.user_id)} />
                <span dir="auto">{one.display_name}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
