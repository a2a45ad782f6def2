// A bot with the official socket.io-client and nothing but the documented protocol: it repeats what it hears.
import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";

const ui = createRequire(new URL("../../crates/talkhub-client/ui/package.json", import.meta.url));
const { io } = ui("socket.io-client");
const { TALKHUB_URL: url, TALKHUB_NAME: name, TALKHUB_PASSWORD: password, TALKHUB_OTHER: other } = process.env;

let cookie = "";
async function api(method, path, body) {
  const headers = { "content-type": "application/json", cookie };
  const answer = await fetch(`${url}/api/v1${path}`, { method, headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  cookie = answer.headers.getSetCookie()[0]?.split(";")[0] ?? cookie;
  return answer.json();
}

// A UUIDv7: 48 bits of time, the rest chance, version and variant in their places.
function newMessageId() {
  const hex = Date.now().toString(16).padStart(12, "0") + randomBytes(10).toString("hex");
  const uuid = `${hex.slice(0, 12)}7${hex.slice(13, 16)}8${hex.slice(17, 32)}`;
  return uuid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

// 1. Sign in, open the conversation, ask for a relay ID.
const me = await api("POST", "/sessions", { name, password });
const conversation = await api("PUT", `/conversations/private/${other}`, {});
const ticket = await api("POST", "/relay-ids", {});

// 2. Connect to the relay with it.
const auth = { relay_id: ticket.relay_id, token: ticket.token };
const socket = io(ticket.relay_url, { auth, transports: [process.env.TALKHUB_TRANSPORT ?? "websocket"] });
socket.on("connect_error", (error) => console.error("connect_error:", error.message));

// 3. Send: the ack says whether it is on disk. The same id again is the same message.
async function say(body, id = newMessageId()) {
  const frame = JSON.stringify({ kind: "message", body });
  const event = { to: conversation.group, id, class: "durable", frame };
  const ack = await socket.timeout(10_000).emitWithAck("private_message", event).catch(() => ({ status: "busy", retry_after_ms: 1000 }));
  if (ack.status === "refused") throw new Error(ack.problem.title);
  if (ack.status !== "stored") setTimeout(() => say(body, id), ack.retry_after_ms);
}

// 4. Receive: what the logic server says is stored, everything else is passed over.
let greeted = false;
socket.on("private_message", ({ from, frame: text }) => {
  const frame = JSON.parse(text);
  if (from !== "server") return;
  if (frame.kind === "hello" && !greeted) {
    greeted = true;
    say("I repeat what you say.");
  }
  if (frame.kind === "message" && frame.message.sender.user_id !== me.user_id) say(`You said: ${frame.message.body}`);
});
