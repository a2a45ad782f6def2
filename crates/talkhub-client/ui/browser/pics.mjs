// Takes the pictures of the documentation from the running programs with demo data, into the folder given as argument.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { connected, device, launch, says, signIn } from "./people.mjs";
import { startBoth } from "./programs.mjs";

const folder = process.argv[2];
if (!folder) {
  console.error("usage: node browser/pics.mjs FOLDER");
  process.exit(2);
}
mkdirSync(resolve(folder), { recursive: true });
const DESKTOP = { viewport: { width: 1440, height: 900 } };
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 };
const PASSWORD = "TestPass123!";

const both = await startBoth({ demo: true });
const browser = await launch();
let number = 0;
const shot = async (page, what) => {
  number += 1;
  await page.waitForTimeout(350);
  await page.screenshot({ path: join(resolve(folder), `${number}.png`), animations: "disabled" });
  console.log(`${number}.png  ${what}`);
};

try {
  const stranger = await device(browser, DESKTOP);
  await stranger.page.goto(`${both.url}/register`);
  await stranger.page.getByRole("button", { name: "Another one" }).click();
  await stranger.page.locator('#hint-user_id[data-state="free"]').waitFor();
  await stranger.page.fill('input[name="username"]', "ida.marsh");
  await stranger.page.fill('input[name="email"]', "ida@example.org");
  await shot(stranger.page, "sign-up, dark");
  await stranger.page.goto(`${both.url}/login`);
  await shot(stranger.page, "login, dark");
  await stranger.close();

  const ben = await signIn(browser, both.url, "user2", PASSWORD, DESKTOP);
  await connected(ben.page);
  const ada = await signIn(browser, both.url, "user1", PASSWORD, DESKTOP);
  await connected(ada.page);
  await ada.page.locator(".face").first().waitFor({ timeout: 10_000 }).catch(() => undefined);
  await shot(ada.page, "home with the own ID, dark");

  await ada.page.locator(".row", { hasText: "Ben" }).click();
  await ben.page.locator(".row", { hasText: "Ada" }).click();
  await ada.page.locator(".talk__presence", { hasText: "Online" }).waitFor({ timeout: 10_000 });
  await says(ada.page, "The new chain is on board. Thirty metres, and it weighs what you said.");
  await ben.page.locator(".bubble", { hasText: "thirty metres" }).or(ben.page.locator(".bubble", { hasText: "Thirty metres" })).waitFor();
  await says(ben.page, "Then Saturday is settled ⚓");
  await ada.page.locator(".bubble", { hasText: "settled" }).waitFor();
  await ben.page.locator(".composer textarea").pressSequentially("I bring");
  await ada.page.locator(".talk__presence", { hasText: "typing" }).waitFor();
  await shot(ada.page, "a conversation, dark");

  await ada.page.getByRole("button", { name: /Theme/ }).click();
  await ben.page.locator(".composer textarea").pressSequentially(" the rope");
  await shot(ada.page, "a conversation, light");

  const phone = await signIn(browser, both.url, "user1", PASSWORD, PHONE);
  await phone.page.locator(".row").first().waitFor();
  await shot(phone.page, "the list on a phone, light");
  await phone.page.locator(".row", { hasText: "Ben" }).click();
  await phone.page.locator(".bubble", { hasText: "settled" }).waitFor();
  await shot(phone.page, "a conversation on a phone, light");

  await ada.page.goto(`${both.url}/settings/profile`);
  await shot(ada.page, "settings, light");

  await ada.page.goto(`${both.url}/settings/security`);
  await shot(ada.page, "where one is signed in, light");
  await ada.page.goto(`${both.url}/`);
  await connected(ada.page);
  await ada.page.getByRole("button", { name: /Theme/ }).click();
  await ada.page.getByRole("button", { name: /^People/ }).or(ada.page.getByRole("tab", { name: /^People/ })).first().click();
  await shot(ada.page, "requests and contacts, and the notice of a new sign-in");
} finally {
  await browser.close();
  await both.stop();
}
