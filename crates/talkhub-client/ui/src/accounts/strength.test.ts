// The strength line's estimate: the server's rules first, then what is easy to guess and what is not.
import { expect, test } from "vitest";
import { barsOf, strengthOf, type Strength } from "./strength.std";

const check = (password: string, want: Strength["kind"]): void => expect([password, strengthOf(password, ["annabelle", "ann.summers@example.org"]).kind]).toEqual([password, want]);

test("a06_what_the_server_refuses_is_said_first", () => {
  check("", "empty");
  check("seven77", "short");
  expect(strengthOf("12345", [])).toEqual({ kind: "short", missing: 3 });
  expect(strengthOf("🔑🔑🔑🔑🔑🔑🔑", [])).toEqual({ kind: "short", missing: 1 });
  check("x".repeat(1_025), "long");
  check("Annabelle", "name");
  check("ann.summers@example.org", "name");
  check("password", "common");
  check("PassWord", "common");
});

test("a06_what_is_easy_to_guess_is_weak", () => {
  for (const weak of ["password77", "aaaaaaaaaaaa", "abcdefghij", "qwertzuiop1", "98765432100", "Annabelle1990", "ann.summers2", "Summer2024!", "        ", "83920174"]) check(weak, "weak");
});

test("a06_length_and_chance_make_it_strong", () => {
  check("correct horse", "fair");
  check("xK9#mQ2$vL", "good");
  check("correct horse battery", "good");
  check("correct horse battery staple", "strong");
  check("Tq7!vZ2#pX9@mK", "strong");
});

test("a06_more_is_never_worse", () => {
  const order = ["short", "weak", "fair", "good", "strong"];
  let last = 0;
  for (let end = 1; end <= "velvet anchor tractor spoon".length; end += 1) {
    const rank = order.indexOf(strengthOf("velvet anchor tractor spoon".slice(0, end), []).kind);
    expect(rank).toBeGreaterThanOrEqual(last);
    last = rank;
  }
  expect(order[last]).toBe("strong");
});

test("a06_bars_and_words_go_together", () => {
  const kinds: Strength[] = [{ kind: "empty" }, { kind: "short", missing: 1 }, { kind: "common" }, { kind: "weak" }, { kind: "fair" }, { kind: "good" }, { kind: "strong" }];
  expect(kinds.map(barsOf)).toEqual([0, 1, 1, 1, 2, 3, 4]);
});
