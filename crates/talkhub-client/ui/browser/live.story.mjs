// Without the relay, over the logic server's own stream: what is written arrives at once, and the way back needs no reload.
import assert from "node:assert/strict";
import { befriend, bodies, newcomer, openWith, says, until } from "./people.mjs";

const slower = (page) => page.locator('.bar--away[data-way="slower"]');
const same = async (page, want) => JSON.stringify(await bodies(page)) === JSON.stringify(want) || (await bodies(page));

/** Two people who see each other's words, and what their pages do with `/live`. */
async function talking({ browser, url, keep }) {
  const [ann, bob] = [keep(await newcomer(browser, url, "Ann")), keep(await newcomer(browser, url, "Bob"))];
  await befriend(ann, bob);
  for (const one of [ann, bob]) {
    one.streams = [];
    one.asked = [];
    one.page.on("websocket", (socket) => {
      if (!new URL(socket.url()).pathname.endsWith("/live")) return;
      const stream = { url: socket.url(), open: true, sent: 0 };
      one.streams.push(stream);
      socket.on("close", () => (stream.open = false));
      socket.on("framesent", () => (stream.sent += 1));
    });
    one.page.on("request", (request) => {
      if (request.url().endsWith("/api/v1/conversations")) one.asked.push(Date.now());
    });
  }
  await openWith(ann.page, url, bob.id);
  await openWith(bob.page, url, ann.id);
  await says(ann.page, "before");
  await bob.page.locator(".bubble", { hasText: "before" }).waitFor();
  for (const { page } of [ann, bob]) await page.evaluate(() => (window.notReloaded = true));
  return { ann, bob };
}

/** From pressing Enter here to the words there, in milliseconds. */
async function reaches(from, to, text) {
  const wrote = Date.now();
  await says(from.page, text);
  await to.page.locator(".bubble", { hasText: text }).waitFor();
  return Date.now() - wrote;
}

const open = (one) => one.streams.filter((stream) => stream.open).length;

