// People who find each other, become contacts, write as strangers, and part.
import assert from "node:assert/strict";
import { befriend, bodies, connected, hasState, newcomer, openWith, says, until } from "./people.mjs";

async function people({ browser, url, keep }, ...names) {
  const all = [];
  for (const name of names) {
    const one = keep(await newcomer(browser, url, name));
    await connected(one.page);
    await one.page.evaluate(() => (window.notReloaded = true));
    all.push(one);
  }
  return all;
}

const notReloaded = async (...all) => {
  for (const { name, page } of all) assert.equal(await page.evaluate(() => window.notReloaded), true, `${name}'s page was loaded again`);
};

/** The search with this person in it. */
async function finds(page, other) {
  await page.getByRole("button", { name: "Find someone" }).first().click();
  await page.getByRole("searchbox", { name: "Name or 10-digit ID" }).fill(`${other.id.slice(0, 3)} ${other.id.slice(3, 6)} ${other.id.slice(6)}`);
  const row = page.locator(".dialog .person", { hasText: other.name });
  await row.waitFor();
  return row;
}

const toPeople = (page) => page.locator(".places").getByRole("button", { name: "People" }).click();
const toChats = (page) => page.locator(".places").getByRole("button", { name: "Chats" }).click();
const button = (place, name) => place.getByRole("button", { name, exact: true });
const waits = (page) => page.locator(".places").getByRole("button", { name: "People" }).locator(".badge");
const gone = (what, place) => until(what, async () => (await place.count()) === 0 || (await place.count()));

