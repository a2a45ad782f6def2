// A form of the server's own pages that cannot reach the server says so and keeps what was typed; else it goes its own way.
import { isThere } from "../accounts/actions.dom";
import { say } from "../kit/words.std";

export function keepsTyped(form: HTMLFormElement): void {
  let stage: "idle" | "asking" | "sure" = "idle";
  form.addEventListener("submit", (event) => {
    if (stage === "sure" || event.defaultPrevented) return;
    event.preventDefault();
    if (stage === "asking") return;
    stage = "asking";
    const button = event.submitter;
    void isThere().then((there) => {
      stage = there ? "sure" : "idle";
      if (!there) return complain(form);
      form.requestSubmit(button);
      stage = "idle"; // back on this page by the browser's own way: asked anew
    });
  });
}

function complain(form: HTMLFormElement): void {
  const words = form.querySelector<HTMLElement>("[data-unreached]") ?? document.createElement("p");
  words.className = "form__issue";
  words.dataset["unreached"] = "";
  words.setAttribute("role", "alert");
  words.textContent = say("server-away-form");
  const button = form.querySelector("button[type=submit]");
  if (button && !words.isConnected) button.before(words);
}
