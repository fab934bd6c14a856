/** Which address is which page. Pure: `router.ts` holds the present one. */

/** A page and what it is about. */
export type Route =
  | { page: "lobby" }
  | { page: "room"; room: string }
  | { page: "dashboard"; room: string | undefined }
  | { page: "shows" }
  | { page: "show"; show: string; place: ShowPlace | undefined }
  | { page: "lost" };

/** The places in a show, and what one may do there. Each has a page, and links of its own that lead to it. */
export const SHOW_PLACES = ["host", "screener", "guest", "call-in"] as const;

/** One of them. */
export type ShowPlace = (typeof SHOW_PLACES)[number];

/** The page of a path. */
export function routeOf(pathname: string): Route {
  const [first, second, ...rest] = pathname.split("/").filter(Boolean);
  if (first === undefined) return { page: "lobby" };
  if (first === "shows") return showRoute(decode(second), second !== undefined, rest);
  if (rest.length > 0) return { page: "lost" };
  if (first === "room") {
    const room = decode(second);
    return room ? { page: "room", room } : { page: "lost" };
  }
  if (first === "dashboard") return { page: "dashboard", room: decode(second) };
  return { page: "lost" };
}

/** The path of a room. */
export function roomPath(room: string): string {
  return `/room/${encode(room)}`;
}

/** The path of the dashboard, or of one room in it. */
export function dashboardPath(room?: string): string {
  return room === undefined ? "/dashboard" : `/dashboard/${encode(room)}`;
}

/** The path of the shows, of one of them, or of a place in it. */
export function showPath(show?: string, place?: ShowPlace): string {
  if (show === undefined) return "/shows";
  return place === undefined ? `/shows/${encode(show)}` : `/shows/${encode(show)}/${place}`;
}

function showRoute(show: string | undefined, named: boolean, rest: string[]): Route {
  if (!named) return { page: "shows" };
  const [word, more] = rest;
  const place = SHOW_PLACES.find((one) => one === word);
  if (!show || more !== undefined || (word !== undefined && !place)) return { page: "lost" };
  return { page: "show", show, place };
}

/** What is wrong with the name of a room (`core/model` says the same); `undefined`: nothing. */
export function roomNameProblem(name: string): string | undefined {
  if (name === "") return "Give the room a name.";
  // Browsers take these for the way up, even when they are escaped.
  if (name === "." || name === "..") return "That name does not work in an address.";
  if (new TextEncoder().encode(name).length > 256) return "That name is too long.";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are refused
  if (/[\u0000-\u001f\u007f-\u009f]/.test(name)) return "That name has characters that cannot be shown.";
  return undefined;
}

/** A dot would make the last part look like the name of a file, which servers answer differently. */
function encode(room: string): string {
  return encodeURIComponent(room).replaceAll(".", "%2E");
}

function decode(part: string | undefined): string | undefined {
  if (part === undefined) return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
