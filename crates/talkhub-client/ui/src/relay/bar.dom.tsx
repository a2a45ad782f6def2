// The slim bar under the header: what is going on, what still works, and a way to try now.
import { useEffect, useState } from "preact/hooks";
import { CheckCheck, CloudOff, RefreshCw, WifiOff } from "lucide";
import { Icon } from "../kit/icon.dom";
import { say } from "../kit/words.std";
import { link, retryNow } from "./actions.dom";

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
  return (
    <div class="bar-place" role="status">
      <div class="bar bar--away">
        <Icon of={offline ? WifiOff : CloudOff} size={18} />
        <span class="bar__words">
          <strong>{say(offline ? "offline-now" : "away")}</strong> {say(offline ? "offline-works" : "away-works")}
        </span>
        <button type="button" class="button button--small" onClick={retryNow} aria-disabled={phase === "connecting"}>
          <Icon of={RefreshCw} size={16} />
          <span>{say("retry-now")}</span>
        </button>
      </div>
    </div>
  );
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
