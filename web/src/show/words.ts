/** What calls are called on the pages: states, callers, what may be done with them, and how their lines do. Pure. */
import type { CallerView, CallState, CallView, LineReport, Quality, ShowRole } from "@crosspoint/client";
import type { IconName } from "../components/icon";
import { count } from "../lib/format";
import type { Verb } from "./api";

/** A state for people: the word and the icon say it besides the colour. */
export interface StateWords {
  word: string;
  icon: IconName;
  /** What it means for the caller. */
  hint: string;
}

/** Every state. */
export const STATES: Record<CallState, StateWords> = {
  ringing: { word: "Ringing", icon: "phone", hint: "In the lobby, hears the show; nobody has talked to them yet" },
  screening: { word: "Screening", icon: "headphones", hint: "Talks to a screener in private" },
  screened: { word: "Parked", icon: "clock", hint: "Was talked to, and waits in the lobby for a decision" },
  waiting: { word: "Ready", icon: "check", hint: "Approved: hears the show and waits for the host" },
  next: { word: "Next", icon: "next", hint: "The next one on the air" },
  "on-air": { word: "On air", icon: "air", hint: "Everybody hears them" },
  hold: { word: "On hold", icon: "pause", hint: "Was on the air; hears the show, and nobody hears them" },
  off: { word: "Hung up", icon: "hang-up", hint: "The call is over" },
  dropped: { word: "Dropped", icon: "hang-up", hint: "Somebody put the caller out" },
};

/** The caller's name, as well as it is known. */
export function callerName({ notes, caller, number, connectionType }: CallView): string {
  const noted = notes.name?.trim() || caller?.name.trim();
  if (noted) return noted;
  if (number) return telephone(number);
  return connectionType === "webrtc" ? "Guest" : "Number withheld";
}

/** What else tells who it is: the number where a name stands already, and the place. */
export function callerDetail(call: CallView): string {
  const { notes, number, connectionType } = call;
  const from = number ? telephone(number) : connectionType === "webrtc" ? "Browser" : "Number withheld";
  return [callerName(call) === from ? undefined : from, notes.place?.trim()].filter(Boolean).join(" · ");
}

/** A number in groups that can be read aloud. */
export function telephone(number: string): string {
  const american = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number);
  if (american) return `+1 ${american[1]} ${american[2]} ${american[3]}`;
  const digits = number.replace(/^\+/, "");
  if (!/^\d{6,15}$/.test(digits)) return number;
  return `${number.startsWith("+") ? "+" : ""}${digits.replace(/\B(?=(\d{3})+$)/g, " ")}`;
}

/** What is known of a number from before, in a sentence; empty: nothing. */
export function history(caller: CallerView | undefined, now: number): string {
  if (!caller || caller.calls === 0) return "";
  const aired = caller.timesOnAir === 0 ? "never on the air" : `on the air ${times(caller.timesOnAir)}`;
  const last = caller.lastCallAt === undefined ? "" : `, the last time ${ago(now - caller.lastCallAt)}`;
  return `Called ${times(caller.calls)} before${last}; ${aired}.`;
}

/** `3 hours ago`: as people say it, for what is not from today as well. */
export function ago(elapsedMs: number): string {
  const minutes = Math.max(1, Math.round(elapsedMs / 60_000));
  if (minutes < 60) return `${count(minutes, "minute")} ago`;
  const hours = Math.round(minutes / 60);
  return hours < 24 ? `${count(hours, "hour")} ago` : `${count(Math.round(hours / 24), "day")} ago`;
}

function times(n: number): string {
  return n === 1 ? "once" : n === 2 ? "twice" : count(n, "time");
}

