/** The present page. In: clicks and the browser's back button. Out: `route`. */
import { signal } from "@preact/signals";
import { type Route, routeOf } from "./lib/routes";

/** The page that is shown. */
export const route = signal<Route>(routeOf(location.pathname));

addEventListener("popstate", () => {
  route.value = routeOf(location.pathname);
});

/** Goes to a path of this site. */
export function navigate(path: string, how: "push" | "replace" = "push"): void {
  if (how === "push") history.pushState(null, "", path);
  else history.replaceState(null, "", path);
  route.value = routeOf(location.pathname);
  if (how === "push") scrollTo(0, 0);
}

/** A click that the browser must handle itself: new tab, download, another button. */
export function isPlainClick(event: MouseEvent): boolean {
  return event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
}
