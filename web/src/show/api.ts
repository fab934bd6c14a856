/**
 * The shows' part of the server's REST interface. In: who asks (`credential`: a seat's or an invitation's token; without one, the
 * admin key that an operator logged in with). Out: what the server says, or an `ApiError`.
 */
import type { CallerView, CallNotes, CallView, ShowMedia, ShowRole, ShowSettings, ShowView } from "@crosspoint/client";
import { adminKey, request } from "../lib/api";
import type { ShowSeat } from "../lib/show-seat";

/** The links into a show; the token of each stands in its fragment. */
export interface ShowLinks {
  host: string;
  screener: string;
  guest: string;
  callIn: string;
}

/** What to enter at a telephone company. */
export interface WebhookSettings {
  provider: string;
  voice: string;
  status: string;
  fallback: string;
  fallbackHost: string;
}

/** A show with what only those see who administer it. */
export interface ShowDetail extends ShowView {
  links?: ShowLinks;
  webhooks?: WebhookSettings[];
}

/** What is done with a call. */
export type Verb =
  | "pick-up"
  | "screened"
  | "approve"
  | "next"
  | "air"
  | "hold"
  | "screen"
  | "drop"
  | "lock"
  | "unlock"
  | "notes";

/** Every show. */
export const listShows = (signal?: AbortSignal) => ask<ShowView[]>("GET", "/api/shows", {}, undefined, signal);

/** Makes a show; without a name the server chooses one. */
export const createShow = (show: Partial<ShowSettings> & { showId?: string }) =>
  ask<ShowDetail>("POST", "/api/shows", { body: show });

/** One show as those see it who administer it, and as others see it with less. */
export const describeShow = (show: string, credential?: string, signal?: AbortSignal) =>
  ask<ShowDetail>("GET", path(show), {}, credential, signal);

/** Some settings that are to be others (RFC 7396): what is absent stays, in depth too, and `null` is as usual again. */
export type SettingsChange = Partial<Record<keyof ShowSettings, unknown>>;

/** Changes what can be set. */
export const changeShow = (show: string, change: SettingsChange, credential?: string) =>
  ask<ShowDetail>("PATCH", path(show), { body: change }, credential);

/** Ends a show: every call ends with it. */
export const endShow = (show: string, credential?: string) => ask<void>("DELETE", path(show), {}, credential);

/** Takes calls, or no more. */
export const openLines = (show: string, open: boolean, credential?: string) =>
  ask<ShowView>("POST", path(show, open ? "open" : "close"), {}, credential);

/** Gives the telephones to this server or to the telephone company's conference. */
export const switchMedia = (show: string, media: ShowMedia, credential?: string) =>
  ask<ShowView>("POST", path(show, "media"), { body: { media } }, credential);

/** Exchanges an invitation for a place of one's own. */
export const takeSeat = (show: string, who: { name: string; topic?: string; role?: ShowRole }, invite?: string) =>
  ask<Omit<ShowSeat, "name">>("POST", path(show, "seats"), { body: who }, invite);

/** The calls that are not over, and the last ones that are. */
export const listCalls = (show: string, credential?: string) =>
  ask<CallView[]>("GET", path(show, "calls"), {}, credential);

/** One call. */
export const describeCall = (show: string, call: string, credential?: string) =>
  ask<CallView>("GET", path(show, "calls", call), {}, credential);

/** Does something with a call. `keepalive`: also when the page goes away meanwhile. */
export const actOn = (
  show: string,
  call: string,
  verb: Verb,
  body: CallNotes | { reason: string } | undefined,
  credential?: string,
  keepalive = false,
) => ask<CallView>("POST", path(show, "calls", call, verb), { body, keepalive }, credential);

/** Puts the caller on the air who is next. */
export const takeNext = (show: string, credential?: string) =>
  ask<CallView>("POST", path(show, "next"), {}, credential);

/** Has the telephone company call a host and bring them into the conference. */
export const callMe = (show: string, number: string, credential?: string) =>
  ask<unknown>("POST", path(show, "call-me"), { body: { number } }, credential);

/** A guest hangs up. */
export const hangUp = (show: string, call: string, credential?: string) =>
  ask<unknown>("POST", path(show, "calls", call, "hang-up"), {}, credential);

/** What is known of a number. */
export const describeCaller = (number: string, credential?: string) =>
  ask<CallerView>("GET", callerPath(number), {}, credential);

/** Notes it. */
export const noteCaller = (
  number: string,
  caller: { name: string; warning: string; banned: boolean },
  credential?: string,
) => ask<CallerView>("PUT", callerPath(number), { body: caller }, credential);

/** Where the events of a show are told, see `events.ts`. */
export const eventsPath = (show: string) => path(show, "events");

interface Asked {
  body?: unknown;
  keepalive?: boolean;
}

async function ask<T>(
  method: string,
  url: string,
  asked: Asked,
  credential?: string,
  signal?: AbortSignal,
): Promise<T> {
  return request<T>(method, url, { ...asked, credential: credential || adminKey.value || undefined, signal });
}

function path(show: string, ...parts: string[]): string {
  return ["/api/shows", show, ...parts].map((part, at) => (at === 0 ? part : encodeURIComponent(part))).join("/");
}

function callerPath(number: string): string {
  return `/api/callers/${encodeURIComponent(number)}`;
}
