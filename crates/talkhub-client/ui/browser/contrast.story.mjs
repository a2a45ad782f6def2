// Every text has a contrast of 4.5:1 or more against whatever stands behind it, in both themes.
import { befriend, connected, device, hasState, newcomer, openWith, says, signIn } from "./people.mjs";

/** Runs in the page: the texts that are too faint, worst case over the stops of gradients. */
function faint() {
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const seen = new Map();
  const rgba = (color) => {
    if (seen.has(color)) return seen.get(color);
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = "#0000";
    pen.fillStyle = color;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = pen.getImageData(0, 0, 1, 1).data;
    seen.set(color, [r, g, b, a / 255]);
    return seen.get(color);
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((part) => (part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  const colors = (text) => text.match(/(?:oklch|oklab|rgba?|color|hsla?)\((?:[^()]|\([^()]*\))*\)|#[0-9a-f]{3,8}/gi) ?? [];
  /** All colours that can stand behind an element. */
  const behind = (element) => {
    if (!element) return [rgba(getComputedStyle(document.documentElement).backgroundColor)];
    const style = getComputedStyle(element);
    let under = null;
    const flat = rgba(style.backgroundColor);
    const stops = style.backgroundImage === "none" ? [] : colors(style.backgroundImage).map(rgba);
    const opaque = flat[3] === 1 || (0 < stops.length && stops.every((stop) => stop[3] === 1));
    under = opaque ? [[0, 0, 0, 1]] : behind(element.parentElement);
    const base = under.map((color) => over(flat, color));
    if (stops.length === 0) return base;
    return base.flatMap((color) => [...(stops.every((stop) => stop[3] === 1) ? [] : [color]), ...stops.map((stop) => over(stop, color))]);
  };
  const bad = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || element.closest(".unseen, script, noscript, .skip, [aria-hidden=true] svg")) continue;
    const ink = rgba(getComputedStyle(element).color);
    const worst = Math.min(...behind(element).map((color) => ratio(over(ink, color), color)));
    if (worst < 4.5) bad.set(`${element.tagName.toLowerCase()}.${element.className}`, `${worst.toFixed(2)} "${node.textContent.trim().slice(0, 24)}"`);
  }
  return [...bad].map(([where, what]) => `${where}: ${what}`);
}

async function check(page, what, theme, found) {
  // Colours that are still on their way say nothing.
  await page.evaluate(async (name) => {
    document.documentElement.dataset.theme = name;
    for (let frame = 0; frame < 2; frame += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
    await Promise.all(document.getAnimations().filter((one) => one instanceof CSSTransition).map((one) => one.finished.catch(() => undefined)));
  }, theme);
  for (const one of await page.evaluate(faint)) found.push(`${what}, ${theme}: ${one}`);
}

/** A stranger's request, people, a card, a menu, what can be taken back, a block. */
async function knowing(bob, eve, found) {
  const { page, url } = bob;
  const both = async (what) => {
    for (const theme of ["dark", "light"]) await check(page, what, theme, found);
  };
  await page.keyboard.press("Escape");
  await openWith(eve.page, url, bob.id);
  await says(eve.page, "psst");
  await eve.page.evaluate((id) => fetch("/api/v1/contact-requests", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ user_id: id, note: "from the pier" }) }), bob.id);
  await page.getByRole("button", { name: /Message requests/ }).click();
  await page.locator(".requests .row").click();
  await page.locator(".stranger").waitFor();
  await both("a stranger");
  await page.locator(".places").getByRole("button", { name: "People" }).click();
  await page.locator(".asking").waitFor();
  await both("people");
  await page.getByRole("button", { name: "More for Ann" }).click();
  await both("a menu");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Decline: Eve" }).click();
  await both("what can be taken back");
  await page.locator(".contact").getByRole("button", { name: "Profile of Ann" }).click();
  await page.locator(".dialog .profile__facts").waitFor();
  await both("a card");
  await page.locator(".dialog").getByRole("button", { name: "Block", exact: true }).click();
  await page.locator(".dialog .profile__note").waitFor();
  await page.keyboard.press("Escape");
  await page.locator(".places").getByRole("button", { name: "Chats" }).click();
  await page.locator(".list > ul > .row").first().click();
  await page.locator(".barrier").waitFor();
  await both("a block");
}

