// One or two letters that stand for a name.

/** The first letters of the first and the last word; whole characters, so that nothing is cut in half. */
export function initials(name: string): string {
  const words = name.trim().split(/[\s._-]+/u).filter((word) => word !== "");
  const letters = [words[0], words.length < 2 ? undefined : words[words.length - 1]].map((word) => Array.from(word ?? "")[0] ?? "");
  return letters.join("").toLocaleUpperCase() || "?";
}
