// The logic server is away and the relay is there: open chats go on, marked; what was said is stored in order when it is back.
import assert from "node:assert/strict";
import { befriend, bodies, connected, device, hasState, newcomer, openWith, PASSWORD, says, signIn, until } from "./people.mjs";

async function talking({ browser, url, keep }) {
  const ann = keep(await newcomer(browser, url, "Ann"));
  const bob = keep(await newcomer(browser, url, "Bob"));
  await befriend(ann, bob);
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

  async s02_who_does_not_come_back_is_handed_in_by_who_heard_them(world) {
    const { ann } = await talking(world);
    // Bob's device has a clock that the story can move.
    const bob = world.keep(await newcomer(world.browser, world.url, "Cid"));
    await befriend(ann, bob);
    await bob.context.clock.install();
    await openWith(bob.page, world.url, ann.id);
    await openWith(ann.page, world.url, bob.id);
    await says(ann.page, "hello");
    await bob.page.locator(".bubble", { hasText: "hello" }).waitFor();
    await world.both.kill("client");
    for (const text of ["my last words", "before the battery went"]) {
      await says(ann.page, text);
      await marked(bob.page, text, "passed");
    }
    await ann.context.close();
    await world.both.startClient();
    await bob.page.reload();
    await marked(bob.page, "my last words", "passed"); // over a reload too
    assert.equal(await bob.page.locator(".line--unsaved").count(), 2);
    await until(
      "a minute later they are stored",
      async () => {
        await bob.page.clock.fastForward(90_000);
        await bob.page.waitForTimeout(300);
        return (await bob.page.locator(".line--unsaved").count()) === 0;
      },
      20_000,
    );
    await until("in order, once", () => same(bob.page, ["hello", "my last words", "before the battery went"]));
    const fresh = world.keep(await signIn(world.browser, world.url, bob.username));
    await openWith(fresh.page, world.url, ann.id);
    await until("and on every other device", () => same(fresh.page, ["hello", "my last words", "before the battery went"]));
  },

  async s02_a_refusal_shows_on_both_sides(world) {
    const { ann, bob } = await talking(world);
    await world.both.kill("client");
    // What a page of ours lets through and the rules do not: only the logic server can say so.
    await ann.page.locator(".composer textarea").evaluate((field) => {
      field.value = "not\u0000valid";
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    await ann.page.press(".composer textarea", "Enter");
    await marked(bob.page, "valid", "passed");
    await says(ann.page, "but this is");
    await marked(bob.page, "but this is", "passed");
    await world.both.startClient();
    await line(ann.page, "valid").locator('[data-state="failed"]').waitFor({ state: "attached" });
    assert.match(await line(ann.page, "valid").locator(".line__note").innerText(), /^Was not saved: .*not valid text/);
    await line(bob.page, "valid").locator('[data-state="refused"]').waitFor({ state: "attached" });
    assert.match(await line(bob.page, "valid").locator(".line__note").innerText(), /^Was not saved/);
    await hasState(ann.page, "but this is", "read");
    await line(bob.page, "valid").getByRole("button", { name: "Hide" }).click();
    await until("what will not be saved can be put away", () => same(bob.page, ["before", "but this is"]));
    await line(ann.page, "valid").getByRole("button", { name: "Delete" }).click();
    await until("on both sides", () => same(ann.page, ["before", "but this is"]));
  },

  async s02_d08_in_another_chat_the_list_shows_it_and_counts_nothing_before_it_is_stored(world) {
    const { ann, bob } = await talking(world);
    const cid = world.keep(await newcomer(world.browser, world.url, "Cid"));
    await openWith(bob.page, world.url, cid.id);
    await says(bob.page, "with somebody else");
    await hasState(bob.page, "with somebody else", "stored");
    const second = await ann.context.newPage(); // Ann's other tab
    await openWith(second, world.url, bob.id);
    await world.both.kill("client");
    await says(ann.page, "are you there?");
    const row = bob.page.locator(".row", { hasText: "are you there?" });
    await row.locator(".row__preview--unsaved").waitFor();
    assert.deepEqual([await row.locator(".badge").count(), await bob.page.title()], [0, "Talkhub"]);
    await marked(second, "are you there?", "passed");
    assert.equal(await line(second, "are you there?").evaluate((one) => one.classList.contains("line--mine")), true);
    await world.both.startClient();
    await row.locator(".badge").waitFor();
    assert.equal(await bob.page.title(), "(1) Talkhub");
    await until("her other tab has it once, with its tick", async () => (await waiting(second)) === 0 && (await same(second, ["before", "are you there?"])));
  },

  async s02_search_history_and_new_chats_say_that_it_is_away_and_go_on_by_themselves(world) {
    const { ann, bob } = await talking(world);
    const cid = world.keep(await newcomer(world.browser, world.url, "Cid"));
    await befriend(ann, cid);
    await openWith(cid.page, world.url, ann.id);
    await says(cid.page, "from Cid");
    await hasState(cid.page, "from Cid", "stored");
    const talk = await ann.page.evaluate(async (id) => (await (await fetch(`/api/v1/conversations/private/${id}`, { method: "PUT", headers: { "content-type": "application/json" }, body: "{}" })).json()).id, bob.id);
    await ann.page.evaluate(async (talk) => {
      const id = (number) => `0199a0de-5c00-7abc-8def-${String(number).padStart(12, "0")}`;
      for (let number = 0; number < 150; number += 1) await fetch(`/api/v1/conversations/${talk}/messages`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ id: id(number), body: `number ${number}` }) });
    }, talk);
    await ann.page.reload();
    await ann.page.locator(".bubble", { hasText: "number 149" }).waitFor();
    await connected(ann.page);
    await world.both.kill("client");
    await ann.page.locator(".log").evaluate((log) => log.scrollTo(0, 0));
    await ann.page.locator(".log__notice", { hasText: "Older messages load when it is back" }).waitFor();
    await ann.page.locator(".row", { hasText: "from Cid" }).click();
    await ann.page.locator(".log__notice", { hasText: "What was said here loads when it is back" }).waitFor();
    await says(ann.page, "to Cid");
    await marked(cid.page, "to Cid", "passed");
    await ann.page.keyboard.press("Control+k");
    await ann.page.fill(".dialog .find input", "cid");
    await ann.page.locator(".find__note", { hasText: "The search goes on by itself when it is back" }).waitFor();
    await world.both.startClient();
    await ann.page.locator(".dialog .person", { hasText: "Cid" }).first().waitFor();
    await ann.page.locator(".dialog").getByRole("button", { name: "Close" }).click();
    await until("the chat has loaded", () => same(ann.page, ["from Cid", "to Cid"]));
    await ann.page.locator(".row", { hasText: "number 149" }).click();
    await until("and the older messages", async () => 60 < (await bodies(ann.page)).length);
  },

  async s02_a_sign_in_that_cannot_reach_the_server_keeps_what_was_typed(world) {
    const known = world.keep(await newcomer(world.browser, world.url, "Ann"));
    const [login, register] = [world.keep(await device(world.browser)), world.keep(await device(world.browser))];
    await login.page.goto(`${world.url}/login`);
    await login.page.fill('input[name="name"]', known.username);
    await login.page.fill('input[name="password"]', PASSWORD);
    await register.page.goto(`${world.url}/register`);
    const typed = { username: `${known.username}b`, email: `${known.username}b@example.org`, password: PASSWORD, password_again: PASSWORD };
    for (const [name, text] of Object.entries(typed)) await register.page.fill(`input[name="${name}"]`, text);
    await world.both.kill("client");
    for (const { page } of [login, register]) {
      await page.click('button[type="submit"]');
      await page.getByText("Talkhub cannot be reached right now. What you typed is still here; try again in a moment.").waitFor();
    }
    assert.equal(await login.page.inputValue('input[name="password"]'), PASSWORD);
    for (const [name, text] of Object.entries(typed)) assert.equal(await register.page.inputValue(`input[name="${name}"]`), text);
    await world.both.startClient();
    for (const { page } of [login, register]) {
      await page.click('button[type="submit"]');
      await page.waitForSelector(".shell");
    }
  },
};
