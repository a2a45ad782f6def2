// Addresses of the chat page.
import { expect, test } from "vitest";
import { initials } from "../kit/initials.std";
import { say } from "../kit/words.std";
import { routeOf } from "./routes.std";

test.each([
  ["/", { kind: "home" }],
  ["/chat/", { kind: "home" }],
  ["/chat/1234567890", { kind: "person", user: "1234567890" }],
  ["/chat/1234567890/", { kind: "person", user: "1234567890" }],
  ["/chat/123%20456%207890/", { kind: "person", user: "1234567890" }],
  ["/chat/123", { kind: "unknown", text: "123" }],
  ["/chat/99999999999", { kind: "unknown", text: "99999999999" }],
  ["/chat/%zz", { kind: "unknown", text: "%zz" }],
])("%s", (path, want) => expect(routeOf(path)).toEqual(want));

test("initials are whole characters", () => {
  expect(["Ann Lindqvist", "jonas", "a_b.c", "👩‍👧 x", ""].map(initials)).toEqual(["AL", "J", "AC", "👩X", "?"]);
});

test("words: plurals, and names that turn the direction are isolated", () => {
  expect([say("new-messages", { count: 1 }), say("new-messages", { count: 3 })]).toEqual(["1 new message", "3 new messages"]);
  expect(say("typing", { name: "Ann" })).toBe("Ann is typing…");
  expect(say("typing", { name: "\u202eAnn" })).toBe("\u2068Ann\u2069 is typing…");
});
