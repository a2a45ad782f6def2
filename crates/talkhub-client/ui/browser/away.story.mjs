// The logic server is away and the relay is there: open chats go on, marked; what was said is stored in order when it is back.
import assert from "node:assert/strict";
import { bodies, connected, device, hasState, newcomer, openWith, PASSWORD, says, until } from "./people.mjs";

async function talking({ browser, url, keep }, [left, right] = ["Ann", "Bob"], options = {}) {
  const ann = keep(await newcomer(browser, url, left, options));
  const bob = keep(await newcomer(browser, url, right, options));
  await openWith(ann.page, url, bob.id);
  await openWith(bob.page, url, ann.id);
  await says(ann.page, "before");
  await bob.page.locator(".bubble", { hasText: "before" }).waitFor();
  await hasState(ann.page, "before", "read");
  return { ann, bob };
}

const same = async (page, want) => JSON.stringify(await bodies(page)) === JSON.stringify(want) || (await bodies(page));
const line = (page, text) => page.locator(".line", { hasText: text });
const marked = (page, text, state) => line(page, text).locator(`[data-state="${state}"]`).waitFor({ state: "attached" });
const ticks = (page) => page.locator('[data-state="stored"], [data-state="read"]').count();
const waiting = (page) => page.locator('[data-state="sending"], [data-state="waiting"], [data-state="passed"], [data-state="failed"], [data-state="refused"], [data-state="lost"]').count();
const away = (page) => page.locator('.bar--away[data-way="server"]');
/** The programs as they were, whatever a story has done. */
const whole = async (both) => {
  if (both.client.exitCode !== null || both.client.signalCode !== null) await both.startClient();
};

export const stories = {
  async s02_d04_open_chats_go_on_marked_and_are_stored_once_in_order(world) {
    const { ann, bob } = await talking(world);
    const sockets = [];
    for (const { page } of [ann, bob]) {
      await page.evaluate(() => (window.notReloaded = true));
      page.on("websocket", (socket) => sockets.push(socket.url()));
    }
    await world.both.kill("client");
    const want = ["before"];
    for (let number = 1; number <= 5; number += 1) {
      for (const [from, to, name] of [[ann, bob, "Ann"], [bob, ann, "Bob"]]) {
        const text = `${name} ${number}`;
        await says(from.page, text);
        await marked(from.page, text, "passed");
        await marked(to.page, text, "passed");
        want.push(text);
      }
    }
    for (const { page } of [ann, bob]) {
      await until("in the order in which they were passed on", () => same(page, want));
      assert.equal(await ticks(page), page === ann.page ? 1 : 0, "a tick for what nobody has stored");
      await away(page).waitFor();
      assert.match(await away(page).innerText(), /Talkhub is briefly away\. Open chats go on; messages are saved when it is back\./);
      assert.equal(await line(page, "Ann 3").locator(".tick").getAttribute("title"), "Passed on, not yet saved");
      assert.equal(await page.title(), "Talkhub", "nothing of it counts as unread");
    }
    await world.both.startClient();
    const started = Date.now();
    for (const { page } of [ann, bob]) await until("everything has its tick", async () => (await waiting(page)) === 0 || (await waiting(page)), 20_000);
    console.log(`      ten messages were stored ${Date.now() - started} ms after the logic server was ready`);
    for (const { page } of [ann, bob]) {
      await until("once, in the same order", () => same(page, want));
      await page.locator(".bar--back").or(page.locator(".bar-place:empty")).first().waitFor({ state: "attached" });
      assert.equal(await page.evaluate(() => window.notReloaded), true);
    }
    assert.deepEqual(sockets, [], "no connection to the relay was lost");
    await hasState(ann.page, "Ann 5", "read");
    await ann.page.reload();
    await until("and so it is in the history", () => same(ann.page, want));
    assert.equal(await ann.page.locator(".line--unsaved").count(), 0);
  },
};
