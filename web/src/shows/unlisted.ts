/**
 * Calls to numbers that no show names: the open show without numbers gets them, and of several the one that was opened last. Pure.
 * The server does not tell which one that is; only that there are several.
 */
import type { ShowView } from "@crosspoint/client";
import { names } from "../lib/format";

/** Does it take calls to every number that no open show names? */
export function takesUnlisted({ open, endedAt, settings }: ShowView): boolean {
  return open && endedAt === undefined && settings.numbers.length === 0;
}

/** The other shows that do as this one does. */
export function rivalsOf(show: ShowView, shows: readonly ShowView[]): ShowView[] {
  if (!takesUnlisted(show)) return [];
  return shows.filter((other) => other.showId !== show.showId && takesUnlisted(other));
}

/** Where such calls go when several shows would take them; empty: there is no doubt. */
export function doubtOf(shows: readonly ShowView[]): string {
  const several = shows.filter(takesUnlisted);
  if (several.length < 2) return "";
  const which = names(several.map(titleOf));
  return `${which} are open without numbers: the one that was opened last gets every call to a number that no open show has. Give each its numbers to tell them apart.`;
}

/** What numbers a show without numbers is called at. `rivals`: absent, not known. */
export function unlistedOf(show: ShowView, rivals: readonly ShowView[] | undefined): string {
  if (!show.open) return "No numbers of its own; while its lines are closed, no calls";
  if (!rivals) {
    return "Every number that no open show has, as long as no other show without numbers was opened later";
  }
  if (rivals.length === 0) return "Every number that no other open show has";
  const also = rivals.length === 1 ? "is open without numbers too" : "are open without numbers too";
  return `No numbers of its own, and ${names(rivals.map(titleOf))} ${also}: whichever was opened last gets every call to a number that no open show has`;
}

function titleOf({ settings, showId }: ShowView): string {
  return settings.title || showId;
}
