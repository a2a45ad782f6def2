// Whom one has blocked is not heard, even where the relay could not be told of it yet.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ANN, BOB, GROUP, messageId, TALK, OPEN } from "../messages/samples.std";
import { isGroup, isRelayId } from "../relay/ids.std";
import type { Delivery } from "../relay/wire.gen.std";

const relay = vi.hoisted(() => ({ hear: (_delivery: unknown): void => undefined }));
vi.mock("../relay/actions.dom", async () => {
  const { signal } = await import("@preact/signals");
  return { begin: (to: { delivered: (delivery: unknown) => void }) => void (relay.hear = to.delivered), isUp: () => true, retryNow: () => undefined, link: signal({ bar: "none" }), submit: async () => null };
});

const [id, group] = ["cmVsYXkgaWQgb2YgYm9iIQ", "Ym9iJ3Mgb3duIGdyb3VwIQ"];
if (!isRelayId(id) || !isGroup(group)) throw new Error("good ids");
const [relayId, bob] = [id, { ...BOB, subject: group }];
const conversation = { id: TALK, kind: "private", group: GROUP, typing: true, members: [ANN, bob].map((one) => ({ ...one, read: 0, online: true })), seq: 0, rev: 0, read: 0, unread: 0, created_at: 1 };
const from = { relay_id: relayId, subject: group };
const unsaved: Delivery = { from, to: GROUP, class: "durable", frame: '{"kind":"message","body":"psst"}', id: messageId(5), at: 1_000, unsaved: true, receipt: "r" };
const typing: Delivery = { from, to: GROUP, class: "ephemeral", frame: JSON.stringify({ kind: "typing", conversation: TALK, on: true }) };

let blocked: boolean;
beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers({ now: 0 });
  vi.stubGlobal("BroadcastChannel", undefined);
  vi.stubGlobal("navigator", { onLine: true });
  vi.stubGlobal("document", { documentElement: { dataset: {} }, visibilityState: "visible", addEventListener: () => undefined });
  vi.stubGlobal("window", { addEventListener: () => undefined, location: { pathname: "/", protocol: "http:", host: "127.0.0.1" } });
  vi.stubGlobal("fetch", async (path: string) => {
    const answers: Record<string, unknown> = {
      "/api/v1/contacts": { contacts: [], rev: 1 },
      "/api/v1/contact-requests": { incoming: [], outgoing: [], rev: 1 },
      "/api/v1/blocks": { blocks: blocked ? [{ ...bob, contact: "none", blocked: true }] : [], rev: 1 },
      "/api/v1/conversations": { conversations: [conversation], rev: 1, history_id: "h" },
    };
    return new Response(JSON.stringify(answers[path] ?? { heads: [], rev: 1, history_id: "h" }));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test.each([[false, 1, 1], [true, 0, 0]])("inv13_f08_blocked: %s, lines shown: %i, typists: %i", async (is, lines, typists) => {
  blocked = is;
  const [{ begin }, messages, presence] = await Promise.all([import("./dispatch.dom"), import("../messages/actions.dom"), import("../presence/actions.dom")]);
  begin({ me: { ...ANN, email: "a@example.org", theme: "dark", status_line: "", language: "en", presence: "online", privacy: OPEN, created_at: 1, rev: 1, history_id: "h" }, now: 0, language: "en", idle_after_s: 600 });
  await vi.advanceTimersByTimeAsync(0);
  relay.hear(typing);
  const heard = presence.presence.value.typists.length;
  relay.hear(unsaved);
  expect([messages.timeline(TALK).value.unsaved.length, heard]).toEqual([lines, typists]);
});
