// Oneself at the bottom of the sidebar: name, ID, theme, settings, logging out.
import { LogOut, Monitor, Moon, Settings, Sun } from "lucide";
import type { IconNode } from "lucide";
import { Avatar } from "../kit/avatar.dom";
import { Icon } from "../kit/icon.dom";
import { say } from "../kit/words.std";
import { grouped } from "../relay/ids.std";
import type { Me, Theme } from "../relay/wire.gen.std";
import { chooseTheme } from "./actions.dom";

const THEMES: readonly { theme: Theme; icon: IconNode }[] = [
  { theme: "dark", icon: Moon },
  { theme: "light", icon: Sun },
  { theme: "system", icon: Monitor },
];

export function OwnCard({ me, online, onHome, onSignOut }: { me: Me; online: boolean; onHome: () => void; onSignOut: () => void }) {
  const place = THEMES.findIndex((one) => one.theme === me.theme);
  const next = THEMES[(place + 1) % THEMES.length];
  const words = `${say("theme")}: ${say(`theme-${me.theme}`)}`;
  return (
    <div class="own">
      <button type="button" class="own__who" onClick={onHome}>
        <Avatar person={me} shown={online ? "online" : "offline"} />
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
