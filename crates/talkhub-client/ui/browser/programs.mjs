// Starts and stops both real programs on free ports in a temporary folder, as an operator would.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Mapped to loopback by the browser's own resolver rule. */
export const PLAIN_NAME = "talkhub.test";

const need = (name) => {
  const value = process.env[name];
  if (!value) {
    console.error(`${name} is not set: it names the built program, such as target/debug/${name === "TALKHUB_CLIENT_BIN" ? "talkhub-client" : "talkhub-relay"}`);
    process.exit(2);
  }
  return value;
};

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function ready(url, what, program) {
  const until = Date.now() + 30_000;
  while (Date.now() < until) {
    if (program.exitCode !== null) throw new Error(`${what} ended with ${program.exitCode}:\n${program.said.join("")}`);
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
      if (answer.ok) return;
    } catch {
      // Not yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} was not ready within 30 s:\n${program.said.join("")}`);
}

function start(path, env, folder, args = []) {
  const program = spawn(path, args, { cwd: folder, env: { PATH: process.env.PATH, HOME: folder, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  program.said = [];
  for (const stream of [program.stdout, program.stderr]) {
    stream.on("data", (text) => {
      program.said.push(String(text));
      if (400 < program.said.length) program.said.shift();
    });
  }
  program.ended = new Promise((resolve) => program.once("exit", resolve));
  return program;
}

/** Both programs, ready; each can be killed and started again on the same port with the same data. `env`: more settings of the logic server. */
export async function startBoth({ demo = false, env = {} } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "talkhub-browser-"));
  const [clientPort, relayPort] = [await freePort(), await freePort()];
  const secret = randomBytes(32).toString("hex");
  const url = `http://127.0.0.1:${clientPort}`;
  // A name that is not loopback, without HTTPS: the browser is told where it leads.
  const plainUrl = `http://${PLAIN_NAME}:${clientPort}`;
  const relayUrl = `http://127.0.0.1:${relayPort}`;
  const clientEnv = {
    TALKHUB_BIND: `127.0.0.1:${clientPort}`,
    TALKHUB_DATA_DIR: join(folder, "data"),
    RELAY_SERVER_URL: relayUrl,
    TALKHUB_RELAY_SECRET: secret,
    TALKHUB_LOG: process.env.TALKHUB_LOG ?? "info",
    TALKHUB_PUBLIC_URL: `${url},${plainUrl}`,
    ...env,
  };
  const both = {
    folder,
    url,
    plainUrl,
    client: null,
    relay: null,
    async startRelay() {
      both.relay = start(need("TALKHUB_RELAY_BIN"), { TALKHUB_RELAY_BIND: `127.0.0.1:${relayPort}`, TALKHUB_RELAY_SECRET: secret }, folder);
      // Ready it is only with a link: that is waited for once the logic server stands too.
      await ready(`${relayUrl}/healthz`, "talkhub-relay", both.relay);
    },
    async startClient() {
      both.client = start(need("TALKHUB_CLIENT_BIN"), clientEnv, folder);
      await ready(`${url}/readyz`, "talkhub-client", both.client);
    },
    async kill(name) {
      both[name].kill("SIGKILL");
      await both[name].ended;
    },
    async stop() {
      for (const program of [both.client, both.relay]) {
        if (program && program.exitCode === null && program.signalCode === null) {
          program.kill("SIGKILL");
          await program.ended;
        }
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    if (demo) {
      const filled = start(need("TALKHUB_CLIENT_BIN"), clientEnv, folder, ["demo"]);
      const code = await filled.ended;
      if (code !== 0) throw new Error(`talkhub-client demo ended with ${code}:\n${filled.said.join("")}`);
    }
    await both.startRelay();
    await both.startClient();
    await ready(`${relayUrl}/readyz`, "the link", both.relay);
  } catch (error) {
    await both.stop();
    throw error;
  }
  return both;
}
