// Every golden sample passes the codec unchanged; what is malformed or unknown gives nothing.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decoded } from "../kit/fields.std";
import * as codec from "./codec.std";

const folder = new URL("../../../../shared-protocol/wire/", import.meta.url);
const samples = readdirSync(folder).filter((name) => name.endsWith(".json"));
const text = (name: string): string => readFileSync(new URL(name, folder), "utf8");

/** Which reader a sample belongs to, by the beginning of its name; null: the browser never reads it. */
function reader(name: string): ((input: unknown) => unknown) | null {
  const frames: [string, (text: string) => unknown][] = [["frame.server.", codec.serverFrame], ["frame.relay.", codec.relayFrame], ["frame.client.", codec.clientFrame]];
  for (const [start, read] of frames) if (name.startsWith(start)) return (input) => read(JSON.stringify(input));
  const plain: [string, (input: unknown) => unknown][] = [
    ["ack.", codec.ack],
    ["delivery.", codec.delivery],
    ["api.blocks.", codec.blocks],
    ["api.changes.", codec.changes],
    ["api.committed.", codec.committed],
    ["api.contact_requests.", codec.contactRequests],
    ["api.contacts.", codec.contacts],
    ["api.conversation.", codec.conversation],
    ["api.conversations.", codec.conversations],
    ["api.free_user_id.", codec.freeUserId],
    ["api.handed_in.", codec.handedIn],
    ["api.heads.", codec.heads],
    ["api.island.", codec.island],
    ["api.me.", codec.me],
    ["api.message_page.", codec.messagePage],
    ["api.my_changes.", codec.myChanges],
    ["api.online_people.", codec.onlinePeople],
    ["api.people.", codec.people],
    ["api.person.", codec.person],
    ["api.privacy.", codec.privacy],
    ["api.profile.", codec.profile],
    ["api.read_mark.", codec.readMark],
    ["api.relation.", codec.relation],
    ["api.relay_ticket.", codec.relayTicket],
    ["problem.", codec.problem],
  ];
  return plain.find(([start]) => name.startsWith(start))?.[1] ?? null;
}

describe("golden samples", () => {
  const read = samples.filter((name) => reader(name) !== null);
  test("there are samples of everything that the browser reads", () => {
    for (const start of ["frame.server.", "frame.relay.", "frame.client.", "ack.", "delivery.", "api."]) {
      expect(read.some((name) => name.startsWith(start)), start).toBe(true);
    }
    const unread = samples.filter((name) => reader(name) === null && !/^(internal|link|form|event|auth|program)\./.test(name));
    expect(unread).toEqual([]);
  });
  test.each(read)("%s", (name) => {
    const sample: unknown = JSON.parse(text(name));
    const result = decoded((input) => reader(name)?.(input), sample);
    expect(withoutNulls(result)).toEqual(withoutNulls(sample));
  });
  test.each(read)("%s with a field of a later version", (name) => {
    const sample: unknown = JSON.parse(text(name));
    const later = typeof sample === "object" && sample !== null ? { ...sample, from_a_later_version: [1] } : sample;
    expect(withoutNulls(reader(name)?.(later))).toEqual(withoutNulls(sample));
  });
});

/** An absent optional may be written as null. */
function withoutNulls(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, one: unknown) => (one === null ? undefined : one)));
}

describe("what is not as promised", () => {
  const whole = text("frame.server.message.json");
  test.each([
    ["no JSON", "{"],
    ["no object", "7"],
    ["an unknown kind", '{"kind":"from_the_future"}'],
    ["no kind", "{}"],
    ["a number for an id", whole.replace('"conversation": "7"', '"conversation": 7')],
    ["a malformed id", whole.replace("0199a0de-5c00-7abc", "0199a0de-5c00-4abc")],
    ["a missing field", whole.replace('"body"', '"bodies"')],
  ])("%s is skipped", (_, frame) => {
    expect(codec.serverFrame(frame)).toBeNull();
  });
  test("an ack of an unknown status is no answer", () => {
    expect(codec.ack({ status: "perhaps" })).toBeNull();
    expect(codec.ack(undefined)).toBeNull();
  });
  test("a delivery from nobody is skipped", () => {
    expect(codec.delivery({ from: "stranger", to: "x", class: "durable", frame: "{}" })).toBeNull();
  });
  test("heads need all four parts", () => {
    expect(decoded(codec.heads, { heads: [["7", 1, 1]], rev: 1, history_id: "h" })).toBeNull();
  });
});