export const stories = {
  async m04_every_text_can_be_read_in_both_themes({ browser, both, url, keep }) {
    const found = [];
    const out = keep(await device(browser));
    const ann = keep(await newcomer(browser, url, "Ann"));
    const bob = keep(await newcomer(browser, url, "Bob"));
    await befriend(ann, bob);
    await connected(bob.page);
    await openWith(ann.page, url, bob.id);
    await says(ann.page, "hello");
    await hasState(ann.page, "hello", "stored");
    await bob.page.locator(".row .badge").waitFor();
    for (const theme of ["dark", "light"]) {
      await out.page.goto(`${url}/register`);
      await out.page.fill('input[name="email"]', "no address");
      await out.page.click('button[type="submit"]');
      await out.page.locator("#issue-email:not(:empty)").waitFor();
      await check(out.page, "a refused sign-up", theme, found);
      await out.page.goto(`${url}/login`);
      await check(out.page, "login", theme, found);
      await check(bob.page, "home with a badge", theme, found);
      await check(ann.page, "a conversation", theme, found);
    }
    await bob.page.locator(".row").click();
    await hasState(ann.page, "hello", "read");
    await bob.page.locator(".composer textarea").pressSequentially("typing");
    await ann.page.locator(".talk__presence .typing").waitFor();
    for (const theme of ["light", "dark"]) await check(ann.page, "typing", theme, found);
    await both.kill("client");
    await bob.page.fill(".composer textarea", "");
    for (const [from, to, text] of [[ann, bob, "passed on"], [bob, ann, "this too"], [bob, ann, "not\u0000valid"]]) {
      await from.page.locator(".composer textarea").evaluate((field, text) => {
        field.value = text;
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }, text);
      await from.page.press(".composer textarea", "Enter");
      await to.page.locator(".line--unsaved", { hasText: text.slice(-5) }).waitFor();
    }
    await ann.page.locator('.bar--away[data-way="server"]').waitFor();
    for (const theme of ["light", "dark"]) await check(ann.page, "while the logic server is away", theme, found);
    await both.startClient();
    await ann.page.locator('[data-state="refused"]').waitFor({ state: "attached" });
    await bob.page.locator('[data-state="failed"]').waitFor({ state: "attached" });
    for (const theme of ["light", "dark"]) for (const one of [ann, bob]) await check(one.page, "what was not saved", theme, found);
    await knowing(bob, keep(await newcomer(browser, url, "Eve")), found);
    await ann.page.goto(`${url}/settings/profile`);
    for (const theme of ["dark", "light"]) await check(ann.page, "settings", theme, found);
    if (found.length !== 0) throw new Error(`too faint:\n${found.join("\n")}`);
  },

  async m04_the_account_pages_the_own_menu_and_notices_can_be_read_too({ browser, url, keep }) {
    const found = [];
    const themes = ["dark", "light"];
    const ann = keep(await newcomer(browser, url, "Ann"));
    const bob = keep(await newcomer(browser, url, "Bob"));
    await befriend(ann, bob);
    await openWith(ann.page, url, bob.id);
    await says(ann.page, "hello");
    const other = keep(await signIn(browser, url, ann.username));
    await ann.page.locator(".hint--sign-in").waitFor();
    await ann.page.locator(".online__one").first().waitFor();
    await ann.page.getByRole("button", { name: /how others see you/ }).click();
    for (const theme of themes) await check(ann.page, "the own menu, a notice and who is online", theme, found);
    for (const place of ["account", "privacy", "security", "activity", "data"]) {
      await other.page.goto(`${url}/settings/${place}`);
      for (const theme of themes) await check(other.page, place, theme, found);
    }
    await other.page.goto(`${url}/settings/password`);
    for (const typed of ["", "short", "password", "password77", "correct horse", "velvet anchor tractor spoon"]) {
      await other.page.fill('input[name="password"]', typed);
      for (const theme of themes) await check(other.page, `the strength of "${typed}"`, theme, found);
    }
    if (found.length !== 0) throw new Error(`too faint:\n${found.join("\n")}`);
  },
};
