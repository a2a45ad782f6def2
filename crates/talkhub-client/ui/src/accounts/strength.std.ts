// How hard a password is to guess, estimated while it is typed. Advice only: what may be taken says the server, by the same first four rules.
import commonList from "../../../src/accounts/common_passwords.txt?raw";

/** Shorter ones are not taken. */
export const LEAST = 8;
const MOST = 1_024;
/** Bits from which on it counts as fair, good, strong. */
const [FAIR, GOOD, STRONG] = [30, 45, 60];

export type Strength =
  | { kind: "empty" }
  /** `missing`: so many characters more at least. */
  | { kind: "short"; missing: number }
  | { kind: "long" }
  /** It is one of the person's own names. */
  | { kind: "name" }
  | { kind: "common" }
  | { kind: "weak" }
  | { kind: "fair" }
  | { kind: "good" }
  | { kind: "strong" };

const COMMON = commonList.split("\n").filter((line) => line !== "");

/** `own`: the person's name and address, as far as the form has them. */
export function strengthOf(password: string, own: readonly string[]): Strength {
  const count = [...password].length;
  if (count === 0) return { kind: "empty" };
  if (count < LEAST) return { kind: "short", missing: LEAST - count };
  if (MOST < count) return { kind: "long" };
  const lower = password.toLowerCase();
  const names = own.map((name) => name.trim().toLowerCase()).filter((name) => name !== "");
  if (names.includes(lower)) return { kind: "name" };
  if (COMMON.includes(lower)) return { kind: "common" };
  const bits = bitsOf(password, names.flatMap((name) => [name, name.split("@")[0] ?? ""]));
  return { kind: bits < FAIR ? "weak" : bits < GOOD ? "fair" : bits < STRONG ? "good" : "strong" };
}

/** How many of four bars stand for it. */
export function barsOf(strength: Strength): 0 | 1 | 2 | 3 | 4 {
  switch (strength.kind) {
    case "empty":
      return 0;
    case "fair":
      return 2;
    case "good":
      return 3;
    case "strong":
      return 4;
    default:
      return 1;
  }
}

/** A known word, a year, a step of a row or a repetition costs the guesser little; letters of a word less than single ones. */
const [KNOWN_WORD, YEAR, STEP, IN_A_WORD] = [6, 5, 1, 2.8];
const ROWS = ["abcdefghijklmnopqrstuvwxyz", "0123456789", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm"];

function bitsOf(password: string, names: readonly string[]): number {
  const known = [...names, ...COMMON].filter((word) => 4 <= word.length).sort((a, b) => b.length - a.length);
  const text = [...password].slice(0, 200);
  const lower = text.map((letter) => letter.toLowerCase());
  let bits = 0;
  for (let at = 0; at < text.length; ) {
    const rest = lower.slice(at).join("");
    const word = known.find((one) => rest.startsWith(one));
    const year = /^(19|20)\d\d/.test(rest);
    if (word !== undefined || year) {
      bits += word === undefined ? YEAR : KNOWN_WORD;
      at += word === undefined ? 4 : [...word].length;
      continue;
    }
    const run = runAt(lower, at);
    const first = costOf(text[at] ?? "", lower, at);
    bits += first + (run - 1) * STEP;
    at += run;
  }
  // Capitals somewhere inside are worth something, one at the beginning nearly nothing.
  const inner = text.slice(1).filter((letter, index) => letter !== lower[index + 1]).length;
  return bits + Math.min(6, inner * 1.5) + (text[0] === lower[0] ? 0 : 1);
}

/** How many characters from here on repeat one, or follow a row of the alphabet, the digits or the keyboard; 1: none. */
function runAt(lower: readonly string[], at: number): number {
  const stepBetween = (a: string | undefined, b: string | undefined): number | null => {
    if (a === undefined || b === undefined) return null;
    if (a === b) return 0;
    for (const row of ROWS) {
      const [x, y] = [row.indexOf(a), row.indexOf(b)];
      if (0 <= x && 0 <= y && Math.abs(x - y) === 1) return y - x;
    }
    return null;
  };
  const step = stepBetween(lower[at], lower[at + 1]);
  if (step === null) return 1;
  let end = at + 1;
  while (stepBetween(lower[end], lower[end + 1]) === step) end += 1;
  const length = end - at + 1;
  return length < 3 ? 1 : length; // two neighbours happen in every word
}

function costOf(letter: string, lower: readonly string[], at: number): number {
  if (/\d/.test(letter)) return Math.log2(10);
  if (!/\p{L}/u.test(letter)) return letter.codePointAt(0) === 32 ? 3 : 5;
  const isLetter = (index: number): boolean => /\p{L}/u.test(lower[index] ?? "");
  let [from, to] = [at, at];
  while (isLetter(from - 1)) from -= 1;
  while (isLetter(to + 1)) to += 1;
  return 4 <= to - from + 1 ? IN_A_WORD : Math.log2(26);
}
