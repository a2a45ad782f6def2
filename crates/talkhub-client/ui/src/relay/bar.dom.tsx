// The slim bar under the header: what is going on, what still works, and a way to try now.
import { useEffect, useState } from "preact/hooks";
import { CheckCheck, CloudOff, Gauge, RefreshCw, WifiOff } from "lucide";
import { Icon } from "../kit/icon.dom";
import { say } from "../kit/words.std";
import { link, retryNow } from "./actions.dom";
import * as live from "./live.dom";

/** What the bar says while the relay is away, and its picture. */
const WAYS = {
  offline: { icon: WifiOff, what: "offline-now", works: "offline-works" },
  slower: { icon: Gauge, what: "slower", works: "slower-works" },
  away: { icon: CloudOff, what: "away", works: "away-works" },
} as const;

export function ConnectionBar() {
  const { bar, news, phase } = link.value;
  const offline = useOffline();
  if (bar === "none") return <div class="bar-place" role="status" />;
  if (bar === "back") {
    return (
      <div class="bar-place" role="status">
        <div class="bar bar--back">
          <Icon of={CheckCheck} size={18} />
          <span>{news === 0 ? say("back-online") : say("back-online-new", { count: news })}</span>
        </div>
      </div>
    );
  }
  const way = offline ? "offline" : live.live.value.phase === "up" ? "slower" : "away";
  const { icon, what, works } = WAYS[way];
  return (
    <div class="bar-place" role="status">
      <div class="bar bar--away" data-way={way}>
        <Icon of={icon} size={18} />
        <span class="bar__words">
          <strong>{say(what)}</strong> {say(works)}
        </span>
        <button type="button" class="button button--small" onClick={tryNow} aria-disabled={phase === "connecting"}>
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
