// Programs that die, networks that go, storage that is refused: nothing is lost, nothing comes twice, nothing untrue is shown.
import assert from "node:assert/strict";
import { befriend, bodies, connected, device, hasState, newcomer, openWith, says, until } from "./people.mjs";

async function talking({ browser, url, keep }) {
  const ann = keep(await newcomer(browser, url, "Ann"));
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

export const stories = {
  async c09_flt07_the_relay_dies_and_comes_back(world) {
    const { ann, bob } = await talking(world);
    await ann.page.evaluate(() => (window.notReloaded = true));
    const died = Date.now();
    await world.both.kill("relay");
    await says(ann.page, "number 1");
    await ann.page.waitForTimeout(Math.max(0, 2_300 - (Date.now() - died)));
    assert.equal(await ann.page.locator(".bar--away").count(), 0, "the bar came too early");
    await ann.page.locator(".bar--away").waitFor({ timeout: 3_000 });
    const after = Date.now() - died;
    assert.ok(2_400 < after && after < 4_500, `the bar came after ${after} ms`);
    await says(ann.page, "number 2");
    await says(ann.page, "number 3");
    await world.both.startRelay();
    const started = Date.now();
    await ann.page.locator(".bar--back").waitFor({ timeout: 10_000 });
    console.log(`      the bar: ${after} ms after the cut; good news ${Date.now() - started} ms after the relay's return`);
    await ann.page.locator(".bar--back").waitFor({ state: "detached", timeout: 4_000 });
    await hasState(ann.page, "number 3", "read");
    const want = ["before", ...numbered(1, 3)];
    await until("in order, once, at the other side", () => same(bob.page, want));
    await until("and here", () => same(ann.page, want));
    assert.equal(await ann.page.evaluate(() => window.notReloaded), true);
  },

  async flt05_the_logic_server_dies_while_one_writes(world) {
    const { ann, bob } = await talking(world);
    for (const text of numbered(1, 5)) await says(ann.page, text);
    await world.both.kill("client");
    for (const text of numbered(6, 10)) await says(ann.page, text);
    await ann.page.waitForTimeout(500);
    assert.notEqual(await ann.page.locator('[data-state="sending"], [data-state="waiting"], [data-state="passed"]').count(), 0, "what is not stored has no tick");
    await world.both.startClient();
    const want = ["before", ...numbered(1, 10)];
    await until("everything is stored, in order, once", () => same(bob.page, want), 45_000);
    await until("and here", () => same(ann.page, want));
    await until("with ticks", async () => (await ann.page.locator('[data-state="sending"], [data-state="waiting"], [data-state="passed"], [data-state="failed"]').count()) === 0, 45_000);
  },

  async s05_written_offline_survives_a_reload_and_goes_out_once(world) {
    const { ann, bob } = await talking(world);
    await ann.context.setOffline(true);
    for (const text of numbered(1, 3)) await says(ann.page, text);
    await ann.page.locator('[data-state="sending"]').first().waitFor({ state: "attached" });
    await ann.page.waitForTimeout(300); // the outbox is on disk
    const other = await ann.context.newPage();
    await ann.page.close();
    await ann.context.setOffline(false);
    await other.goto(`${world.url}/chat/${bob.id}/`);
    const want = ["before", ...numbered(1, 3)];
    await until("they arrive in order, once", () => same(bob.page, want), 30_000);
    await until("and stand here with ticks", () => same(other, want));
  },

  async s04_after_10_s_without_an_answer_it_says_that_it_waits(world) {
    const { ann } = await talking(world);
    await ann.context.setOffline(true);
    await world.both.kill("relay"); // an open socket outlives the browser's own "offline"
    await says(ann.page, "anybody?");
    await hasState(ann.page, "anybody?", "sending");
    await ann.page.getByText("Waiting for connection").first().waitFor({ timeout: 14_000 });
    assert.equal(await ann.page.locator(".line", { hasText: "anybody?" }).locator('[data-state="stored"]').count(), 0);
    await ann.context.setOffline(false);
    await world.both.startRelay();
    await until("it goes out by itself", async () => (await ann.page.locator(".line", { hasText: "anybody?" }).locator('[data-state="stored"], [data-state="read"]').count()) === 1, 40_000);
  },

  async s05_what_never_left_the_device_can_be_thrown_away(world) {
    const { ann, bob } = await talking(world);
    await world.both.kill("relay");
    await ann.context.setOffline(true);
    await says(ann.page, "better not");
    await says(ann.page, "but this");
    const line = ann.page.locator(".line", { hasText: "better not" });
    await line.getByRole("button", { name: "Delete" }).click({ timeout: 14_000 });
    await until("it is gone", async () => (await line.count()) === 0);
    await ann.context.setOffline(false);
    await world.both.startRelay();
    await until("the other one arrives alone", () => same(bob.page, ["before", "but this"]), 30_000);
    await until("and here", () => same(ann.page, ["before", "but this"]));
  },

  async inv14_nothing_goes_out_in_the_name_of_who_signed_in_later(world) {
    const { ann, bob } = await talking(world);
    // In another tab of Ann's browser Bob has signed in: the cookie is his now.
    await ann.context.clearCookies();
    await ann.context.addCookies(await bob.context.cookies());
    await world.both.kill("relay");
    await says(ann.page, "in whose name?");
    await ann.page.locator(".own__name", { hasText: "Bob" }).waitFor({ timeout: 20_000 }); // the page became his, without her words
    await world.both.startRelay();
    await connected(bob.page);
    await bob.page.reload();
    await bob.page.locator(".bubble", { hasText: "before" }).waitFor();
    await bob.page.waitForTimeout(1_500);
    assert.deepEqual(await bodies(bob.page), ["before"]);
    assert.equal(await ann.page.getByText("in whose name?").count(), 0);
  },

  async flt33_without_storage_it_works_and_says_so({ browser, url, keep }) {
    const ann = keep(await newcomer(browser, url, "Ann"));
    await ann.context.addInitScript(() => {
      Object.defineProperty(window, "indexedDB", {
        get() {
          throw new DOMException("refused", "SecurityError");
        },
      });
    });
    await openWith(ann.page, url, ann.id);
    await ann.page.locator('[data-hint="storage"]').waitFor();
    await says(ann.page, "still works");
    await hasState(ann.page, "still works", "stored");
  },

  async flt41_by_plain_http_under_a_name_everything_but_the_clipboard_api_is_there({ browser, both, keep }) {
    const url = both.plainUrl;
    const ann = keep(await newcomer(browser, url, "Ann"));
    const bob = keep(await newcomer(browser, url, "Bob"));
    await befriend(ann, bob);
    assert.equal(await ann.page.evaluate(() => window.isSecureContext), false);
    assert.deepEqual(await ann.page.evaluate(() => [typeof crypto.subtle, typeof crypto.randomUUID, typeof navigator.locks, typeof navigator.clipboard]), ["undefined", "undefined", "undefined", "undefined"]);
    await ann.page.locator('[data-hint="https"]').waitFor();
    await ann.page.getByRole("button", { name: "Copy ID" }).click();
    await ann.page.getByRole("button", { name: "Copied" }).waitFor();
    await openWith(ann.page, url, bob.id);
    await says(ann.page, "by plain http");
    await hasState(ann.page, "by plain http", "stored");
    await bob.page.locator(".row", { hasText: "by plain http" }).waitFor();
    // Without Web Locks a tab that is gone is noticed by its silence.
    await ann.context.setOffline(true);
    await says(ann.page, "left behind");
    await ann.page.waitForTimeout(300);
    const other = await ann.context.newPage();
    await ann.page.close();
    await ann.context.setOffline(false);
    await openWith(other, url, bob.id);
    await until("the other tab sends it", () => same(other, ["by plain http", "left behind"]));
    await bob.page.locator(".row", { hasText: "left behind" }).waitFor();
  },

  async x11_no_false_empty_text_while_loading(world) {
    const { ann, bob } = await talking(world);
    await ann.page.route("**/api/v1/conversations**", async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 900));
      await route.continue().catch(() => undefined);
    });
    await ann.page.goto(`${world.url}/`);
    await ann.page.locator(".skeleton--row").first().waitFor();
    assert.equal(await ann.page.getByText("No conversations yet").count(), 0);
    await ann.page.locator(".row", { hasText: "before" }).waitFor();
    assert.equal(await ann.page.locator(".skeleton--row").count(), 0);
    void bob;
  },

  async m06_under_reduced_motion_nothing_moves({ browser, url, keep }) {
    const ann = keep(await newcomer(browser, url, "Ann", { reducedMotion: "reduce" }));
    await openWith(ann.page, url, ann.id);
    await says(ann.page, "calm");
    await hasState(ann.page, "calm", "stored");
    const long = await ann.page.evaluate(() => document.getAnimations().filter((one) => 20 < Number(one.effect?.getComputedTiming().activeDuration)).length);
    assert.equal(long, 0);
  },

  async a04_a_session_ended_elsewhere_leads_to_login_and_keeps_the_text({ browser, url, keep }) {
    const ann = keep(await newcomer(browser, url, "Ann"));
    await openWith(ann.page, url, ann.id);
    await ann.context.clearCookies();
    await ann.page.evaluate(() => fetch("/api/v1/me")); // nothing happens by a foreign request …
    await ann.page.evaluate(() => window.dispatchEvent(new Event("online"))); // … but the page compares its heads
    await ann.page.waitForURL(/\/login/);
    assert.match(ann.page.url(), /next=/);
    const fresh = keep(await device(browser));
    await fresh.page.goto(`${url}/`);
    await fresh.page.waitForURL(/\/login/);
  },
};
