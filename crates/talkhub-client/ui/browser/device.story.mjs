// One's own devices and what they lack: several tabs and devices, wrong clocks, full or forbidden storage, no WebSockets, no network.
import assert from "node:assert/strict";
import { befriend, bodies, connected, hasState, newcomer, openWith, says, signIn, until } from "./people.mjs";

const HOUR = 3_600_000;
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

async function talking({ browser, url, keep }, options = {}) {
  const ann = keep(await newcomer(browser, url, "Ann", options));
  const bob = keep(await newcomer(browser, url, "Bob"));
  await befriend(ann, bob);
  await openWith(ann.page, url, bob.id);
  await openWith(bob.page, url, ann.id);
  await says(ann.page, "before");
  await bob.page.locator(".bubble", { hasText: "before" }).waitFor();
  return { ann, bob };
}

const numbered = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => `number ${from + index}`);
const same = async (page, want) => JSON.stringify(await bodies(page)) === JSON.stringify(want) || (await bodies(page));
const pending = (page) => page.locator('[data-state="sending"], [data-state="waiting"], [data-state="passed"], [data-state="failed"]').count();

/** What a page sends to the relay for keeping, by its text. */
function listen(page) {
  const sent = [];
  page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => String(payload).includes('"durable"') && sent.push(String(payload))));
  return sent;
}

