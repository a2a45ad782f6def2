// A small mail server that keeps what it is given, for stories with mails.
import { createServer } from "node:net";
import { until } from "./people.mjs";

export async function openMailbox() {
  const mails = [];
  const server = createServer((socket) => {
    let [rest, to, whole] = ["", "", null];
    const say = (line) => socket.write(`${line}\r\n`);
    const heard = (line) => {
      if (whole !== null) {
        if (line !== ".") return void whole.push(line);
        mails.push({ to, text: decoded(whole.join("\n")) });
        whole = null;
        return say("250 kept");
      }
      const word = line.slice(0, 4).toUpperCase();
      if (word === "RCPT") to = /<(.*)>/.exec(line)?.[1] ?? "";
      if (word === "DATA") whole = [];
      say(word === "DATA" ? "354 go on" : word === "QUIT" ? "221 bye" : "250 mailbox");
      if (word === "QUIT") socket.end();
    };
    socket.setEncoding("utf8");
    socket.on("error", () => undefined); // whoever breaks off sees to themselves
    socket.on("data", (text) => {
      const lines = (rest + text).split("\r\n");
      rest = lines.pop();
      lines.forEach(heard);
    });
    say("220 mailbox");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    /** The settings of a logic server that mails here. */
    env: { TALKHUB_SMTP_URL: `smtp://127.0.0.1:${server.address().port}`, TALKHUB_MAIL_FROM: "Talkhub <talkhub@example.org>" },
    /** What came for this address and tells of that, oldest first. */
    find: (to, text) => mails.filter((mail) => mail.to === to && mail.text.includes(text)),
    /** The first link below this path in a mail for this address, once it has come. */
    async link(to, path) {
      const pattern = new RegExp(`https?://[^\\s"<]+${path}[\\w-]+`);
      await until(`a mail with ${path} for ${to}`, () => mails.some((mail) => mail.to === to && pattern.test(mail.text)), 20_000);
      return pattern.exec(mails.findLast((mail) => mail.to === to && pattern.test(mail.text)).text)[0];
    },
    close: () => server.close(),
  };
}

/** Quoted-printable undone, as far as links need it. */
const decoded = (text) => text.replace(/=\n/g, "").replace(/=3D/g, "=");