export const stories = {
  async s03_chat_goes_on_while_the_relay_is_away(world) {
    const { ann, bob } = await talking(world);
    assert.deepEqual([ann.streams, bob.streams], [[], []], "nobody needs the stream while the relay is there");
    await world.both.kill("relay");
    // The worst moment to write: the relay has just gone and nobody knows.
    const first = await reaches(ann, bob, "number 1");
    await slower(ann.page).waitFor();
    await slower(bob.page).waitFor();
    assert.match(await slower(bob.page).innerText(), /Slower connection\. Messages still go both ways; typing and presence pause\./);
    await bob.page.locator(".bar--away").getByRole("button", { name: "Retry now" }).waitFor();
    const there = await reaches(ann, bob, "number 2");
    const back = await reaches(bob, ann, "number 3");
    console.log(`      from Enter to the other screen: ${first} ms when the relay had just died, then ${there} and ${back} ms`);
    assert.ok(Math.max(first, there, back) < 15_000);
    await ann.page.fill(".composer textarea", "typing is not told");
    const from = Date.now();
    await ann.page.waitForTimeout(10_000);
    assert.equal(await bob.page.locator(".typing").count(), 0);
    assert.deepEqual([...ann.asked, ...bob.asked].filter((at) => from < at), [], "whoever is told does not ask");
    assert.deepEqual([open(ann), open(bob)], [1, 1]);
    await world.both.startRelay();
    await ann.page.locator(".bar--back").waitFor({ timeout: 10_000 });
    await until("both streams are closed", () => open(ann) + open(bob) === 0 || [open(ann), open(bob)]);
    await ann.page.fill(".composer textarea", "now it is");
    await bob.page.locator(".typing").first().waitFor();
    await says(bob.page, "number 4");
    const want = ["before", "number 1", "number 2", "number 3", "number 4"];
    await until("in order, once, there", () => same(bob.page, want));
    await until("and here", () => same(ann.page, want));
    for (const one of [ann, bob]) {
      assert.equal(await one.page.evaluate(() => window.notReloaded), true);
      assert.ok(one.streams.every((stream) => stream.sent === 0 && stream.url === `${world.url.replace("http", "ws")}/live?idle=false`), JSON.stringify(one.streams));
    }
  },

  async s03_what_is_written_while_the_relay_comes_back_is_neither_lost_nor_doubled(world) {
    const { ann, bob } = await talking(world);
    await world.both.kill("relay");
    await slower(ann.page).waitFor();
    await slower(bob.page).waitFor();
    const want = ["before"];
    const write = async (count) => {
      for (let index = 0; index < count; index += 1) {
        want.push(`number ${want.length}`);
        await says(ann.page, want.at(-1));
      }
    };
    await write(5);
    const started = world.both.startRelay();
    await write(10);
    await started;
    await write(15);
    await until("both streams are closed", () => open(ann) + open(bob) === 0 || [open(ann), open(bob)], 20_000);
    await write(5);
    await until("in order, once, there", () => same(bob.page, want), 30_000);
    await until("and here", () => same(ann.page, want));
    await until("with ticks", async () => (await ann.page.locator('[data-state="sending"], [data-state="waiting"], [data-state="failed"]').count()) === 0);
  },

  async s03_without_the_stream_the_page_asks(world) {
    const { ann, bob } = await talking(world);
    await bob.page.routeWebSocket(/\/live(\?|$)/, (socket) => socket.close());
    await world.both.kill("relay");
    await bob.page.locator('.bar--away[data-way="away"]').waitFor();
    await ann.page.locator(".bar--away").waitFor();
    const took = await reaches(ann, bob, "number 1");
    console.log(`      without /live: ${took} ms`);
    assert.equal(await slower(bob.page).count(), 0);
    await world.both.startRelay();
    await bob.page.locator(".bar--back").waitFor({ timeout: 10_000 });
    await until("once", () => same(bob.page, ["before", "number 1"]));
  },

  async s03_logging_out_elsewhere_ends_the_stream(world) {
    const { ann } = await talking(world);
    await world.both.kill("relay");
    await slower(ann.page).waitFor();
    // Without script, so that nobody but the server ends the stream.
    const second = await ann.context.newPage();
    await second.route("**/assets/**", (route) => route.abort());
    await second.goto(`${world.url}/logout`);
    await second.getByRole("button", { name: "Log out" }).click();
    await second.waitForURL(/\/login/);
    const out = Date.now();
    await ann.page.waitForURL(/\/login/, { timeout: 6_000 });
    console.log(`      at the login page ${Date.now() - out} ms after the sign-out elsewhere`);
    assert.equal(open(ann), 0);
    await world.both.startRelay();
  },

  async s03_the_stream_comes_back_after_the_logic_server(world) {
    const { ann, bob } = await talking(world);
    await world.both.kill("relay");
    await slower(ann.page).waitFor();
    await slower(bob.page).waitFor();
    await world.both.kill("client");
    await until("nobody says that messages go both ways", async () => (await slower(ann.page).count()) + (await slower(bob.page).count()) === 0);
    await says(ann.page, "number 1");
    await world.both.startClient();
    const started = Date.now();
    await slower(bob.page).waitFor();
    await until("it arrives, once", () => same(bob.page, ["before", "number 1"]), 20_000);
    console.log(`      the stream and the words are there ${Date.now() - started} ms after the logic server`);
    await slower(ann.page).waitFor();
    await reaches(bob, ann, "number 2");
    await world.both.startRelay();
    await until("back at the relay", () => open(ann) + open(bob) === 0 || [open(ann), open(bob)], 20_000);
    await until("in order, once", () => same(ann.page, ["before", "number 1", "number 2"]));
  },

  async flt22_who_cannot_reach_the_relay_talks_with_who_can(world) {
    const { ann, bob } = await talking(world);
    let cut = true;
    await bob.page.routeWebSocket(/\/socket\.io\//, (socket) => (cut ? socket.close() : socket.connectToServer()));
    await bob.page.reload();
    await slower(bob.page).waitFor();
    assert.equal(await ann.page.locator(".bar--away").count(), 0);
    const [there, back] = [await reaches(ann, bob, "number 1"), await reaches(bob, ann, "number 2")];
    console.log(`      from the relay to the stream ${there} ms, back ${back} ms`);
    cut = false;
    await bob.page.getByRole("button", { name: "Retry now" }).click();
    await bob.page.locator(".bar--back").waitFor();
    await until("the stream is closed", () => open(bob) === 0 || open(bob));
    await reaches(ann, bob, "number 3");
    await until("in order, once", () => same(bob.page, ["before", "number 1", "number 2", "number 3"]));
    assert.deepEqual(ann.streams, []);
  },
};
