// What an open conversation missed is fetched as soon as the server is there again, and a mark that is refused is not told for ever.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Me } from "../relay/wire.gen.std";
import { ANN, BOB, GROUP, message, TALK, OPEN } from "./samples.std";

vi.mock("../relay/actions.dom", () => ({ isUp: () => false, link: { value: { bar: "away" } } }));

const me: Me = { ...ANN, email: "a@example.org", theme: "dark", status_line: "", language: "en", presence: "online", privacy: OPEN, created_at: 1, rev: 3, history_id: "h" };
let down: boolean;
let after: number | null;
let markStatus: number;
let asked: string[];

beforeEach(() => {
  vi.resetModules();
  vi.useFakeTimers({ now: 0 });
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  [down, after, markStatus, asked] = [false, null, 200, []];
  vi.stubGlobal("BroadcastChannel", undefined);
  vi.stubGlobal("navigator", { onLine: true });
  vi.stubGlobal("window", new EventTarget());
  vi.stubGlobal("document", Object.assign(new EventTarget(), { visibilityState: "visible", hasFocus: () => true }));
  vi.stubGlobal("fetch", async (path: string, { method }: { method: string }) => {
    asked.push(`${Date.now() / 1000} ${method}`);
    if (down && after !== null) return new Response("", { status: 503, headers: { "retry-after": String(after) } });
    if (down) throw new TypeError("no network");
    if (method === "PUT" && markStatus !== 200) return new Response(JSON.stringify({ type: "/problems/not-reachable", title: "no", status: markStatus }), { status: markStatus });
    if (method === "PUT") return new Response(JSON.stringify({ read: 1, unread: 0 }));
    if (path.includes("/changes")) return new Response(JSON.stringify({ messages: [message(2)], marks: [], upto: 2, too_far: false, history_id: "h" }));
    return new Response(JSON.stringify({ messages: [message(1)], marks: [], rev: 1, history_id: "h" }));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

async function begun(): Promise<typeof import("./actions.dom")> {
  const messages = await import("./actions.dom");
  void messages.begin(me, () => undefined);
  return messages;
}
const rest = async (seconds: number): Promise<void> => void (await vi.advanceTimersByTimeAsync(seconds * 1000));

describe("an open conversation after an outage", () => {
  test("says that it is behind, and is whole as soon as the connection is back", async () => {
    const messages = await begun();
    messages.open(TALK);
    await rest(0);
    down = true;
    messages.compare(TALK, 2, "h");
    await rest(40); // waits 30 s between two tries by now
    expect(messages.timeline(TALK).value).toMatchObject({ failed: true, cursor: 1 });
    down = false;
    messages.hurry();
    await rest(0);
    expect(messages.timeline(TALK).value).toMatchObject({ failed: false, cursor: 2 });
  });
  test("that never had a page asks for it as soon as the list was answered", async () => {
    const messages = await begun();
    down = true;
    messages.open(TALK);
    await rest(40);
    down = false;
    messages.compare(TALK, 1, "h");
    await rest(0);
    expect(messages.timeline(TALK).value).toMatchObject({ failed: false, cursor: 1 });
  });
  test("RU4: what the server asked to wait no hurry makes shorter", async () => {
    const messages = await begun();
    [down, after] = [true, 20];
    messages.open(TALK);
    await rest(1);
    messages.hurry();
    messages.compare(TALK, 1, "h");
    await rest(18);
    expect(asked).toHaveLength(1);
    await rest(2);
    expect(asked).toHaveLength(2);
  });
});

describe("the mark", () => {
  async function reads(): Promise<void> {
    const messages = await begun();
    const conversations = await import("../conversations/actions.dom");
    const { watchReading } = await import("./reading.dom");
    conversations.begin(me);
    conversations.apply({ kind: "learned", conversations: [{ id: TALK, kind: "private", state: "open", group: GROUP, typing: true, members: [ANN, BOB].map((one) => ({ ...one, read: 0, online: false })), seq: 1, rev: 1, read: 0, unread: 1, created_at: 1 }] });
    messages.open(TALK);
    await rest(0);
    const view: EventTarget = new EventTarget();
    const owner = { atBottom: () => true, lowestSeen: () => null, note: () => undefined, restore: () => undefined, toBottom: () => undefined, end: () => undefined };
    // Only its events are listened to here.
    const stop = watchReading(TALK, view as HTMLElement, owner);
    await rest(120);
    stop();
  }
  const told = (): number => asked.filter((one) => one.endsWith("PUT")).length;
  test("is told once", async () => {
    await reads();
    expect(told()).toBe(1);
  });
  test("that is refused for good is not told again", async () => {
    markStatus = 403;
    await reads();
    expect(told()).toBe(1);
  });
  test("that is put off is told after a growing while", async () => {
    markStatus = 429;
    await reads();
    expect(told()).toBeGreaterThan(4);
    expect(told()).toBeLessThan(10);
  });
});
