// What was just done, and the button that takes it back.
import { say } from "./words.std";
import { offer } from "./undo.dom";

export function Offer() {
  const now = offer.value;
  return (
    <div class="undo" role="status">
      {now && (
        <div class="undo__said" key={now.words}>
          <p dir="auto">{now.words}</p>
          {now.undo && (
            <button type="button" class="undo__press" onClick={now.undo}>
              {say("undo")}
            </button>
          )}
        </div>
      )}
    </div>
  );
}
