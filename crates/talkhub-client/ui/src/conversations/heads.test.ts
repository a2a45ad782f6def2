// The heads are asked for with the mark of the last answer, and "not modified" lets that answer stand.
import { afterEach, expect, test, vi } from "vitest";
import { getHeads } from "./actions.dom";

afterEach(() => vi.unstubAllGlobals());

test("RU11: each answer's ETag goes into the next question; a 304 means that the last answer still stands", async () => {
  const sent: (string | null)[] = [];
  const first = { heads: [["7", 5, 4, 1]], rev: 3, history_id: "h" };
  const second = { ...first, rev: 4 };
  const answers = [
    new Response(JSON.stringify(first), { headers: { etag: '"one"' } }),
    new Response(null, { status: 304, headers: { etag: '"one"' } }),
    new Response(null, { status: 503 }),
    new Response(JSON.stringify(second), { headers: { etag: '"two"' } }),
    new Response(null, { status: 304, headers: { etag: '"two"' } }),
  ];
  vi.stubGlobal("fetch", async (_path: string, asked: RequestInit) => {
    sent.push(new Headers(asked.headers).get("if-none-match"));
    return answers[sent.length - 1];
  });
  const heard = [];
  for (const _ of answers) heard.push(await getHeads());
  expect(heard).toEqual([first, first, null, second, second]);
  expect(sent).toEqual([null, '"one"', '"one"', '"one"', '"two"']);
});
