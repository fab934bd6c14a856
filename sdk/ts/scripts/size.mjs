// Bundles and minifies the SDK as an application would, and fails when it is too large.
import { gzipSync } from "node:zlib";
import { build } from "vite";

const LIMIT = 25 * 1024;

const result = await build({
  configFile: false,
  logLevel: "error",
  build: { write: false, minify: "oxc", target: "es2022", lib: { entry: "src/index.ts", formats: ["es"] } },
});
const [{ output }] = Array.isArray(result) ? result : [result];
const code = output.find(({ type }) => type === "chunk").code;
const gzipped = gzipSync(code, { level: 9 }).length;
console.log(`${code.length} bytes minified, ${gzipped} bytes gzip (limit ${LIMIT})`);
if (gzipped > LIMIT) process.exit(1);
