// People in front of browsers: each has a context of their own, as on a device of their own.
import { chromium } from "playwright-core";
import { PLAIN_NAME } from "./programs.mjs";

export const PASSWORD = "correct horse battery";

export async function launch() {
  return chromium.launch({
    executablePath: process.env.TALKHUB_CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run", `--host-resolver-rules=MAP ${PLAIN_NAME} 127.0.0.1`, ...(process.env.TALKHUB_CHROMIUM_ARGS?.split(" ") ?? [])],
  });
}

/** A fresh context and page that keeps what went wrong in it. */
export async function device(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-GB", timezoneId: "UTC", ...options });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    // A page that is cut off on purpose complains about it; broken rules (policy, types) are never fine.
    if (message.type() === "error" && !/Failed to load resource|ERR_|WebSocket connection|Cross-Origin-Opener-Policy header has been ignored/.test(message.text())) faults.push(message.text());
  });
  return { context, page, faults, close: () => context.close() };
}

let counter = 0;

/** Somebody new, signed up through the page and inside the chat. */
export async function newcomer(browser, url, name, options = {}) {
  const one = await device(browser, options);
  counter += 1;
  const username = `${name.toLowerCase().replace(/[^a-z]/g, "").slice(0, 16)}${counter}`;
  await one.page.goto(`${url}/register`);
  await one.page.fill('input[name="username"]', username);
  await one.page.fill('input[name="email"]', `${username}@example.org`);
  await one.page.fill('input[name="display_name"]', name);
  await one.page.fill('input[name="password"]', PASSWORD);
  await one.page.fill('input[name="password_again"]', PASSWORD);
  const id = (await one.page.inputValue('input[name="user_id"]')).replace(/\s/g, "");
  await one.page.click('button[type="submit"]');
  await one.page.waitForURL(`${url}/`);
  await one.page.waitForSelector(".shell");
  return { ...one, name, username, id, url };
}

const asksContact = (page, id) =>
  page.evaluate(async (id) => {
    const answer = await fetch("/api/v1/contact-requests", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ user_id: id, note: "" }) });
    return answer.status;
  }, id);

/** Contacts of each other, without going through the page: what strangers write stands apart. */
export async function befriend(one, ...others) {
  for (const other of others) {
    const statuses = [await asksContact(one.page, other.id), await asksContact(other.page, one.id)];
    if (String(statuses) !== "201,200") throw new Error(`${one.name} and ${other.name} could not become contacts: ${statuses}`);
  }
}

export async function signIn(browser, url, name, password = PASSWORD, options = {}) {
  const one = await device(browser, options);
  await one.page.goto(`${url}/login`);
  await one.page.fill('input[name="name"]', name);
  await one.page.fill('input[name="password"]', password);
  await one.page.click('button[type="submit"]');
  await one.page.waitForSelector(".shell");
  return { ...one, name, url };
}

/** The live connection is there. */
export const connected = (page) => page.waitForSelector(".own .dot--online", { state: "attached" });

export async function openWith(page, url, id) {
  await page.goto(`${url}/chat/${id}/`);
  await page.waitForSelector(".composer textarea");
  await connected(page);
}

export async function says(page, text) {
  await page.fill(".composer textarea", text);
  await page.press(".composer textarea", "Enter");
}

export const bodies = (page) => page.locator(".bubble__text").allInnerTexts();

/** Waits until the line with this text has this state. */
export const hasState = (page, text, state) => page.locator(".line--mine", { hasText: text }).locator(`[data-state="${state}"]`).waitFor({ state: "attached" });

/** Waits until `look` gives true; says what it was about when it does not. */
export async function until(what, look, patience = 10_000) {
  const end = Date.now() + patience;
  let last;
  while (Date.now() < end) {
    last = await look();
    if (last === true) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: still ${JSON.stringify(last)} after ${patience} ms`);
}