export const stories = {
  async f01_f03_f05_f10_from_sign_up_to_the_first_contact(world) {
    const [ann, bob] = await people(world, "Ann", "Bob");
    const row = await finds(ann.page, bob);
    await button(row, "Add with a note: Bob").click();
    await row.getByRole("textbox").fill("We met at the harbour");
    await row.getByRole("textbox").press("Enter");
    await row.getByText("Requested").waitFor();
    // Live, with a badge, and beside it who it is.
    await waits(bob.page).waitFor();
    assert.equal(await waits(bob.page).locator("[aria-hidden]").innerText(), "1");
    await toPeople(bob.page);
    const asking = bob.page.locator(".asking", { hasText: "Ann" });
    assert.match(await asking.innerText(), /We met at the harbour/);
    assert.match(await asking.innerText(), new RegExp(`${ann.id.slice(0, 3)} ${ann.id.slice(3, 6)} ${ann.id.slice(6)}`));
    await button(asking, "Accept: Ann").click();
    await bob.page.locator(".contact", { hasText: "Ann" }).waitFor();
    await gone("the badge", waits(bob.page));
    await row.getByText("Contact", { exact: true }).waitFor();
    await button(row, "Message: Bob").click();
    await says(ann.page, "There you are");
    await hasState(ann.page, "There you are", "stored");
    await bob.page.locator(".contact", { hasText: "Ann" }).locator(".contact__presence", { hasText: "Online" }).waitFor();
    await toChats(bob.page);
    assert.equal(await bob.page.locator(".requests").count(), 0, "a contact's words are no message request");
    await bob.page.locator(".row", { hasText: "There you are" }).click();
    await says(bob.page, "Hello Ann");
    await ann.page.locator(".bubble", { hasText: "Hello Ann" }).waitFor();
    await notReloaded(ann, bob);
  },

  async f01_oneself_nobody_and_whoever_is_blocked_in_the_search(world) {
    const [ann, bob] = await people(world, "Ann", "Bob");
    await ann.page.getByRole("button", { name: "Find someone" }).first().click();
    const field = ann.page.getByRole("searchbox", { name: "Name or 10-digit ID" });
    await field.fill(ann.id);
    await ann.page.locator(".find__own", { hasText: "This is your own ID" }).waitFor();
    await field.fill("9999999998");
    await ann.page.locator(".find__note", { hasText: "Nobody found" }).waitFor();
    const words = await ann.page.locator(".find__note").innerText();
    await bob.page.evaluate((id) => fetch(`/api/v1/blocks/${id}`, { method: "PUT", headers: { "content-type": "application/json" }, body: "{}" }), ann.id);
    await field.fill(bob.id);
    await ann.page.locator(".find__note", { hasText: bob.id }).waitFor();
    assert.equal((await ann.page.locator(".find__note").innerText()).replace(bob.id, ""), words.replace("9999999998", ""), "to the blocked it looks as if nobody were there");
    // Whoever has blocked sees whom to unblock.
    const row = await finds(bob.page, ann);
    await button(row, "Unblock: Ann").click();
    await button(row, "Add: Ann").waitFor();
    assert.equal(await row.getByRole("button", { name: "Message" }).count(), 1);
  },

  async f03_requests_that_cross_make_contacts(world) {
    const [ann, bob] = await people(world, "Ann", "Bob");
    const [hers, his] = [await finds(ann.page, bob), await finds(bob.page, ann)];
    // Bob presses before he can know of Ann's request; his arrives after hers.
    let release = () => undefined;
    const held = new Promise((resolve) => (release = resolve));
    await bob.page.route("**/api/v1/contact-requests", async (route) => {
      if (route.request().method() === "POST") await held;
      await route.continue();
    });
    await button(his, "Add: Ann").click();
    await his.getByText("Requested").waitFor();
    await button(hers, "Add: Bob").click();
    await hers.getByText("Requested").waitFor();
    await until("Ann's request is there", () => ann.page.evaluate(async (id) => (await (await fetch("/api/v1/contact-requests")).json()).outgoing.some((one) => one.user_id === id), bob.id));
    release();
    for (const row of [hers, his]) await row.getByText("Contact", { exact: true }).waitFor();
    for (const { page } of [ann, bob]) assert.equal(await waits(page).count(), 0);
    await notReloaded(ann, bob);
  },

  async f04_f05_withdrawn_and_declined_live_and_silently(world) {
    const [ann, bob] = await people(world, "Ann", "Bob");
    const row = await finds(ann.page, bob);
    await toPeople(bob.page);
    await button(row, "Add: Bob").click();
    await bob.page.locator(".asking", { hasText: "Ann" }).waitFor();
    await button(row, "Withdraw: Bob").click();
    await gone("the request", bob.page.locator(".asking"));
    await button(row, "Add: Bob").click();
    const asking = bob.page.locator(".asking", { hasText: "Ann" });
    await button(asking, "Decline: Ann").click();
    await gone("the request", asking);
    // Second thoughts.
    await bob.page.getByRole("button", { name: "Undo" }).click();
    await button(asking, "Decline: Ann").click();
    await bob.page.getByRole("button", { name: "Undo" }).waitFor({ state: "detached", timeout: 9_000 });
    await until("it is declined", () => bob.page.evaluate(async () => (await (await fetch("/api/v1/contact-requests")).json()).incoming.length === 0));
    await ann.page.keyboard.press("Escape");
    await toPeople(ann.page);
    await ann.page.locator(".asking", { hasText: "Bob" }).getByText("Requested").waitFor();
    await ann.page.reload();
    await connected(ann.page);
    await toPeople(ann.page);
    await ann.page.locator(".asking", { hasText: "Bob" }).getByText("Requested").waitFor();
  },

  async f07_a_contact_is_removed_from_the_menu_and_the_words_stay(world) {
    const [ann, bob] = await people(world, "Ann", "Bob");
    await befriend(ann, bob);
    await openWith(ann.page, world.url, bob.id);
    await says(ann.page, "before");
    await hasState(ann.page, "before", "stored");
    await toPeople(ann.page);
    await toPeople(bob.page);
    await bob.page.locator(".contact", { hasText: "Ann" }).waitFor();
    // The same menu by the dots, by a right click, by the keyboard.
    await ann.page.locator(".contact", { hasText: "Bob" }).click({ button: "right" });
    await ann.page.getByRole("menu").waitFor();
    await ann.page.keyboard.press("Escape");
    await gone("the menu", ann.page.getByRole("menu"));
    assert.equal(await ann.page.locator(".talk").count(), 1, "Escape closed the menu alone");
    await button(ann.page, "More for Bob").focus();
    await ann.page.keyboard.press("Enter");
    await ann.page.keyboard.press("ArrowDown");
    await ann.page.keyboard.press("ArrowDown");
    assert.equal(await ann.page.evaluate(() => document.activeElement?.textContent), "Remove from contacts");
    await ann.page.keyboard.press("Enter");
    await gone("the contact", ann.page.locator(".contact"));
    // The promise is kept though the page is left at once.
    await ann.page.goto(`${world.url}/settings/profile`);
    await gone("the contact", bob.page.locator(".contact"));
    await openWith(ann.page, world.url, bob.id);
    await until("the words stay", async () => (await bodies(ann.page)).includes("before") || (await bodies(ann.page)));
  },

  async t15_a_stranger_is_let_in(world) {
    const [ann, eve] = await people(world, "Ann", "Eve");
    await openWith(eve.page, world.url, ann.id);
    await says(eve.page, "You do not know me");
    await hasState(eve.page, "You do not know me", "stored");
    const fold = ann.page.getByRole("button", { name: /Message requests/ });
    await fold.waitFor();
    assert.equal(await ann.page.locator(".row").count(), 0, "the main list does not change");
    assert.equal(await ann.page.title(), "Talkhub", "nor does the badge");
    assert.equal(await ann.page.locator(".badge").count(), 0);
    await fold.click();
    await ann.page.locator(".requests .row", { hasText: "You do not know me" }).click();
    const stranger = ann.page.locator(".stranger");
    await stranger.getByText("Eve", { exact: true }).waitFor();
    await ann.page.locator(".bubble", { hasText: "You do not know me" }).waitFor();
    assert.equal(await ann.page.locator(".composer").count(), 0);
    await ann.page.waitForTimeout(800);
    assert.equal(await eve.page.locator('[data-state="read"]').count(), 0, "looking is not told");
    await button(stranger, "Accept").click();
    await ann.page.locator(".composer textarea").waitFor();
    await hasState(eve.page, "You do not know me", "read");
    await gone("the section", ann.page.locator(".requests"));
    await ann.page.locator(".row", { hasText: "You do not know me" }).waitFor();
    await says(ann.page, "Now I do");
    await eve.page.locator(".bubble", { hasText: "Now I do" }).waitFor();
    await notReloaded(ann);
  },

  async t15_a_stranger_is_thrown_away_and_blocked(world) {
    const [ann, eve] = await people(world, "Ann", "Eve");
    await openWith(eve.page, world.url, ann.id);
    await says(eve.page, "first");
    const fold = ann.page.getByRole("button", { name: /Message requests/ });
    await fold.click();
    await ann.page.locator(".requests .row", { hasText: "first" }).click();
    await button(ann.page.locator(".stranger"), "Delete").click();
    await ann.page.locator(".id-card").waitFor();
    await gone("the section", fold);
    await ann.page.getByRole("button", { name: "Undo" }).click();
    await ann.page.locator(".stranger").waitFor();
    await button(ann.page.locator(".stranger"), "Delete").click();
    await ann.page.getByRole("button", { name: "Undo" }).waitFor({ state: "detached", timeout: 9_000 });
    await until("it is hidden", () => ann.page.evaluate(async () => (await (await fetch("/api/v1/conversations")).json()).conversations.every((one) => one.state === "hidden")));
    await ann.page.reload();
    await connected(ann.page);
    assert.equal(await fold.count(), 0);
    await says(eve.page, "second");
    await fold.click();
    await ann.page.locator(".requests .row", { hasText: "second" }).click();
    await button(ann.page.locator(".stranger"), "Block").click();
    await ann.page.locator(".id-card").waitFor();
    await gone("the section", fold);
    await says(eve.page, "third");
    await eve.page.locator(".line__note--failed", { hasText: "takes messages from their contacts only" }).waitFor();
  },

  async f08_f09_a_block_while_both_chat(world) {
    const [ann, bob] = await people(world, "Ann", "Bob");
    await befriend(ann, bob);
    await openWith(ann.page, world.url, bob.id);
    await openWith(bob.page, world.url, ann.id);
    await says(bob.page, "before");
    await ann.page.locator(".bubble", { hasText: "before" }).waitFor();
    for (const { page } of [ann, bob]) await page.evaluate(() => (window.notReloaded = true));
    await ann.page.fill(".composer textarea", "half a thought");
    await bob.page.fill(".composer textarea", "another half");
    await button(ann.page, "Details").click();
    await button(ann.page.locator(".details"), "Block").click();
    const barrier = ann.page.locator(".barrier", { hasText: "You have blocked Bob" });
    await barrier.getByText("What you began to write is kept.").waitFor();
    assert.equal(await ann.page.locator(".composer").count(), 0);
    // To Bob it looks like somebody who takes contacts only; what he typed is still there.
    assert.equal(await bob.page.inputValue(".composer textarea"), "another half");
    await bob.page.press(".composer textarea", "Enter");
    await bob.page.locator(".line__note--failed", { hasText: "takes messages from their contacts only" }).waitFor();
    await bob.page.locator(".barrier", { hasText: "Ann takes messages from their contacts only." }).waitFor();
    assert.deepEqual(await bodies(bob.page), ["before", "another half"]);
    assert.doesNotMatch(await bob.page.locator(".talk").innerText(), /block/i);
    assert.deepEqual(await bodies(ann.page), ["before"]);
    await bob.page.fill(".composer textarea", "not lost either");
    await button(barrier, "Unblock").click();
    await until("the draft is back", async () => (await ann.page.inputValue(".composer textarea")) === "half a thought");
    await bob.page.getByRole("button", { name: "Retry" }).click();
    await ann.page.locator(".bubble", { hasText: "another half" }).waitFor();
    await gone("the words above the composer", bob.page.locator(".barrier"));
    assert.equal(await bob.page.inputValue(".composer textarea"), "not lost either");
    await notReloaded(ann, bob);
  },

  async f09_unblocked_in_the_settings_while_the_chat_is_open(world) {
    const [ann, bob] = await people(world, "Ann", "Bob");
    await openWith(ann.page, world.url, bob.id);
    await button(ann.page, "Details").click();
    await button(ann.page.locator(".details"), "Block").click();
    await ann.page.locator(".barrier").waitFor();
    const settings = await ann.context.newPage();
    await settings.goto(`${world.url}/settings/blocked`);
    assert.match(await settings.locator(".devices__one").innerText(), /Bob/);
    await settings.getByRole("button", { name: "Unblock: Bob" }).click();
    await settings.getByText("Unblocked.").waitFor();
    assert.equal(await settings.locator(".devices__one").count(), 0);
    await ann.page.locator(".composer textarea").waitFor();
    await settings.close();
  },

  async b01_b03_the_card_opens_everywhere_and_follows(world) {
    const [ann, bob] = await people(world, "Ann", "Bob");
    await befriend(ann, bob);
    await openWith(bob.page, world.url, ann.id);
    await says(bob.page, "look at me");
    const card = ann.page.locator(".dialog .profile");
    await ann.page.locator(".row", { hasText: "look at me" }).getByRole("button", { name: "Profile of Bob" }).click();
    await card.waitFor();
    await ann.page.keyboard.press("Escape");
    await ann.page.locator(".row", { hasText: "look at me" }).click();
    await ann.page.locator(".line").getByRole("button", { name: "Profile of Bob" }).click();
    await card.locator(".present", { hasText: "Online" }).waitFor(); // comings are told a moment later
    const text = await card.innerText();
    assert.match(text, new RegExp(`${bob.id.slice(0, 3)} ${bob.id.slice(3, 6)} ${bob.id.slice(6)}`));
    assert.match(text, /Online/);
    assert.match(text, /Contacts since/);
    assert.doesNotMatch(text, /@example\.org/);
    const change = (form) => bob.page.evaluate((form) => fetch("/api/v1/me", { method: "PATCH", headers: { "content-type": "application/json" }, body: JSON.stringify(form) }), form);
    await change({ display_name: "Robert", status_line: "At sea until Friday" });
    await card.getByText("Robert", { exact: true }).waitFor();
    await card.getByText("At sea until Friday").waitFor();
    // What stands between the two follows as well.
    await ann.page.evaluate((id) => fetch(`/api/v1/contacts/${id}`, { method: "DELETE", headers: { "content-type": "application/json" }, body: "{}" }), bob.id);
    await button(card, "Add: Robert").waitFor();
    await button(card, "Message").click();
    await gone("the card", card);
    await ann.page.locator(".talk__who").click();
    await ann.page.locator(".details .profile").getByText("At sea until Friday").waitFor();
  },

  async c03_a_contact_without_a_conversation_does_not_stay_green(world) {
    const [ann, bob] = await people(world, "Ann", "Bob");
    await befriend(ann, bob);
    await toPeople(ann.page);
    const presence = ann.page.locator(".contact", { hasText: "Bob" }).locator(".contact__presence");
    await presence.getByText("Online").waitFor({ timeout: 60_000 }); // asked for every 25 s
    await bob.context.close();
    await presence.getByText("last seen").waitFor({ timeout: 75_000 });
  },

  async u08_a_conversation_that_a_rule_forbids_says_why(world) {
    const [ann, bob] = await people(world, "Ann", "Bob");
    await bob.page.evaluate(() => fetch("/api/v1/me/privacy", { method: "PATCH", headers: { "content-type": "application/json" }, body: JSON.stringify({ write: "contacts" }) }));
    await ann.page.goto(`${world.url}/chat/${bob.id}/`);
    const page = ann.page.locator(".empty--page");
    await page.getByText("This person takes messages from their contacts only.").waitFor();
    await button(page, "Add: Bob").click();
    await page.getByText("Requested").waitFor();
    await bob.page.evaluate((id) => fetch("/api/v1/contact-requests", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ user_id: id, note: "" }) }), ann.id);
    await ann.page.locator(".composer textarea").waitFor();
  },

  async m05_nothing_of_it_scrolls_sideways_at_320({ browser, url, keep }) {
    const long = "Maximiliane Featherstonehaugh-Wolfeschlegelstein";
    const ann = keep(await newcomer(browser, url, "Ann", { viewport: { width: 320, height: 640 }, isMobile: true, hasTouch: true }));
    const max = keep(await newcomer(browser, url, long));
    const wide = async (what) => {
      const over = await ann.page.evaluate(() => Math.max(document.documentElement.scrollWidth - window.innerWidth, ...[...document.querySelectorAll(".dialog, .list, .stranger")].map((one) => one.scrollWidth - one.clientWidth)));
      assert.ok(over <= 0, `${what} is ${over} px too wide`);
    };
    await openWith(max.page, url, ann.id);
    await says(max.page, "hello");
    const row = await finds(ann.page, { ...max, name: "Maximiliane" });
    await wide("the search");
    await row.getByRole("button", { name: /Add with a note/ }).click();
    await wide("the note");
    await row.locator(".person__who").click();
    await ann.page.locator(".dialog .profile__facts").waitFor();
    await wide("the card");
    await ann.page.keyboard.press("Escape");
    await row.getByRole("button", { name: /^Add: / }).click();
    await ann.page.keyboard.press("Escape");
    await ann.page.locator(".tabs").getByRole("button", { name: "People" }).click();
    await ann.page.locator(".asking").waitFor();
    await wide("a request");
    await ann.page.locator(".tabs").getByRole("button", { name: "Chats" }).click();
    await ann.page.getByRole("button", { name: /Message requests/ }).click();
    await ann.page.locator(".requests .row").click();
    await ann.page.locator(".stranger").waitFor();
    await wide("a stranger");
  },
};
