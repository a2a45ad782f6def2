// Enter in the search opens who was found for the text that stands there, never for an older one.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ANN, BOB } from "../messages/samples.std";
import { lookUp, pickFirst } from "./actions.dom";

let slow: number;
let picked: string[];
const pick = (user: string): void => void picked.push(user);
beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  [slow, picked] = [500, []];
  vi.stubGlobal("fetch", async (path: string) => {
    await new Promise((resolve) => setTimeout(resolve, slow));
    return new Response(JSON.stringify({ users: (path.endsWith("=an") ? [ANN] : path.endsWith("=bo") ? [BOB] : []).map((one) => ({ ...one, contact: "none", blocked: false })) }));
  });
});
afterEach(() => {
  lookUp("");
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("an answer to what stood there before opens nobody: the right one is opened when it comes", async () => {
  lookUp("an");
  await vi.advanceTimersByTimeAsync(1_000);
  lookUp("bo");
  pickFirst("bo ", pick);
  expect(picked).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(picked).toEqual([BOB.user_id]);
});
test("whoever goes on typing did not mean it", async () => {
  lookUp("an");
  pickFirst("an", pick);
  lookUp("bo");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(picked).toEqual([]);
});
test("what is answered is opened at once", async () => {
  lookUp("an");
  await vi.advanceTimersByTimeAsync(1_000);
  pickFirst("an", pick);
  expect(picked).toEqual([ANN.user_id]);
});
