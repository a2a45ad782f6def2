// Where one is signed in, what a new sign-in looks like to the other devices, and the second step.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { connected, device, newcomer, PASSWORD, signIn } from "./people.mjs";

/** What an authenticator app shows: RFC 6238 with SHA-1, six digits, 30 seconds. `steps` from now. */
function codeOf(secret, steps) {
  let bits = "";
  for (const letter of secret.toUpperCase().replace(/[^A-Z2-7]/g, "")) bits += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const digest = createHmac("sha1", key).update(counter).digest();
  const at = digest[19] & 15;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

const devices = (page) => page.locator(".devices__one");

async function password(page, url, name) {
  await page.goto(`${url}/login`);
  await page.fill('input[name="name"]', name);
  await page.fill('input[name="password"]', PASSWORD);
  await page.click('button[type="submit"]');
}

async function code(page, text) {
  await page.getByText("One more step").waitFor();
  await page.fill('input[name="code"]', text);
  await page.click('button[type="submit"]');
}

export const stories = {
  async u03_a_new_sign_in_is_noticed_and_ended_from_the_list(world) {
    const { browser, url, keep } = world;
    const ann = keep(await newcomer(browser, url, "Ann"));
    await connected(ann.page);
    const second = await ann.context.newPage();
    await second.goto(`${url}/`);
    await connected(second);
    const other = keep(await signIn(browser, url, ann.username));
    await connected(other.page);
    for (const page of [ann.page, second]) {
      const notice = page.locator(".hint--sign-in");
      assert.match(await notice.innerText(), /New sign-in to your account:\s+Chrom\w+, Linux, address 127\.0\.0\.1, \d\d:\d\d\./);
    }
    assert.equal(await other.page.locator(".hint--sign-in").count(), 0, "who comes in is no news to themselves");
    await ann.page.reload();
    await ann.page.locator(".hint--sign-in").waitFor(); // nobody has said anything about it yet
    await ann.page.getByRole("button", { name: "It was me" }).click();
    for (const page of [ann.page, second]) await page.locator(".hint--sign-in").waitFor({ state: "detached" });
    await second.close();

    const third = keep(await signIn(browser, url, ann.username));
    await ann.page.getByRole("link", { name: "Look at my devices" }).click();
    await ann.page.getByRole("heading", { name: "Where you are signed in" }).waitFor();
    assert.equal(await devices(ann.page).count(), 3);
    for (const text of await devices(ann.page).allInnerTexts()) {
      // An address is what we know; a place would be a guess.
      assert.match(text, /Address 127\.0\.0\.1/);
      assert.doesNotMatch(text, /place|city|country|location/i);
    }
    assert.equal(await devices(ann.page).filter({ hasText: "this one" }).getByRole("button").count(), 0);
    await devices(ann.page).filter({ hasNotText: "this one" }).first().getByRole("button", { name: "End" }).click();
    await ann.page.getByText("Saved.").waitFor();
    assert.equal(await devices(ann.page).count(), 2);
    const began = Date.now();
    await Promise.race([other, third].map((one) => one.page.waitForURL(/\/login/)));
    console.log(`      at the login page ${Date.now() - began} ms after it was ended from the list`);
    const fourth = keep(await signIn(browser, url, ann.username));
    await connected(fourth.page);
    await ann.page.getByRole("button", { name: "End all others" }).click();
    for (const one of [other, third, fourth]) await one.page.waitForURL(/\/login/);
    assert.equal(await devices(ann.page).count(), 1);
    await ann.page.getByRole("link", { name: "What was done with your account" }).click();
    await ann.page.locator(".act", { hasText: "Signed in" }).first().waitFor();
    await ann.page.goto(`${url}/`);
    await connected(ann.page);
  },

  async u01_the_second_step_by_app_and_by_a_recovery_code_once(world) {
    const { browser, url, keep } = world;
    const ann = keep(await newcomer(browser, url, "Ann"));
    const { page } = ann;
    await page.goto(`${url}/settings/security`);
    await page.locator("#factor").locator('input[name="current"]').fill(PASSWORD);
    await page.getByRole("button", { name: "Set up" }).click();
    const qr = await page.getByRole("img", { name: "QR code for your authenticator app" }).boundingBox();
    assert.ok(140 <= qr.width && Math.abs(qr.width - qr.height) < 2, `a QR code of ${qr.width} by ${qr.height}`);
    const secret = await page.locator(".factor-secret").innerText();
    await page.fill('input[name="code"]', "000000");
    await page.getByRole("button", { name: "Turn on" }).click();
    await page.locator("#issue-code", { hasText: "not right" }).waitFor();
    await page.fill('input[name="code"]', codeOf(secret, 0));
    await page.getByRole("button", { name: "Turn on" }).click();
    await page.getByRole("heading", { name: "Your recovery codes" }).waitFor();
    const codes = await page.locator(".recovery-codes code").allInnerTexts();
    assert.ok(8 <= codes.length, `${codes.length} recovery codes`);
    await page.getByRole("link", { name: "I have written them down" }).click();
    await page.getByText("Two-step sign-in is on.").waitFor();

    const app = keep(await device(browser));
    await password(app.page, url, ann.username);
    await code(app.page, "123 456");
    await app.page.locator("#issue-code", { hasText: "not right" }).waitFor();
    await code(app.page, codeOf(secret, 1)); // this step's code is used up
    await app.page.waitForSelector(".shell");
    const [paper, again] = [keep(await device(browser)), keep(await device(browser))];
    await password(paper.page, url, ann.username);
    await code(paper.page, codes[0]);
    await paper.page.waitForSelector(".shell");
    await password(again.page, url, ann.username);
    await code(again.page, codes[0]);
    await again.page.locator("#issue-code", { hasText: "not right" }).waitFor();
    await page.reload();
    await page.getByText(`${codes.length - 1} recovery codes are left`).waitFor();
  },
};
