// What is one's own: a picture, everything to take along, leaving for good; and the first visit to an empty server.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { png, unzipped } from "./files.mjs";
import { befriend, connected, device, newcomer, openWith, PASSWORD, says } from "./people.mjs";
import { startBoth } from "./programs.mjs";

async function talking({ browser, url, keep }) {
  const ann = keep(await newcomer(browser, url, "Ann"));
  const bob = keep(await newcomer(browser, url, "Bob"));
  await befriend(ann, bob);
  await openWith(bob.page, url, ann.id);
  await openWith(ann.page, url, bob.id);
  await says(ann.page, "the tide is at nine");
  await bob.page.locator(".bubble", { hasText: "tide" }).waitFor();
  return { ann, bob };
}

export const stories = {
  async b02_a_picture_changes_for_the_other_one_without_a_reload(world) {
    const { ann, bob } = await talking(world);
    await bob.page.evaluate(() => (window.notReloaded = true));
    const shown = bob.page.locator(".talk__header .avatar__picture");
    assert.equal(await shown.count(), 0);
    await ann.page.goto(`${world.url}/settings/profile`);
    await ann.page.setInputFiles('input[name="avatar"]', { name: "me.png", mimeType: "image/png", buffer: png(300, 200, [20, 120, 160]) });
    await ann.page.getByRole("button", { name: "Use this picture" }).click();
    await ann.page.getByRole("img", { name: "Your picture now" }).waitFor();
    await shown.waitFor();
    const [width, height] = await shown.evaluate(async (one) => {
      await one.decode();
      return [one.naturalWidth, one.naturalHeight];
    });
    assert.equal(width, height, "it is squared");
    await bob.page.locator(".row .avatar__picture").waitFor();
    assert.equal(await bob.page.evaluate(() => window.notReloaded), true);
    await ann.page.setInputFiles('input[name="avatar"]', { name: "me.png", mimeType: "image/png", buffer: Buffer.from("no picture at all") });
    await ann.page.getByRole("button", { name: "Use this picture" }).click();
    await ann.page.locator("#issue-avatar", { hasText: "not a picture" }).waitFor();
    await ann.page.getByRole("button", { name: "Remove the picture" }).click();
    await shown.waitFor({ state: "detached" });
    assert.match(await bob.page.locator(".talk__header .avatar").innerText(), /^A/);
  },

  async u06_the_export_opens_without_a_network(world) {
    const { ann } = await talking(world);
    const { page } = ann;
    await page.goto(`${world.url}/settings/data`);
    const form = page.locator('form[action="/settings/data/export"]');
    await form.locator('input[name="current"]').fill("not this one");
    await form.getByRole("button", { name: "Download" }).click();
    await page.getByText("not your present password").waitFor();
    await form.locator('input[name="current"]').fill(PASSWORD);
    const [download] = await Promise.all([page.waitForEvent("download"), form.getByRole("button", { name: "Download" }).click()]);
    await page.getByText("the download begins").waitFor();
    assert.equal(await form.locator('input[name="current"]').inputValue(), "", "no password is left in the page");
    const folder = mkdtempSync(join(tmpdir(), "talkhub-export-"));
    try {
      const files = unzipped(readFileSync(await download.path()));
      for (const [name, bytes] of files) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        if (!name.endsWith("/")) writeFileSync(join(folder, name), bytes);
      }
      const index = [...files.keys()].find((name) => name.endsWith("index.html"));
      const reader = world.keep(await device(world.browser, { offline: true }));
      await reader.page.goto(pathToFileURL(join(folder, index)).href);
      await reader.page.getByText("Ann").first().waitFor();
      await reader.page.getByRole("link", { name: /Bob/ }).first().click();
      await reader.page.getByText("the tide is at nine").waitFor();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },

  async u06_whoever_leaves_is_gone_with_their_name_and_words(world) {
    const { ann, bob } = await talking(world);
    await ann.page.goto(`${world.url}/settings/data`);
    const form = ann.page.locator('form[action="/settings/data/leave"]');
    await form.getByText("Empty my messages too").click();
    await form.locator('input[name="current"]').fill(PASSWORD);
    await form.getByRole("button", { name: "Delete my account" }).click();
    await ann.page.getByText("Your account is deleted").waitFor();
    await bob.page.locator(".talk__name", { hasText: "Deleted user" }).waitFor();
    await bob.page.locator(".bubble", { hasText: "tide" }).waitFor({ state: "detached" });
    await ann.page.goto(`${world.url}/login`);
    await ann.page.fill('input[name="name"]', ann.username);
    await ann.page.fill('input[name="password"]', PASSWORD);
    await ann.page.click('button[type="submit"]');
    await ann.page.getByText("do not belong together").waitFor();
  },

  async a13_the_first_visit_to_an_empty_server_makes_its_administrator(world) {
    const fresh = await startBoth();
    try {
      const { page } = world.keep(await device(world.browser));
      await page.goto(`${fresh.url}/`);
      await page.waitForURL(/\/setup$/);
      const code = /type this code: ([A-Z0-9-]+)/.exec(fresh.client.said.join(""))[1];
      const fill = async (typed) => {
        await page.fill('input[name="code"]', typed);
        for (const name of ["password", "password_again"]) await page.fill(`input[name="${name}"]`, PASSWORD);
        await page.getByRole("button", { name: "Create the administrator" }).click();
      };
      await page.fill('input[name="username"]', "keeper");
      await page.fill('input[name="email"]', "keeper@example.org");
      await page.locator(".strength").waitFor();
      await fill("AAAA-BBBB-CCCC-DDDD");
      await page.locator("#issue-code", { hasText: "not the code" }).waitFor();
      assert.equal(await page.inputValue('input[name="username"]'), "keeper");
      await fill(code.toLowerCase());
      await page.waitForSelector(".shell");
      await connected(page);
      const answer = await page.goto(`${fresh.url}/setup`);
      assert.equal(answer.status(), 404, "the code is used up");
      const visitor = world.keep(await device(world.browser));
      await visitor.page.goto(`${fresh.url}/`);
      await visitor.page.waitForURL(/\/login/);
      // Nothing is mailed here: the page says what helps instead.
      await visitor.page.getByRole("link", { name: "Forgot password?" }).click();
      await visitor.page.getByText("This server does not send mail.").waitFor();
      await visitor.page.getByText("Ask whoever runs it for a link").waitFor();
      assert.equal(await visitor.page.locator('input[name="email"]').count(), 0);
    } finally {
      await fresh.stop();
    }
  },
};
