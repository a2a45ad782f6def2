// Ids by the same rules as on the Rust side.
import { expect, test } from "vitest";
import { uuid7 } from "../kit/uuid.std";
import { grouped, isConversationId, isGroup, isMessageId, parseUserId } from "./ids.std";

test.each([
  ["1234567890", "1234567890"],
  [" 123 456 7890 ", "1234567890"],
  ["123\u00a0456\u00a07890", "1234567890"],
  ["0123456789", null],
  ["123456789", null],
  ["12345678901", null],
  ["123456789x", null],
  ["１２３４５６７８９０", null],
])("user ID %j", (text, want) => expect(parseUserId(text)).toBe(want));

test("a user ID is read in groups", () => {
  const id = parseUserId("1234567890");
  expect(id && grouped(id)).toBe("123 456 7890");
});

test("other ids", () => {
  expect([isConversationId("7"), isConversationId("07"), isConversationId("")]).toEqual([true, false, false]);
  expect([isGroup("YW5uJ3Mgb3duIGdyb3VwIQ"), isGroup("short"), isGroup("/////////////////////w")]).toEqual([true, false, false]);
});

test("a UUIDv7 carries the time, the version and the variant", () => {
  const id = uuid7(0x0199a0de5c00, (bytes) => bytes.fill(0xff));
  expect(id).toBe("0199a0de-5c00-7fff-bfff-ffffffffffff");
  expect(uuid7(0, (bytes) => bytes.fill(0))).toBe("00000000-0000-7000-8000-000000000000");
  const many = new Set(Array.from({ length: 500 }, () => uuid7(Date.now(), (bytes) => crypto.getRandomValues(bytes))));
  expect(many.size).toBe(500);
  for (const one of many) expect(isMessageId(one)).toBe(true);
});
