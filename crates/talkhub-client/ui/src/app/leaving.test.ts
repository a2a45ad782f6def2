// Signing out: which answers of the server throw the outbox away, and which throw nothing away.
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Entry } from "../messages/outbox.std";
import { ANN, GROUP, messageId, TALK } from "../messages/samples.std";

const entry: Entry = { id: messageId(1), user: ANN.user_id, conversation: TALK, group: GROUP, body: "not gone yet", at: 1, order: 1, tab: "other", emitted: false };

let went: string[];
let disk: IDBFactory;

beforeEach(() => {
  vi.resetModules();
  went = [];
  disk = new IDBFactory();
  vi.stubGlobal("BroadcastChannel", undefined);
  vi.stubGlobal("navigator", { onLine: false, locks: { request: () => new Promise(() => undefined), query: async () => ({ held: [{ name: "talkhub-tab-other" }] }) } });
  vi.stubGlobal("document", { documentElement: { dataset: {} } });
  vi.stubGlobal("window", { indexedDB: disk, location: { pathname: "/", replace: (to: string) => went.push(to) } });
});
afterEach(() => vi.unstubAllGlobals());

async function leaves(answer: () => Promise<Response>): Promise<{ kept: string[]; went: string[]; stage: string }> {
  const [leaving, accounts, sender, http, { openOutboxStore }] = await Promise.all([import("./leaving.dom"), import("../accounts/actions.dom"), import("../messages/sender.dom"), import("../kit/http.dom"), import("../messages/outbox_store.dom")]);
  const store = await openOutboxStore(disk);
  await store.put(entry);
  const me = { ...ANN, email: "a@example.org", theme: "dark" as const, created_at: 1, rev: 1, history_id: "h" };
  accounts.begin(me);
  http.onSignedOut(() => went.push("/login?next=…"));
  const silent = (): undefined => undefined;
  await sender.begin(me, { wrote: silent, waiting: silent, sending: silent, refused: silent, withdrew: silent, stored: silent });
  vi.stubGlobal("fetch", answer);
  await leaving.signOut();
  return { kept: (await store.load(ANN.user_id)).map((one) => one.body), went, stage: leaving.leaving.value };
}

const status = (code: number) => async () => new Response(null, { status: code });

describe("signing out", () => {
  test.each([429, 500, 502, 503, 403, 404])("a %i is no sign-out: everything is kept, and the person is told", async (code) => {
    expect(await leaves(status(code))).toEqual({ kept: ["not gone yet"], went: [], stage: "failed" });
  });
  test("no answer is no sign-out", async () => {
    expect(await leaves(() => Promise.reject(new TypeError("no network")))).toEqual({ kept: ["not gone yet"], went: [], stage: "failed" });
  });
  test.each([204, 401])("a %i is the end: cleared, and away", async (code) => {
    expect(await leaves(status(code))).toMatchObject({ kept: [], went: ["/login"] });
  });
});
