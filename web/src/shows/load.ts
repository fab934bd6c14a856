/** What the list of shows shows: every show, and how many calls are where in those that take calls. */
import type { ShowView } from "@crosspoint/client";
import { listCalls, listShows } from "../show/api";
import { type Tally, tallyOf } from "./tally";

/** A show in the list. */
export interface ShowRow {
  show: ShowView;
  /** Absent: not known. */
  tally: Tally | undefined;
}

/** So many shows are asked for their calls each time; a list that is longer says nothing of the others'. */
const MOST = 24;

/** Asks for everything: the shows that take calls first, then by title. */
export async function loadRows(stop: AbortSignal): Promise<ShowRow[]> {
  const shows = (await listShows(stop)).sort(byInterest);
  const tallies = await Promise.all(shows.slice(0, MOST).map(tallyFor));
  return shows.map((show, index) => ({ show, tally: tallies[index] }));
}

async function tallyFor({ showId, endedAt }: ShowView): Promise<Tally | undefined> {
  if (endedAt !== undefined) return undefined;
  try {
    return tallyOf(await listCalls(showId));
  } catch {
    // It ended meanwhile, or the server is busy: the next round will tell.
    return undefined;
  }
}

function byInterest(a: ShowView, b: ShowView): number {
  const rank = ({ open, endedAt }: ShowView) => (endedAt !== undefined ? 2 : open ? 0 : 1);
  return rank(a) - rank(b) || (a.settings.title || a.showId).localeCompare(b.settings.title || b.showId);
}
