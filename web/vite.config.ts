import { defineConfig } from "vite";

/** Where `npm run dev` finds the server: its API and signalling. */
const server = process.env.CROSSPOINT_SERVER ?? "http://127.0.0.1:8080";

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2022",
    // Everything is served from the binary: a small file saves no round trip that matters, and inlined ones would need
    // `data:` in the content security policy.
    assetsInlineLimit: 0,
  },
  server: {
    proxy: {
      // The simulated telephone's sound goes over a socket below it.
      "/api": { target: server, ws: true },
      "/ws": { target: server, ws: true },
    },
  },
});
