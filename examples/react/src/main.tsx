import { createRoot } from "react-dom/client";
import { Meeting } from "./Meeting.js";

// /?url=http://127.0.0.1:8080#<token>: what follows `#` is not sent to the page's own server.
const url = new URLSearchParams(location.search).get("url") ?? "http://127.0.0.1:8080";
const token = location.hash.slice(1);
const root = document.getElementById("root");
if (root) createRoot(root).render(token ? <Meeting url={url} token={token} /> : <p>Put a token behind the # of the address.</p>);
