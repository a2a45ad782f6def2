// A forgotten password: asked for by mail, set by the link, worth nothing afterwards; and the line that says how strong one is.
import assert from "node:assert/strict";
import { connected, device, newcomer, PASSWORD, signIn, until } from "./people.mjs";

const NEW = "velvet anchor tractor";

async function asks(page, url, email) {
  await page.goto(`${url}/login`);
  await page.getByRole("link", { name: "Forgot password?" }).click();
  await page.fill('input[name="email"]', email);
  await page.getByRole("button", { name: "Send the link" }).click();
  await page.getByText("If there is an account with this address").waitFor();
  return page.locator("main").innerText();
}

export const stories = {
  async a09_a10_a_new_password_by_mail_ends_every_sign_in(world) {
    const { browser, url, keep, post } = world;
    const ann = keep(await newcomer(browser, url, "Ann"));
    const other = keep(await signIn(browser, url, ann.username));
    await connected(ann.page);
    await connected(other.page);
    const email = `${ann.username}@example.org`;
    const { page } = keep(await device(browser));
    const nobody = await asks(page, url, "nobody.at.all@example.org");
    assert.equal(await asks(page, url, email), nobody, "the page says who has an account");
    const link = await post.link(email, "/reset/");
    assert.equal(post.find("nobody.at.all@example.org", "").length, 0);

    await page.goto(link);
    assert.equal(new URL(page.url()).pathname, "/reset", "the link's secret stays in the address");
    const strength = page.locator(".strength");
    for (const [typed, said] of [["short", "3 more characters"], ["password", "tried first"], ["password77", "Weak"], [NEW, "Good"]]) {
      await page.fill('input[name="password"]', typed);
      await strength.getByText(said).waitFor();
    }
    await page.fill('input[name="password"]', "password");
    await page.fill('input[name="password_again"]', "password");
    await page.getByRole("button", { name: "Set password" }).click();
    await page.locator("#issue-password", { hasText: "tried first" }).waitFor(); // the line only advises, the server decides
    await page.fill('input[name="password"]', NEW);
    assert.equal(await page.locator("#issue-password").innerText(), "", "what was said about another password");
    await page.fill('input[name="password_again"]', NEW);
    await page.getByRole("button", { name: "Set password" }).click();
    await page.getByText("Your password is set").waitFor();

    for (const one of [ann, other]) await one.page.waitForURL(/\/login/);
    await page.goto(link);
    await page.getByText("This link has been used").waitFor();
    await page.goto(`${url}/login`);
    await page.fill('input[name="name"]', ann.username);
    await page.fill('input[name="password"]', PASSWORD);
    await page.click('button[type="submit"]');
    await page.getByText("do not belong together").waitFor();
    await page.fill('input[name="password"]', NEW);
    await page.click('button[type="submit"]');
    await page.waitForSelector(".shell");
    await until("she is told", () => 0 < post.find(email, "Your password was changed").length, 20_000);
  },

  async a06_every_new_password_has_its_strength_beside_it(world) {
    const { browser, url, keep } = world;
    const { page } = keep(await device(browser));
    await page.goto(`${url}/register`);
    const strength = page.locator(".strength");
    await strength.getByText("At least 8 characters").waitFor();
    await page.fill('input[name="username"]', "rosalind.f");
    await page.fill('input[name="password"]', "Rosalind.F");
    await strength.getByText("is your name or address").waitFor();
    await page.fill('input[name="username"]', "somebody.else");
    await strength.getByText("is your name or address").waitFor({ state: "detached" });
    await page.fill('input[name="password"]', "correct horse battery staple");
    await strength.getByText("Strong").waitFor();
    assert.equal(await strength.getAttribute("data-bars"), "4");
    // Shown or not, it goes out of a field that browsers do not keep.
    await page.getByRole("button", { name: "Show password" }).first().click();
    assert.equal(await page.locator('input[name="password"]').getAttribute("type"), "text");
    await page.click('button[type="submit"]');
    await page.locator("#issue-email:not(:empty)").waitFor();
    const ann = keep(await newcomer(browser, url, "Annabelle Stone"));
    await ann.page.goto(`${url}/settings/password`);
    await ann.page.fill('input[name="password"]', ann.username);
    await ann.page.locator(".strength").getByText("is your name or address").waitFor();
  },

  async sec05_another_address_counts_once_its_link_is_opened(world) {
    const { browser, url, keep, post } = world;
    const ann = keep(await newcomer(browser, url, "Ann"));
    const [before, after] = [`${ann.username}@example.org`, `${ann.username}.new@example.org`];
    await ann.page.goto(`${url}/settings/account`);
    await ann.page.fill('input[name="email"]', after);
    await ann.page.fill('input[name="current"]', PASSWORD);
    await ann.page.getByRole("button", { name: "Change e-mail" }).click();
    await ann.page.getByText("We sent a link to the new address").waitFor();
    await ann.page.locator(".facts", { hasText: before }).waitFor();
    await ann.page.goto(await post.link(after, "/confirm/"));
    await ann.page.getByText(after).waitFor();
    await ann.page.getByRole("button", { name: "Yes, use this address" }).click();
    await ann.page.getByText("Your new address counts").waitFor();
    await ann.page.goto(`${url}/settings/account`);
    await ann.page.locator(".facts", { hasText: after }).waitFor();
    await until("the old address is told", () => 0 < post.find(before, "Your address was changed").length, 20_000);
  },
};
