// The slim bar under the header: what is going on, what still works, and a way to try now.
import { useEffect, useState } from "preact/hooks";
import { CheckCheck, CloudOff, Gauge, Hourglass, RefreshCw, WifiOff } from "lucide";
import { Icon } from "../kit/icon.dom";
import { probeNow, reach } from "../kit/reach.dom";
import { say } from "../kit/words.std";
import { link, retryNow } from "./actions.dom";
import * as live from "./live.dom";

/** What the bar says while something is away, and its picture. */
const WAYS = {
  offline: { icon: WifiOff, what: "offline-now", works: "offline-works" },
  slower: { icon: Gauge, what: "slower", works: "slower-works" },
  away: { icon: CloudOff, what: "away", works: "away-works" },
  server: { icon: Hourglass, what: "server-away", works: "server-away-works" },
  both: { icon: CloudOff, what: "both-away", works: "both-away-works" },
} as const;

/** Which of the two programs is away, or both; null: neither, or not for long. */
function wayOf(offline: boolean): keyof typeof WAYS | null {
  const [relay, server] = [link.value.bar === "away", reach.value.bar === "away"];
  if (!relay && !server) return null;
  if (offline) return "offline";
  if (relay && server) return "both";
  if (server) return "server";
  return live.live.value.phase === "up" ? "slower" : "away";
}

export function ConnectionBar() {
  const { bar, news, phase } = link.value;
  const way = wayOf(useOffline());
  if (way === null) {
    return (
      <div class="bar-place" role="status">
        {(bar === "back" || reach.value.bar === "back") && (
          <div class="bar bar--back">
            <Icon of={CheckCheck} size={18} />
            <span>{bar !== "back" || news === 0 ? say("back-online") : say("back-online-new", { count: news })}</span>
          </div>
        )}
      </div>
    );
  }
  const { icon, what, works } = WAYS[way];
  return (
    <div class="bar-place" role="status">
      <div class={`bar bar--away ${way === "server" ? "bar--calm" : ""}`} data-way={way}>
        <Icon of={icon} size={18} />
        <span class="bar__words">
          <strong>{say(what)}</strong> {say(works)}
        </span>
        <button type="button" class="button button--small" onClick={tryNow} aria-disabled={way !== "server" && phase === "connecting"}>
          <Icon of={RefreshCw} size={16} />
          <span>{say("retry-now")}</span>
        </button>
      </div>
    </div>
  );
}

function tryNow(): void {
  retryNow();
  live.retryNow();
  probeNow();
}

function useOffline(): boolean {
  const [offline, setOffline] = useState(!navigator.onLine);
  useEffect(() => {
    const look = (): void => setOffline(!navigator.onLine);
    window.addEventListener("online", look);
    window.addEventListener("offline", look);
    return () => {
      window.removeEventListener("online", look);
      window.removeEventListener("offline", look);
    };
  }, []);
  return offline;
}
