// Signing out: which answers of the server throw the outbox away, and which throw nothing away.
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Entry } from "../messages/outbox.std";
import { ANN, BOB, GROUP, messageId, TALK, OPEN } from "../messages/samples.std";

const entry: Entry = { id: messageId(1), user: ANN.user_id, conversation: TALK, group: GROUP, body: "not gone yet", at: 1, order: 1, tab: "other", emitted: false };
const unsaved = { conversation: TALK, sender: BOB, id: messageId(3), frame: "{}", body: "b", at: Date.now(), receipt: "r", state: "waiting" as const };

let went: string[];
let disk: IDBFactory;
let local: Map<string, string>;
const DRAFT = `talkhub-draft:${ANN.user_id}:7`;
const OTHERS_DRAFT = `talkhub-draft:${BOB.user_id}:7`;

beforeEach(() => {
  vi.resetModules();
  went = [];
  disk = new IDBFactory();
  local = new Map([[DRAFT, "begun"], [OTHERS_DRAFT, "another's"]]);
  const localStorage = {
    get length() {
      return local.size;
    },
    key: (index: number) => [...local.keys()][index] ?? null,
    removeItem: (name: string) => local.delete(name),
  };
  vi.stubGlobal("BroadcastChannel", undefined);
  vi.stubGlobal("navigator", { onLine: false, locks: { request: () => new Promise(() => undefined), query: async () => ({ held: [{ name: "talkhub-tab-other" }] }) } });
  vi.stubGlobal("document", { documentElement: { dataset: {} } });
  vi.stubGlobal("window", { indexedDB: disk, localStorage, location: { pathname: "/", replace: (to: string) => went.push(to) } });
});
afterEach(() => vi.unstubAllGlobals());

async function leaves(answer: () => Promise<Response>, asked = true): Promise<{ kept: string[]; others: number[]; drafts: number; went: string[]; stage: string }> {
  const [leaving, accounts, sender, http, { openOutboxStore }, { openUnsaved }] = await Promise.all([import("./leaving.dom"), import("../accounts/actions.dom"), import("../messages/sender.dom"), import("../kit/http.dom"), import("../messages/outbox_store.dom"), import("../messages/unsaved.dom")]);
  const store = await openOutboxStore(disk);
  await store.put(entry);
  const me = { ...ANN, email: "a@example.org", theme: "dark" as const, status_line: "", language: "en", presence: "online" as const, privacy: OPEN, created_at: 1, rev: 1, history_id: "h" };
  accounts.begin(me);
  http.onSignedOut(() => went.push("/login?next=…"));
  const silent = (): undefined => undefined;
  await sender.begin(me, { wrote: silent, waiting: silent, sending: silent, refused: silent, passedOn: silent, withdrew: silent, stored: silent });
  vi.stubGlobal("fetch", answer);
  // The message of the other tab, refused or not, is what the person is asked about.
  expect(await sender.unsent()).toBe(1);
  await store.put({ ...entry, refused: { type: "/problems/not-reachable", title: "no", status: 403 } });
  expect(await sender.unsent()).toBe(1);
  await store.put({ ...entry, id: messageId(2), body: "had its tick", ticked: { history: "h", at: Date.now() } });
  const lines = await openUnsaved();
  for (const user of [ANN.user_id, BOB.user_id]) await lines.put({ ...unsaved, user });
  expect(await sender.unsent()).toBe(1);
  await leaving.signOut(asked);
  const others = (await Promise.all([ANN, BOB].map((one) => lines.load(one.user_id)))).map((rows) => rows.length);
  return { drafts: local.size, kept: (await store.load(ANN.user_id)).map((one) => one.body), others, went, stage: leaving.leaving.value };
}

const status = (code: number) => async () => new Response(null, { status: code });

describe("signing out", () => {
  test.each([429, 500, 502, 503, 403, 404])("a %i is no sign-out: everything is kept, and the person is told", async (code) => {
    expect(await leaves(status(code))).toEqual({ kept: ["not gone yet", "had its tick"], others: [1, 1], drafts: 2, went: [], stage: "failed" });
  });
  test("no answer is no sign-out", async () => {
    expect(await leaves(() => Promise.reject(new TypeError("no network")))).toEqual({ kept: ["not gone yet", "had its tick"], others: [1, 1], drafts: 2, went: [], stage: "failed" });
  });
  test("done: what the person was asked about and what they began is cleared, and away", async () => {
    expect(await leaves(status(204))).toMatchObject({ kept: [], others: [0, 1], went: ["/login"] });
    expect([...local.keys()]).toEqual([OTHERS_DRAFT]);
  });
  test("done, and nobody was asked: what another tab wrote meanwhile stays", async () => {
    expect(await leaves(status(204), false)).toMatchObject({ kept: ["not gone yet"], others: [0, 1], drafts: 1, went: ["/login"] });
  });
  test("over before: away, and everything is kept for the next sign-in", async () => {
    expect(await leaves(status(401))).toMatchObject({ kept: ["not gone yet", "had its tick"], others: [1, 1], drafts: 2, went: ["/login"] });
  });
});
