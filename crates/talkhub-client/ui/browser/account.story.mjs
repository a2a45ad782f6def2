// Signing up, in and out, as a person sees it.
import assert from "node:assert/strict";
import { connected, device, newcomer, openWith, PASSWORD, says, until } from "./people.mjs";

export const stories = {
  async a02_sign_up_offers_an_id_and_another_one({ browser, url, keep }) {
    const { page } = keep(await device(browser));
    await page.goto(`${url}/register`);
    const field = page.locator('input[name="user_id"]');
    const first = await field.inputValue();
    assert.match(first, /^[1-9]\d\d ?\d{3} ?\d{4}$/);
    await page.getByRole("button", { name: "Another one" }).click();
    await until("another ID is offered", async () => (await field.inputValue()) !== first);
    await field.fill("123");
    await page.locator('#hint-user_id').getByText("10 digits").waitFor();
    await field.fill("8765432109");
    await page.locator('#hint-user_id[data-state="free"]').waitFor();
  },

  async m01_a_refused_sign_up_keeps_what_was_typed({ browser, url, keep }) {
    const { page } = keep(await device(browser));
    await page.goto(`${url}/register`);
    await page.fill('input[name="username"]', "kept.name");
    await page.fill('input[name="email"]', "no address");
    await page.fill('input[name="password"]', "short");
    await page.fill('input[name="password_again"]', "other");
    await page.click('button[type="submit"]');
    await page.locator("#issue-email:not(:empty)").waitFor();
    assert.equal(await page.inputValue('input[name="username"]'), "kept.name");
    assert.equal(await page.inputValue('input[name="email"]'), "no address");
    assert.equal(await page.locator('input[name="email"]').getAttribute("aria-invalid"), "true");
  },

  async a03_login_by_keyboard_alone_with_the_spaced_id({ browser, url, keep }) {
    const ann = keep(await newcomer(browser, url, "Ann"));
    const { page } = keep(await device(browser));
    await page.goto(`${url}/chat/${ann.id}/`);
    await page.waitForURL(/\/login/);
    await page.locator('input[name="name"]').focus();
    await page.keyboard.type(`${ann.id.slice(0, 3)} ${ann.id.slice(3, 6)} ${ann.id.slice(6)}`);
    await page.keyboard.press("Tab");
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press("Tab");
    const shown = await page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
    assert.equal(shown, "Show password");
    await page.keyboard.press("Space");
    assert.equal(await page.locator('input[name="password"]').getAttribute("type"), "text");
    await page.locator('input[name="password"]').press("Enter");
    await page.waitForURL(new RegExp(`/chat/${ann.id}`)); // the page first asked for
    await page.waitForSelector(".composer");
  },

  async a04_logging_out_in_one_tab_ends_the_other({ browser, url, keep }) {
    const ann = keep(await newcomer(browser, url, "Ann"));
    await connected(ann.page);
    const second = await ann.context.newPage();
    await second.goto(`${url}/`);
    await connected(second);
    await ann.page.getByRole("button", { name: "Log out" }).click();
    await ann.page.waitForURL(/\/login/);
    await second.waitForURL(/\/login/);
    await ann.page.goBack().catch(() => undefined);
    await until("Back does not show the chat", async () => (await ann.page.locator(".shell").count()) === 0);
  },

  async a04_s05_a_log_out_that_did_not_work_throws_nothing_away({ browser, url, both, keep }) {
    const ann = keep(await newcomer(browser, url, "Ann"));
    const { page } = ann;
    await openWith(page, url, ann.id);
    const later = (status) => (route) => route.fulfill({ status, headers: { "retry-after": "1" }, contentType: "application/problem+json", body: JSON.stringify({ type: "/problems/later", title: "later", status }) });
    await page.route("**/api/v1/sessions/current", later(503));
    await page.getByRole("button", { name: "Log out" }).click();
    await page.locator(".sidebar > .not-out").getByText("Nothing was thrown away").waitFor();
    // With something unsent the person is asked first, and told there.
    await page.route("**/api/v1/conversations/*/messages", later(503));
    await both.kill("relay");
    await says(page, "not gone yet");
    const kept = () =>
      page.evaluate(async () => {
        const open = indexedDB.open("talkhub-outbox");
        await new Promise((resolve) => (open.onsuccess = resolve));
        const all = open.result.transaction("entries").objectStore("entries").getAll();
        await new Promise((resolve) => (all.onsuccess = resolve));
        open.result.close();
        return all.result.map((entry) => entry.body);
      });
    await until("it is on disk", async () => (await kept()).length === 1);
    await page.unroute("**/api/v1/sessions/current");
    await page.route("**/api/v1/sessions/current", later(429));
    await page.locator(".own").getByRole("button", { name: "Log out" }).click();
    await page.getByRole("button", { name: "Log out and throw away" }).click();
    await page.locator(".dialog").getByText("Nothing was thrown away").waitFor();
    assert.deepEqual(await kept(), ["not gone yet"]);
    assert.match(page.url(), /\/chat\//);
    await page.unroute("**/api/v1/sessions/current");
    await page.getByRole("button", { name: "Log out and throw away" }).click();
    await page.waitForURL(/\/login/);
    assert.deepEqual(await kept(), []);
    await both.startRelay();
  },

  async a04_logging_out_by_the_page_without_script_ends_the_other_tab({ browser, url, keep }) {
    const ann = keep(await newcomer(browser, url, "Ann"));
    await connected(ann.page);
    const second = await ann.context.newPage();
    await second.route("**/assets/**", (route) => route.abort());
    await second.goto(`${url}/logout`);
    await second.getByRole("button", { name: "Log out" }).click();
    await second.waitForURL(/\/login/);
    await ann.page.waitForURL(/\/login/, { timeout: 6_000 });
  },

  async a04_s05_logging_out_asks_about_the_messages_of_every_tab({ browser, url, both, keep }) {
    const ann = keep(await newcomer(browser, url, "Ann"));
    const second = await ann.context.newPage();
    await openWith(second, url, ann.id);
    await connected(ann.page);
    await ann.context.route("**/api/v1/conversations/*/messages", (route) => (route.request().method() === "POST" ? route.abort() : route.continue()));
    await both.kill("relay");
    await says(second, "of the other tab");
    await second.locator(".line--mine", { hasText: "of the other tab" }).waitFor();
    // The chat asks, and staying throws nothing away.
    await ann.page.locator(".own").getByRole("button", { name: "Log out" }).click();
    await ann.page.locator(".dialog").getByText("One message has not gone out yet").waitFor();
    // What lies under a dialog does not hear keys: no search opens over it.
    await ann.page.keyboard.press("Control+k");
    assert.equal(await ann.page.locator("dialog").count(), 1);
    await ann.page.getByRole("button", { name: "Stay" }).click();
    // So does the page for logging out; there it is thrown away, and the tab that wrote it leaves.
    await ann.page.goto(`${url}/logout`);
    await ann.page.getByRole("button", { name: "Log out", exact: true }).click();
    await ann.page.getByRole("alert").getByText("One message has not gone out yet").waitFor();
    assert.match(second.url(), /\/chat\//);
    await ann.page.getByRole("button", { name: "Log out and throw away" }).click();
    await ann.page.waitForURL(/\/login/);
    await second.waitForURL(/\/login/, { timeout: 6_000 });
    const left = await ann.page.evaluate(async () => {
      const open = indexedDB.open("talkhub-outbox");
      await new Promise((resolve) => (open.onsuccess = resolve));
      const all = open.result.transaction("entries").objectStore("entries").getAll();
      await new Promise((resolve) => (all.onsuccess = resolve));
      open.result.close();
      return all.result.length;
    });
    assert.equal(left, 0);
    await both.startRelay();
  },

  async m05_the_header_is_whole_on_narrow_screens({ browser, url, keep }) {
    const ann = keep(await newcomer(browser, url, "Ann"));
    await openWith(ann.page, url, ann.id);
    for (const width of [640, 680, 720, 900]) {
      await ann.page.setViewportSize({ width, height: 700 });
      const [inside, right] = await ann.page.locator('.talk__header button[aria-label="Details"]').evaluate((button) => [button.getBoundingClientRect().right, window.innerWidth]);
      assert.ok(inside <= right, `at ${width} px the last button ends at ${inside}`);
      const name = await ann.page.locator(".talk__name").evaluate((one) => one.clientWidth);
      assert.ok(120 <= name, `at ${width} px the name has ${name} px`);
    }
  },

  async m04_the_theme_changes_without_a_reload_and_lasts({ browser, url, keep }) {
    const ann = keep(await newcomer(browser, url, "Ann"));
    const { page } = ann;
    await page.evaluate(() => (window.notReloaded = true));
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    assert.equal(await theme(), "dark");
    await Promise.all([page.waitForResponse((answer) => answer.url().endsWith("/api/v1/me") && answer.request().method() === "PATCH"), page.getByRole("button", { name: /Theme/ }).click()]);
    assert.equal(await theme(), "light");
    assert.equal(await page.evaluate(() => window.notReloaded), true);
    await page.reload();
    assert.equal(await theme(), "light");
    await page.goto(`${url}/settings/profile`);
    assert.equal(await theme(), "light");
  },

  async m03_an_unknown_id_is_a_friendly_page({ browser, url, keep }) {
    const ann = keep(await newcomer(browser, url, "Ann"));
    await ann.page.goto(`${url}/chat/12/`); // no ID at all: the server's own page says so
    await ann.page.getByRole("heading", { name: "There is nothing here." }).waitFor();
    await ann.page.goto(`${url}/chat/9999999998/`);
    await ann.page.getByRole("heading", { name: "There is nobody here" }).waitFor();
    await ann.page.getByRole("button", { name: "To your conversations" }).click();
    await ann.page.locator(".id-card").waitFor();
  },

  async m05_nothing_scrolls_sideways_at_320({ browser, url, keep }) {
    const ann = keep(await newcomer(browser, url, "Maximiliane Featherstonehaugh-Wolfeschlegelstein", { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true }));
    const wide = () => ann.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    for (const path of ["/", `/chat/${ann.id}/`, "/settings/profile", "/settings/account", "/settings/privacy", "/settings/password", "/settings/security", "/settings/activity", "/settings/data", "/chat/9999999998/"]) {
      await ann.page.goto(url + path);
      await ann.page.waitForTimeout(300);
      assert.ok((await wide()) <= 0, `${path} is ${await wide()} px too wide`);
    }
    await ann.page.goto(`${url}/`);
    for (const name of ["People", "You", "Chats"]) {
      const tab = ann.page.locator(".tabs").getByRole("button", { name });
      const box = await tab.boundingBox();
      assert.ok(44 <= box.height, `${name} is ${box.height} px high`);
      await tab.click();
      assert.ok((await wide()) <= 0, `${name} is too wide`);
    }
    const out = keep(await device(browser, { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true }));
    for (const path of ["/login", "/register", "/forgot"]) {
      await out.page.goto(url + path);
      assert.ok((await out.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)) <= 0, `${path} is too wide`);
    }
  },

  async m05_on_a_phone_list_chat_and_back({ browser, url, keep }) {
    const ann = keep(await newcomer(browser, url, "Ann", { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }));
    const bob = keep(await newcomer(browser, url, "Bob"));
    const { page } = ann;
    await page.locator(".tabs").getByRole("button", { name: "People" }).click();
    await page.getByRole("searchbox").fill(bob.id);
    await page.locator(".list__empty").getByRole("button", { name: "Find someone" }).click();
    await page.locator(".dialog").getByRole("button", { name: "Message" }).click();
    await page.waitForURL(new RegExp(`/chat/${bob.id}`));
    await page.fill(".composer textarea", "from the phone");
    await page.getByRole("button", { name: "Send" }).click();
    await page.locator('[data-state="stored"]').waitFor({ state: "attached" });
    const composer = await page.locator(".composer").boundingBox();
    assert.ok(composer.y + composer.height <= 741, "the composer is on screen");
    await page.getByRole("button", { name: "Back" }).click();
    await page.locator(".row", { hasText: "from the phone" }).waitFor();
    assert.equal(await page.locator(".composer").count(), 0);
  },

  async x_drafts_stay_with_their_conversation_over_a_reload({ browser, url, keep }) {
    const ann = keep(await newcomer(browser, url, "Ann"));
    const bob = keep(await newcomer(browser, url, "Bob"));
    await openWith(ann.page, url, bob.id);
    await ann.page.fill(".composer textarea", "half a thought");
    await ann.page.waitForTimeout(500);
    await openWith(ann.page, url, ann.id);
    assert.equal(await ann.page.inputValue(".composer textarea"), "");
    await ann.page.locator(".row", { hasText: "Draft" }).waitFor();
    await openWith(ann.page, url, bob.id);
    assert.equal(await ann.page.inputValue(".composer textarea"), "half a thought");
  },
};
