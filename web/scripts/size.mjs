// What a browser downloads: each built file with its gzip size, and the sum of what the first page needs.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const folder = new URL("../dist/assets/", import.meta.url);
const index = readFileSync(new URL("../dist/index.html", import.meta.url), "utf8");
let first = 0;
let all = 0;
for (const name of readdirSync(folder).sort()) {
  const bytes = readFileSync(new URL(name, folder));
  // Fonts are compressed already.
  const size = name.endsWith(".woff2") ? bytes.length : gzipSync(bytes, { level: 9 }).length;
  all += size;
  if (index.includes(name)) first += size;
  console.log(`${String(size).padStart(8)}  ${name}`);
}
console.log(`${String(first).padStart(8)}  first page (gzip)\n${String(all).padStart(8)}  everything`);
