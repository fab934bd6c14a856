/**
 * The token in the address. It is taken out at once: an address is shown, shared and kept in histories, a token must not be.
 */
import { signal } from "@preact/signals";
import { claimsOf } from "./claims";
import { tokenInFragment } from "./invite";
import { roomPath, routeOf, showPath } from "./routes";
import { leaveSeat } from "./seat";
import { keepInvite, placeOf } from "./show-seat";
import { tab } from "./storage";

/** The invitation that this tab came with. */
export interface Invitation {
  room: string;
  token: string;
}

const KEY = "invitation";

/** The present invitation, if any. */
export const invitation = signal<Invitation | undefined>(tab.read<Invitation | null>(KEY, null) ?? undefined);

/** Takes a token out of the address. Call it before the first render. */
export function readArrival(): void {
  const token = tokenInFragment(location.hash);
  if (!token) return;
  const route = routeOf(location.pathname);
  if (route.page === "show") {
    const place = route.place && placeOf(token, route.place);
    history.replaceState(null, "", showPath(route.show, place));
    if (place) keepInvite(route.show, place, token);
    return;
  }
  const room = route.page === "room" ? route.room : claimsOf(token)?.room;
  const path = room ? roomPath(room) : location.pathname;
  history.replaceState(null, "", path);
  if (!room) return;
  leaveSeat(room);
  accept({ room, token });
}

/** Keeps an invitation over a reload. */
export function accept(next: Invitation | undefined): void {
  invitation.value = next;
  if (next) tab.write(KEY, next);
  else tab.remove(KEY);
}
