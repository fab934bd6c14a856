/** Where a guest is in a show, by what a guest's own browser can see: the room, and whether the room holds them back. Pure. */
import type { IconName } from "../components/icon";

/** `screened`: talked to a screener, and is in the lobby again. */
export type Place = "ringing" | "screening" | "screened" | "waiting" | "on-air" | "hold";

/** What happened in this call before: where one was tells apart what looks the same. Kept over a reload. */
export interface Past {
  /** Talked to a screener. */
  screened: boolean;
  /** Was on the air. */
  aired: boolean;
}

/** Nothing yet. */
export const NO_PAST: Past = { screened: false, aired: false };

/** What is seen of oneself. */
export interface Sight {
  show: string;
  room: string;
  /** The flag of one's own voice; absent: it is not sent, so nobody hears it. */
  held: boolean | undefined;
}

/** The place; `undefined` in a room that is none of the show's. Says `on-air` only when it is certain. */
export function placeOf({ show, room, held }: Sight, past: Past): Place | undefined {
  if (room === `lobby-${show}`) return past.screened || past.aired ? "screened" : "ringing";
  if (room.startsWith(`screening-${show}-`)) return "screening";
  if (room !== `live-${show}`) return undefined;
  if (held === false) return "on-air";
  return past.aired ? "hold" : "waiting";
}

/** The past once a place was reached. */
export function pastAfter(place: Place, past: Past): Past {
  if (place === "screening") return { ...past, screened: true };
  if (place === "on-air") return { ...past, aired: true };
  return past;
}

/** What a place is called, and what it means, in calm words. */
export interface PlaceWords {
  title: string;
  /** What it means, but for what one hears: see `textOf`. */
  text: string;
  /** Does one hear the show there? `lobby`: where those who wait in the lobby do. */
  hearsShow: boolean | "lobby";
  /** Who hears the guest now. */
  heard: string;
  icon: IconName;
}

/** Every place. */
export const PLACES: Record<Place, PlaceWords> = {
  ringing: {
    title: "You are calling in",
    text: "Stay on the line: somebody will pick up and talk to you first.",
    hearsShow: "lobby",
    heard: "Nobody hears you yet",
    icon: "phone",
  },
  screening: {
    title: "The screener is with you",
    text: "Say who you are and what it is about. This is not on the air.",
    hearsShow: false,
    heard: "Only the screener hears you",
    icon: "headphones",
  },
  screened: {
    title: "Stay on the line",
    text: "You have talked to the screener, and will hear from them soon.",
    hearsShow: "lobby",
    heard: "Nobody hears you now",
    icon: "clock",
  },
  waiting: {
    title: "You are in line",
    text: "You will go on the air when it is your turn, and this page will say so.",
    hearsShow: true,
    heard: "Nobody hears you yet",
    icon: "check",
  },
  "on-air": {
    title: "ON AIR",
    text: "Everybody hears you. Speak as on the telephone, and turn down any radio near you.",
    hearsShow: false,
    heard: "Everybody hears you",
    icon: "air",
  },
  hold: {
    title: "You are on hold",
    text: "You are off the air, and may come back. Stay on the line.",
    hearsShow: true,
    heard: "Nobody hears you now",
    icon: "hand",
  },
};

/** What a place means. `lobbyHearsShow`: those who wait in the lobby of this show hear it. */
export function textOf({ text, hearsShow }: PlaceWords, lobbyHearsShow: boolean): string {
  const hears = hearsShow === "lobby" ? lobbyHearsShow : hearsShow;
  return hears ? `You hear the show. ${text}` : text;
}
