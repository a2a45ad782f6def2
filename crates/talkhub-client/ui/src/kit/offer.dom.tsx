// What was just done, and the button that takes it back.
import { hold, offer, release } from "./undo.dom";

export function Offer() {
  const now = offer.value;
  return (
    <div class="undo" role="status">
      {now && (
        <div class="undo__said" key={now.words} onFocusIn={hold} onFocusOut={release}>
          <p dir="auto">{now.words}</p>
          {now.undo && (
            <button type="button" class="undo__press" onClick={now.undo}>
              {now.press}
            </button>
          )}
        </div>
      )}
    </div>
  );
}
