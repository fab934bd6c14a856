/**
 * A place in a show: the invitation that a link brought, and the seat that the server gave for it. Both are this tab's, and stay
 * over a reload; every place of every show has its own.
 */
import type { ShowRole } from "@crosspoint/client";
import { signal } from "@preact/signals";
import { claimsOf } from "./claims";
import { type ShowPlace, showPath } from "./routes";
import { tab } from "./storage";

/** What `POST /api/shows/{id}/seats` gives. */
export interface ShowSeat {
  /** For the room, and for everything that one does in the show. */
  token: string;
  identity: string;
  /** The room to go into first. */
  room: string;
  role: ShowRole;
  /** The guest's own call. */
  callId?: string;
  /** The name that was asked for. */
  name: string;
}

/** Counts invitations and seats that came and went, so that pages notice. */
const showSeatRevision = signal(0);

/** Keeps the invitation of a link. A seat that was taken with another one is given up. */
export function keepInvite(show: string, place: ShowPlace, token: string): void {
  if (inviteFor(show, place) !== token) tab.remove(seatKey(show, place));
  tab.write(inviteKey(show, place), token);
  showSeatRevision.value += 1;
}

/** The invitation to a place, if this tab has one. A page that asks is drawn anew when another one comes. */
export function inviteFor(show: string, place: ShowPlace): string | undefined {
  showSeatRevision.value;
  return tab.read(inviteKey(show, place), "") || undefined;
}

/** Keeps a seat over a reload. */
export function keepSeat(show: string, place: ShowPlace, seat: ShowSeat): void {
  tab.write(seatKey(show, place), seat);
  showSeatRevision.value += 1;
}

/** The seat, if this tab has one. As with the invitation, a page that asks is drawn anew. */
export function seatFor(show: string, place: ShowPlace): ShowSeat | undefined {
  showSeatRevision.value;
  return tab.read<ShowSeat | null>(seatKey(show, place), null) ?? undefined;
}

/** Gives the seat up; the invitation stays. */
export function giveUpSeat(show: string, place: ShowPlace): void {
  tab.remove(seatKey(show, place));
  showSeatRevision.value += 1;
}

/** Where a link leads: one for another place than the address says leads to its own. A host may sit everywhere. */
export function placeOf(token: string, place: ShowPlace): ShowPlace {
  const role = claimsOf(token)?.showRole;
  if (role === "screener") return "screener";
  if (role === "guest" && place !== "call-in") return "guest";
  return place;
}

/** The page that a link was made for, where that is another one than this: of another show. Absent: it may be good here. */
export function elsewhere(token: string, show: string, place: ShowPlace): string | undefined {
  const named = claimsOf(token)?.show;
  if (!named || named === show) return undefined;
  return `${showPath(named, placeOf(token, place))}#token=${encodeURIComponent(token)}`;
}

function inviteKey(show: string, place: ShowPlace): string {
  return `show-invite:${show}:${place}`;
}

function seatKey(show: string, place: ShowPlace): string {
  return `show-seat:${show}:${place}`;
}
