// Lays a .br and a .gz beside every file of the bundle, so that the logic server compresses nothing while it serves.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const root = new URL("../dist/", import.meta.url).pathname;
const worth = /\.(js|css|svg|json|webmanifest|html|txt|map)$/;

function* files(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* files(path);
    else yield path;
  }
}

let total = 0;
for (const path of [...files(root)].filter((path) => worth.test(path) && !path.includes("/.vite/"))) {
  const plain = readFileSync(path);
  const brotli = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } });
  writeFileSync(`${path}.br`, brotli);
  writeFileSync(`${path}.gz`, gzipSync(plain, { level: 9 }));
  if (/\.(js|css)$/.test(path)) total += brotli.length;
}
console.log(`scripts and styles together: ${(total / 1000).toFixed(1)} kB with brotli`);
if (250_000 < total) {
  console.error("the first load is over 250 kB: find out what grew");
  process.exit(1);
}