/** What may be done with a call in its state by somebody of the staff, the most usual first. */
export function verbsFor(role: ShowRole, { state, locked, screener }: CallView, self: string): Verb[] {
  const lock: Verb = locked ? "unlock" : "lock";
  if (role === "host") {
    const verbs: Record<CallState, Verb[]> = {
      ringing: ["approve", "drop"],
      screening: ["approve", "drop"],
      screened: ["approve", "drop"],
      waiting: ["air", "next", "screen", "drop"],
      next: ["air", "screen", "drop"],
      "on-air": ["hold", lock, "screen", "drop"],
      hold: ["air", "next", lock, "screen", "drop"],
      off: [],
      dropped: [],
    };
    return verbs[state];
  }
  const verbs: Record<CallState, Verb[]> = {
    ringing: ["pick-up", "drop"],
    screening: screener === self ? ["approve", "screened", "drop"] : [],
    screened: ["pick-up", "approve", "drop"],
    waiting: ["pick-up", "drop"],
    next: ["pick-up", "drop"],
    "on-air": [],
    hold: ["pick-up", "drop"],
    off: [],
    dropped: [],
  };
  return verbs[state];
}

/** What happened to a call in words, for who does not see the lists; absent: what was told last is still so. */
const HAPPENED: Partial<Record<string, string>> = {
  rang: "rings.",
  "picked-up": "is picked up.",
  screened: "is parked.",
  approved: "waits.",
  "made-next": "is next.",
  aired: "is on the air.",
  held: "is on hold.",
  returned: "goes back to the screener.",
  lost: "was lost; the call may come back.",
  dropped: "was dropped.",
  ended: "hung up.",
};

/** The news of a call in a sentence; absent: there are none. `what`: the event's word. */
export function newsOf(what: string, call: CallView): string | undefined {
  const happened = HAPPENED[what];
  return happened && `Line ${call.line}, ${callerName(call)}, ${happened}`;
}

/** A verb on a button. `key`: the letter that does the same on the desks that have it. */
export interface VerbWords {
  label: string;
  icon: IconName;
  hint: string;
  key: string;
}

/** Every verb that has a button. */
export const VERBS: Record<Exclude<Verb, "notes">, VerbWords> = {
  "pick-up": { label: "Pick up", icon: "phone", hint: "Talk to them in private", key: "P" },
  screened: { label: "Park", icon: "clock", hint: "Back to the lobby, undecided", key: "X" },
  approve: { label: "Approve", icon: "check", hint: "Put them in the host's list", key: "A" },
  next: { label: "Make next", icon: "next", hint: "Goes on the air before the others", key: "N" },
  air: { label: "Put on air", icon: "air", hint: "Everybody hears them", key: "A" },
  hold: { label: "Hold", icon: "pause", hint: "Off the air; they hear the show", key: "H" },
  screen: { label: "Screener", icon: "back", hint: "Back to be talked to", key: "S" },
  drop: { label: "Drop", icon: "hang-up", hint: "Ends the call", key: "D" },
  lock: { label: "Lock", icon: "lock", hint: "Stays on the air when the next caller is taken", key: "L" },
  unlock: { label: "Unlock", icon: "unlock", hint: "Leaves the air when the next caller is taken", key: "L" },
};

/** How a telephone line does. */
export interface LineHealth {
  quality: Quality;
  words: string;
}

/** From these on a line is not good any more, and from those on bad, in milliseconds. */
const LATE = [250, 600] as const;
const UNSTEADY = [30, 80] as const;

/** The health of a line by what the server tells of it. */
export function healthOf({ backlogMs, jitterMs }: LineReport): LineHealth {
  const worst = Math.max(grade(backlogMs, LATE), grade(jitterMs, UNSTEADY));
  const quality: Quality = worst === 0 ? "excellent" : worst === 1 ? "good" : "poor";
  const late = `hears you ${Math.round(backlogMs)} ms late at the telephone company`;
  return { quality, words: `Line ${quality}: ${late}, ${Math.round(jitterMs)} ms of jitter` };
}

function grade(value: number, [some, much]: readonly [number, number]): 0 | 1 | 2 {
  return value >= much ? 2 : value >= some ? 1 : 0;
}
