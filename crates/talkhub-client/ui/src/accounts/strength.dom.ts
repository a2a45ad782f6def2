// The strength line under every field where a password is chosen: bars and words while typing. It blocks nothing.
import { say } from "../kit/words.std";
import { barsOf, strengthOf, type Strength } from "./strength.std";

const BARS = 4;

/** Adds the line to a field for a new password. */
export function showsStrength(field: HTMLInputElement): void {
  const label = field.closest(".field");
  if (!label) return;
  const [line, bars, words] = [document.createElement("span"), document.createElement("span"), document.createElement("span")];
  line.className = "strength";
  bars.className = "strength__bars";
  bars.setAttribute("aria-hidden", "true");
  for (let count = 0; count < BARS; count += 1) bars.append(document.createElement("i"));
  words.className = "strength__words";
  words.id = `strength-${field.name}`;
  words.setAttribute("role", "status");
  line.append(bars, words);
  const issue = document.getElementById(`issue-${field.name}`);
  if (issue) issue.before(line);
  else label.append(line);
  field.setAttribute("aria-describedby", [words.id, field.getAttribute("aria-describedby")].filter(Boolean).join(" "));
  const draw = (): void => {
    const strength = strengthOf(field.value, ownNames(field.form));
    line.dataset["kind"] = strength.kind;
    line.dataset["bars"] = String(barsOf(strength));
    const said = wordsFor(strength);
    if (words.textContent !== said) words.textContent = said;
  };
  field.addEventListener("input", () => {
    // What the server said was about another password.
    if (issue) issue.textContent = "";
    field.removeAttribute("aria-invalid");
    draw();
  });
  for (const name of ["username", "email"]) inputOf(field.form, name)?.addEventListener("input", draw);
  draw();
}

function wordsFor(strength: Strength): string {
  switch (strength.kind) {
    case "empty":
      return say("strength-hint");
    case "short":
      return say("strength-short", { count: strength.missing });
    case "long":
      return say("password-long");
    case "name":
      return say("password-is-name");
    case "common":
      return say("password-common");
    default:
      return say(`strength-${strength.kind}`);
  }
}

const inputOf = (form: HTMLFormElement | null, name: string): HTMLInputElement | null => form?.querySelector<HTMLInputElement>(`input[name="${name}"]`) ?? null;

const ownNames = (form: HTMLFormElement | null): string[] => ["username", "email"].map((name) => inputOf(form, name)?.value ?? "");
