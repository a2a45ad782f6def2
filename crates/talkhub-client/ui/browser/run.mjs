// Runs every browser test, one after the other; the last line says how many passed. Names given as arguments choose some.
import { readdirSync } from "node:fs";
import { openMailbox } from "./mailbox.mjs";
import { launch } from "./people.mjs";
import { startBoth } from "./programs.mjs";

const folder = new URL("./", import.meta.url);
const wanted = process.argv.slice(2);
const tests = [];
for (const file of readdirSync(folder).filter((name) => name.endsWith(".story.mjs")).sort()) {
  const { stories } = await import(new URL(file, folder));
  for (const [name, story] of Object.entries(stories)) tests.push({ name, story });
}

let [passed, failed] = [0, 0];
const browser = await launch();
const post = await openMailbox();
let both = null;
const stop = async () => {
  await browser.close().catch(() => undefined);
  await both?.stop();
  post.close();
};
process.on("SIGINT", () => void stop().then(() => process.exit(130)));
process.on("SIGTERM", () => void stop().then(() => process.exit(143)));
try {
  both = await startBoth({ env: post.env });
  for (const { name, story } of tests.filter((test) => wanted.length === 0 || wanted.some((part) => test.name.includes(part)))) {
    const began = Date.now();
    const devices = [];
    const keep = (one) => {
      devices.push(one);
      return one;
    };
    try {
      await story({ browser, both, url: both.url, keep, post });
      const faults = devices.flatMap((one) => one.faults);
      if (faults.length !== 0) throw new Error(`the page complained: ${faults.join(" | ")}`);
      passed += 1;
      console.log(`ok    ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL  ${name} (${((Date.now() - began) / 1000).toFixed(1)} s)\n${error.stack ?? error}`);
      if (process.env.TALKHUB_BROWSER_PICS) {
        for (const [index, one] of devices.entries()) await one.page.screenshot({ path: `${process.env.TALKHUB_BROWSER_PICS}/${name}-${index}.png` }).catch(() => undefined);
      }
      if (both.client.exitCode !== null || both.client.signalCode !== null) await both.startClient();
      if (both.relay.exitCode !== null || both.relay.signalCode !== null) await both.startRelay();
    } finally {
      for (const one of devices) await one.close().catch(() => undefined);
    }
  }
} catch (error) {
  failed += 1;
  console.log(`FAIL  the programs\n${error.stack ?? error}`);
} finally {
  await stop();
}
console.log(`browser: ${passed} passed, ${failed} failed`);
process.exit(failed === 0 && 0 < passed ? 0 : 1);
