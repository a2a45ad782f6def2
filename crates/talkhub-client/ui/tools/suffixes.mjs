// The suffix rule: a `.std` file uses the language only and never imports a `.dom` file; every source file has a suffix.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const root = new URL("../src/", import.meta.url).pathname;
const complaints = [];
for (const name of readdirSync(root, { recursive: true }).map(String)) {
  if (!/\.tsx?$/.test(name) || name.endsWith(".d.ts")) continue;
  const text = readFileSync(join(root, name), "utf8");
  const test = /\.test\.ts$/.test(name);
  if (!test && !/\.(std\.ts|dom\.tsx?)$/.test(name)) complaints.push(`${name}: call it .std.ts or .dom.ts(x)`);
  if (!/^(\/\/|\/\*)/.test(text)) complaints.push(`${name}: begin with one line that says what lives here`);
  if (/\.std\.ts$/.test(name)) {
    if (/from "[^"]*\.dom"/.test(text)) complaints.push(`${name}: a .std file must not import a .dom file`);
    if (/\b(document|window|localStorage|indexedDB|navigator|fetch)\b[.(]/.test(text.replace(/\/\/.*|\/\*[^]*?\*\//g, ""))) complaints.push(`${name}: a .std file must not touch the page`);
  }
  if (!test && /\bas any\b|: any\b|innerHTML|dangerouslySetInnerHTML/.test(text)) complaints.push(`${name}: no any, no innerHTML`);
  if (!name.startsWith("relay/") && /socket\.io-client|"private_message"|new WebSocket\b/.test(text)) complaints.push(`${name}: only relay/ knows the socket`);
  if (!/actions\.dom\.ts$|account\.dom\.ts$/.test(name) && !test && /\/api\/v1/.test(text)) complaints.push(`${name}: only actions know URLs`);
}
for (const complaint of complaints) console.error(complaint);
console.log(complaints.length === 0 ? "suffixes: fine" : `suffixes: ${complaints.length} complaints`);
process.exit(complaints.length === 0 ? 0 : 1);
