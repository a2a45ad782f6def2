// Who is there, and how: away by itself, what one chooses, the list of who is online, and what one keeps to oneself.
import assert from "node:assert/strict";
import { befriend, connected, newcomer, openWith, says, until } from "./people.mjs";
import { startBoth } from "./programs.mjs";

/** Bob has Ann's conversation open and reads how she is there. */
async function talking({ browser, keep }, url, options = {}, first = "Online") {
  const ann = keep(await newcomer(browser, url, "Ann", options));
  const bob = keep(await newcomer(browser, url, "Bob"));
  await befriend(ann, bob);
  await openWith(bob.page, url, ann.id);
  await says(bob.page, "hello");
  await header(bob.page, first).waitFor();
  return { ann, bob };
}

const header = (page, words) => page.locator(".talk__presence", { hasText: words });
const dot = (page, kind) => page.locator(`.row .dot--${kind}`);
const choose = async (page, choice) => {
  await page.getByRole("button", { name: /how others see you/ }).click();
  await page.locator(`.own-menu input[value="${choice}"]`).click();
  await page.keyboard.press("Escape");
};

/** Keeps every text that the header has had. */
const watch = (page) =>
  page.evaluate(() => {
    window.headers = [];
    new MutationObserver(() => window.headers.push(document.querySelector(".talk__presence").textContent)).observe(document.querySelector(".talk__header"), { childList: true, characterData: true, subtree: true });
  });

export const stories = {
  async c08_idle_in_every_tab_is_away_and_the_first_key_brings_back(world) {
    const quick = await startBoth({ env: { TALKHUB_PRESENCE_IDLE: "4" } });
    try {
      const { ann, bob } = await talking(world, quick.url, {}, "Away");
      await dot(bob.page, "away").waitFor();
      assert.equal(await dot(bob.page, "away").textContent(), "Away", "not by its colour alone");
      await ann.page.locator(".own .dot--away").waitFor();
      await ann.page.mouse.move(200, 300);
      const moved = Date.now();
      await header(bob.page, "Online").waitFor();
      await dot(bob.page, "online").waitFor();
      console.log(`      back online for the other one ${Date.now() - moved} ms after the pointer moved`);

      // One tab in use is enough: the other one says that it is idle, and Bob is not told so.
      await ann.page.keyboard.press("Shift");
      const second = await ann.context.newPage();
      await second.goto(`${quick.url}/`);
      await connected(second);
      await header(bob.page, "Online").waitFor();
      await watch(bob.page);
      const used = setInterval(() => void second.keyboard.press("Shift").catch(() => undefined), 300);
      try {
        await ann.page.waitForResponse((answer) => answer.url().endsWith("/idle") && answer.request().postData() === '{"idle":true}' && answer.status() === 204);
        await choose(second, "busy");
        await header(bob.page, "Do not disturb").waitFor();
      } finally {
        clearInterval(used);
      }
      const headers = await bob.page.evaluate(() => window.headers);
      assert.ok(!headers.includes("Away"), headers.join(", "));
    } finally {
      await quick.stop();
    }
  },

  async c08_what_is_chosen_is_seen_and_invisible_looks_as_if_not_there(world) {
    const { ann, bob } = await talking(world, world.url);
    await choose(ann.page, "busy");
    await header(bob.page, "Do not disturb").waitFor();
    await dot(bob.page, "busy").waitFor();
    await ann.page.locator(".own .dot--busy").waitFor();
    await ann.page.reload();
    await ann.page.locator(".own .dot--busy").waitFor(); // it lasts
    await choose(ann.page, "invisible");
    await header(bob.page, "last seen").waitFor();
    await dot(bob.page, "offline").waitFor();
    await ann.page.locator(".own .dot--invisible").waitFor();
    await choose(ann.page, "online");
    await header(bob.page, "Online").waitFor();
    // A server that does not answer: taken back, and said.
    await ann.page.route("**/api/v1/me/presence", (route) => route.abort());
    await ann.page.getByRole("button", { name: /how others see you/ }).click();
    await ann.page.locator(`.own-menu input[value="away"]`).click();
    await ann.page.getByText("That did not get through.").waitFor();
    await ann.page.locator(".own .dot--online").waitFor();
  },

  async c08_on_a_phone_it_is_chosen_under_you(world) {
    const { ann, bob } = await talking(world, world.url, { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
    await ann.page.locator(".tabs").getByRole("button", { name: "You" }).click();
    await ann.page.locator(".you").getByRole("radio", { name: "Do not disturb" }).click();
    await header(bob.page, "Do not disturb").waitFor();
  },

  async c04_the_list_says_who_is_online_and_c05_when_somebody_was_last_there(world) {
    const { ann, bob } = await talking(world, world.url);
    const list = bob.page.locator(".online");
    await list.getByText("2 online").waitFor();
    assert.deepEqual((await list.locator(".online__name").allInnerTexts()).sort(), ["Ann", "Bob (you)"]);
    await choose(ann.page, "away");
    await list.locator(".online__one", { hasText: "Ann" }).getByText("Away").first().waitFor();
    await list.getByRole("button", { name: /2 online/ }).click();
    assert.equal(await list.locator(".online__one").count(), 0);
    await bob.page.reload();
    await list.getByRole("button", { name: /2 online/ }).click(); // closed as it was left
    await ann.page.close();
    await list.getByText("1 online").waitFor();
    await header(bob.page, "last seen just now").waitFor();
  },

  async u08_last_seen_and_typing_for_nobody_are_not_shown_and_leave_no_browser(world) {
    const { ann, bob } = await talking(world, world.url);
    await openWith(ann.page, world.url, bob.id);
    await ann.page.locator(".composer textarea").pressSequentially("hm");
    await header(bob.page, "is typing").waitFor();
    await ann.page.goto(`${world.url}/settings/privacy`);
    for (const name of ["last_seen", "typing"]) await ann.page.locator(`input[name="${name}"][value="nobody"]`).check();
    await ann.page.getByRole("button", { name: "Save" }).click();
    await ann.page.getByText("Saved.").waitFor();
    await until("Bob reads nothing of her", async () => (await bob.page.locator(".talk__presence").innerText()) === "");
    assert.equal(await bob.page.locator(".row .dot").count(), 0);

    const sent = [];
    ann.page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => sent.push(String(payload))));
    await openWith(ann.page, world.url, bob.id);
    await ann.page.fill(".composer textarea", "");
    await ann.page.locator(".composer textarea").pressSequentially("quietly");
    await ann.page.press(".composer textarea", "Enter");
    await bob.page.locator(".bubble", { hasText: "quietly" }).waitFor();
    assert.ok(sent.some((frame) => frame.includes("quietly")), "frames are heard here");
    assert.deepEqual(sent.filter((frame) => frame.includes("typing")), []);
    // It goes both ways: she is shown none either.
    assert.equal(await ann.page.locator(".talk__presence").innerText(), "");
  },
};
