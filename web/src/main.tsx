/** The first lines that run. */
import { render } from "preact";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/signs.css";
import "./styles/overlays.css";
import "./styles/pages.css";
import { App } from "./app";
import { readArrival } from "./lib/arrival";
import { routeOf } from "./lib/routes";
import { route } from "./router";

readArrival();
route.value = routeOf(location.pathname);
// A link pasted over the present one changes only the fragment: no page load.
addEventListener("hashchange", () => {
  readArrival();
  route.value = routeOf(location.pathname);
});

const root = document.getElementById("app");
if (root) render(<App />, root);