export const stories = {
  async flt31_a_device_with_a_wrong_clock_has_the_right_order_and_times(world) {
    const { ann, bob } = await talking(world);
    const late = world.keep(await signIn(world.browser, world.url, ann.username));
    await late.context.clock.install({ time: Date.now() - 5 * HOUR });
    await openWith(late.page, world.url, bob.id);
    await late.page.locator('[data-hint="clock"]', { hasText: "5 hours" }).waitFor();
    const want = ["before"];
    for (let number = 1; number <= 3; number += 1) {
      for (const [one, name] of [[late, "late"], [bob, "right"]]) {
        want.push(`${name} ${number}`);
        await says(one.page, `${name} ${number}`);
        await until("both have it", async () => (await same(bob.page, want)) === true && (await same(late.page, want)));
      }
    }
    await until("and it is stored", async () => (await pending(late.page)) === 0);
    const times = (page) => page.locator(".bubble__meta time").evaluateAll((all) => all.map((one) => one.getAttribute("datetime")));
    assert.deepEqual(await times(late.page), await times(bob.page));
    await bob.page.locator(".composer textarea").pressSequentially("now");
    await late.page.locator(".talk__presence", { hasText: "typing" }).waitFor(); // fresh by the server's clock
    // Set forward while the page is open: nothing is lost, and it goes on at once.
    await late.page.clock.setSystemTime(Date.now() + 48 * HOUR);
    await says(late.page, "after the jump");
    await hasState(late.page, "after the jump", "read");
    await until("once", () => same(bob.page, [...want, "after the jump"]));
  },

  async flt32_s05_of_two_tabs_the_one_where_it_was_written_sends_and_all_show_the_same(world) {
    const { ann, bob } = await talking(world);
    await ann.context.clock.install();
    const second = await ann.context.newPage();
    const [fromFirst, fromSecond] = [listen(ann.page), listen(second)];
    await openWith(second, world.url, bob.id);
    await openWith(ann.page, world.url, bob.id);
    const device = world.keep(await signIn(world.browser, world.url, ann.username));
    await openWith(device.page, world.url, bob.id);
    // Both tabs write while nothing can go out, and the other one looks for messages of tabs that are gone meanwhile.
    await world.both.kill("relay");
    await world.both.kill("client");
    for (const text of numbered(1, 3)) await says(ann.page, text);
    for (const text of numbered(4, 6)) await says(second, text);
    await ann.page.waitForTimeout(300);
    await ann.page.clock.fastForward(25_000);
    await world.both.startRelay();
    await world.both.startClient();
    for (const page of [ann.page, second]) await connected(page);
    await until("all is stored", async () => (await pending(ann.page)) + (await pending(second)) === 0, 30_000);
    await until("everything is there, once", async () => (await bodies(bob.page)).length === 7 || (await bodies(bob.page)), 20_000);
    const want = await bodies(bob.page);
    for (const texts of [numbered(1, 3), numbered(4, 6)]) assert.deepEqual(want.filter((text) => texts.includes(text)), texts, "what one tab wrote is in its order");
    for (const page of [ann.page, second, device.page]) await until("the same on every tab and device", () => same(page, want));
    const names = (sent, texts) => texts.some((text) => sent.some((frame) => frame.includes(text)));
    assert.deepEqual([names(fromFirst, numbered(4, 6)), names(fromSecond, numbered(1, 3))], [false, false], "a tab sent what the other wrote");
    // A tab that is gone is another matter: what it left goes out by the one that stays.
    await ann.context.setOffline(true);
    await world.both.kill("relay");
    await says(ann.page, "left behind");
    await ann.page.waitForTimeout(300);
    await ann.page.close();
    await ann.context.setOffline(false);
    await world.both.startRelay();
    await until("the other tab sends it", () => same(bob.page, [...want, "left behind"]), 40_000);
    await until("and shows it", () => same(second, [...want, "left behind"]));
  },

  async flt33_with_a_full_disk_it_works_says_so_and_asks_before_the_words_are_lost(world) {
    const ann = world.keep(await newcomer(world.browser, world.url, "Ann"));
    await ann.context.addInitScript(() => {
      IDBObjectStore.prototype.put = function () {
        throw new DOMException("full", "QuotaExceededError");
      };
    });
    await openWith(ann.page, world.url, ann.id);
    await says(ann.page, "goes out all the same");
    await hasState(ann.page, "goes out all the same", "stored");
    await ann.page.locator('[data-hint="storage"]', { hasText: "leave this page open until everything has gone out" }).waitFor();
    await world.both.kill("relay");
    await world.both.kill("client");
    await says(ann.page, "only in this page");
    await ann.page.locator('[data-state="sending"], [data-state="waiting"]').first().waitFor({ state: "attached" });
    const asked = ann.page.waitForEvent("dialog");
    await ann.page.close({ runBeforeUnload: true });
    const dialog = await asked;
    assert.equal(dialog.type(), "beforeunload");
    await dialog.dismiss();
    await world.both.startRelay();
    await world.both.startClient();
    await until("who stays has it sent", async () => (await pending(ann.page)) === 0, 30_000);
    await until("once", () => same(ann.page, ["goes out all the same", "only in this page"]));
  },

  async bad37_without_websockets_everything_goes_by_requests_and_the_bar_says_so(world) {
    const { bob } = await talking(world);
    const old = world.keep(await newcomer(world.browser, world.url, "Old"));
    await befriend(old, bob);
    await old.context.addInitScript(() => delete window.WebSocket);
    await old.page.goto(`${world.url}/chat/${bob.id}/`);
    await old.page.locator('.bar--away[data-way="away"]', { hasText: "messages arrive a little later" }).waitFor();
    await says(old.page, "without a socket");
    await hasState(old.page, "without a socket", "stored");
    await openWith(bob.page, world.url, old.id);
    await says(bob.page, "heard all the same");
    await until("what others say is asked for", () => same(old.page, ["without a socket", "heard all the same"]), 20_000);
  },

  async s01_after_a_time_without_network_everything_is_there_at_once(world) {
    const { ann, bob } = await talking(world);
    let cut = false;
    await bob.page.routeWebSocket(/socket\.io|\/live(\?|$)/, (socket) => {
      if (cut) return socket.close();
      const server = socket.connectToServer();
      const end = setInterval(() => cut && (socket.close(), server.close(), clearInterval(end)), 50);
    });
    await bob.page.reload();
    await connected(bob.page);
    cut = true;
    await bob.context.setOffline(true);
    await bob.page.locator('.bar--away[data-way="offline"]').waitFor();
    await says(bob.page, "written on the train");
    for (const text of numbered(1, 40)) await says(ann.page, text);
    await until("the other side has stored all", async () => (await pending(ann.page)) === 0, 30_000);
    assert.equal((await bodies(bob.page)).length, 2);
    cut = false;
    await bob.context.setOffline(false);
    const back = Date.now();
    const want = ["before", ...numbered(1, 40), "written on the train"];
    await until("everything is there, once, in order", () => same(bob.page, want));
    console.log(`      40 messages and an own one ${Date.now() - back} ms after the network's return`);
    await until("for the other one too", () => same(ann.page, want));
  },

  async x03_the_bar_moves_nobody_away_from_the_newest_line(world) {
    const { ann, bob } = await talking(world, PHONE);
    for (const text of numbered(1, 20)) await says(bob.page, text);
    await until("all are there", async () => (await bodies(ann.page)).length === 21);
    await world.both.kill("client");
    await says(bob.page, "while it is away");
    await ann.page.locator('.talk .bar--away[data-way="server"]').waitFor();
    await says(bob.page, "and still");
    await ann.page.locator(".bubble", { hasText: "and still" }).waitFor();
    await until("the newest line is on screen", () => ann.page.locator(".bubble", { hasText: "and still" }).evaluate((one) => one.getBoundingClientRect().bottom <= document.querySelector(".composer").getBoundingClientRect().top + 1));
    assert.equal(await ann.page.locator(".pill").count(), 0);
    await world.both.startClient();
    await until("and so it stays", async () => (await ann.page.locator(".line--unsaved").count()) === 0, 20_000);
    assert.equal(await ann.page.locator(".pill").count(), 0);
  },
};
