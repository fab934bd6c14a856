/**
 * A place in a room: what a page needs to go in, and after a reload to come back. The lobby takes a seat, the room page
 * sits down on it. Captured tracks are handed over in memory; a reload captures anew.
 */
import type { LocalTrack, RoomKind } from "@crosspoint/client";
import { signal } from "@preact/signals";
import { tab } from "./storage";

export interface Seat {
  token: string;
  /** The name to show, where it is not the token's. */
  name: string;
  /** The kind of room to make if there is none yet. */
  kind: RoomKind;
  pin?: string;
  /** What was on: a reload brings it back. */
  microphone: boolean;
  camera: boolean;
}

/** Counts seats taken and given up, so that pages notice. */
export const seatRevision = signal(0);

let handedOver: LocalTrack[] = [];

/** Takes a seat, and keeps it over a reload. */
export function takeSeat(room: string, seat: Seat, tracks: LocalTrack[] = []): void {
  tab.write(key(room), seat);
  handedOver = tracks;
  seatRevision.value += 1;
}

/** The seat in a room, if this tab has one. */
export function seatIn(room: string): Seat | undefined {
  return tab.read<Seat | null>(key(room), null) ?? undefined;
}

/** Changes what is kept. */
export function updateSeat(room: string, change: Partial<Seat>): void {
  const seat = seatIn(room);
  if (seat) tab.write(key(room), { ...seat, ...change });
}

/** Gives the seat up. */
export function leaveSeat(room: string): void {
  tab.remove(key(room));
  seatRevision.value += 1;
}

/** The tracks that the lobby captured. Taken once. */
export function takeHandedOver(): LocalTrack[] {
  const tracks = handedOver;
  handedOver = [];
  return tracks;
}

function key(room: string): string {
  return `seat:${room}`;
}
