// Oneself at the bottom of the sidebar: name, ID, how others see one, theme, settings, logging out.
import { useRef } from "preact/hooks";
import { House, LogOut, Monitor, Moon, Settings, ShieldCheck, Sun } from "lucide";
import type { IconNode } from "lucide";
import { Avatar } from "../kit/avatar.dom";
import { Icon } from "../kit/icon.dom";
import type { Shown } from "../kit/shown.std";
import { say } from "../kit/words.std";
import { grouped } from "../relay/ids.std";
import type { Me, Theme } from "../relay/wire.gen.std";
import { chooseTheme } from "./actions.dom";
import { PresenceChoices } from "./presence_choice.dom";

const THEMES: readonly { theme: Theme; icon: IconNode }[] = [
  { theme: "dark", icon: Moon },
  { theme: "light", icon: Sun },
  { theme: "system", icon: Monitor },
];

export function OwnCard({ me, shown, onHome, onSignOut }: { me: Me; shown: Shown; onHome: () => void; onSignOut: () => void }) {
  const place = THEMES.findIndex((one) => one.theme === me.theme);
  const next = THEMES[(place + 1) % THEMES.length];
  const words = `${say("theme")}: ${say(`theme-${me.theme}`)}`;
  return (
    <>
      <OwnMenu me={me} onHome={onHome} />
      <div class="own">
        <button type="button" class="own__who" popovertarget="own-menu" aria-label={say("own-menu", { name: me.display_name })}>
          <Avatar person={me} shown={shown} />
          <span class="own__words">
            <span class="own__name" dir="auto">
              {me.display_name}
            </span>
            <span class="user-id own__id">{grouped(me.user_id)}</span>
          </span>
        </button>
        <button type="button" class="button button--icon" aria-label={words} title={words} onClick={() => next && void chooseTheme(next.theme)}>
          <Icon of={THEMES[place]?.icon ?? Moon} />
        </button>
        <a class="button button--icon" href="/settings/profile" aria-label={say("settings")} title={say("settings")}>
          <Icon of={Settings} />
        </a>
        <button type="button" class="button button--icon" aria-label={say("log-out")} title={say("log-out")} onClick={onSignOut}>
          <Icon of={LogOut} />
        </button>
      </div>
    </>
  );
}

/** Opens above the own card: what one is shown as, and ways to what is one's own. */
function OwnMenu({ me, onHome }: { me: Me; onHome: () => void }) {
  const menu = useRef<HTMLDivElement>(null);
  const home = (): void => {
    menu.current?.hidePopover();
    onHome();
  };
  return (
    <div ref={menu} id="own-menu" class="own-menu" popover="auto">
      <PresenceChoices me={me} name="presence-menu" />
      <div class="own-menu__links">
        <button type="button" class="own-menu__link" onClick={home}>
          <Icon of={House} size={18} />
          <span>{say("own-home")}</span>
        </button>
        <a class="own-menu__link" href="/settings/security">
          <Icon of={ShieldCheck} size={18} />
          <span>{say("devices-title")}</span>
        </a>
      </div>
    </div>
  );
}

export function ThemeChoice({ me }: { me: Me }) {
  return (
    <fieldset class="themes">
      <legend>{say("theme")}</legend>
      {THEMES.map(({ theme, icon }) => (
        <label key={theme} class={`themes__one ${me.theme === theme ? "themes__one--chosen" : ""}`}>
          <input type="radio" name="theme" value={theme} checked={me.theme === theme} onChange={() => void chooseTheme(theme)} />
          <Icon of={icon} size={18} />
          <span>{say(`theme-${theme}`)}</span>
        </label>
      ))}
    </fieldset>
  );
}
