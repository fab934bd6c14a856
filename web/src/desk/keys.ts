/**
 * The keys of the desks. Pure: in goes a key press, out comes what it means.
 */
import type { Verb } from "../show/api";

/** What a key does. `line`: chooses the call of a line. */
export type Action =
  | Exclude<Verb, "notes" | "next" | "unlock">
  | "take-next"
  | "make-next"
  | "answer"
  | "talk"
  | "listen"
  | "microphone"
  | "down"
  | "up"
  | "clear"
  | "notes"
  | "help"
  | "line";

/** A key, how it is shown, and what it does. */
export interface Key {
  keys: readonly string[];
  show: readonly string[];
  action: Action;
  label: string;
  /** Acts only when it is held down for a moment, or for as long as it is. */
  held?: boolean;
}

const LINES: Key = {
  keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"],
  show: ["1", "…", "0"],
  action: "line",
  label: "Choose the caller of line 1 to 10",
};

const SHARED: readonly Key[] = [
  LINES,
  { keys: ["ArrowDown", "j"], show: ["↓"], action: "down", label: "Choose the caller below" },
  { keys: ["ArrowUp", "k"], show: ["↑"], action: "up", label: "Choose the caller above" },
  { keys: ["d"], show: ["D"], action: "drop", label: "Drop: hold the key down", held: true },
  { keys: ["e"], show: ["E"], action: "notes", label: "Write notes (Esc leaves them)" },
  { keys: ["m"], show: ["M"], action: "microphone", label: "Microphone on or off" },
  { keys: ["Escape"], show: ["Esc"], action: "clear", label: "Choose nobody" },
  { keys: ["?"], show: ["?"], action: "help", label: "This list" },
];

/** The host's. */
export const HOST_KEYS: readonly Key[] = [
  { keys: ["Enter", " "], show: ["Enter", "Space"], action: "take-next", label: "Put the next caller on the air" },
  { keys: ["a"], show: ["A"], action: "air", label: "On the air; approve, where they are not yet ready" },
  { keys: ["h"], show: ["H"], action: "hold", label: "On hold" },
  { keys: ["n"], show: ["N"], action: "make-next", label: "Make them the next" },
  { keys: ["l"], show: ["L"], action: "lock", label: "Lock on the air, or unlock" },
  { keys: ["s"], show: ["S"], action: "screen", label: "Back to the screener" },
  { keys: ["t"], show: ["T"], action: "talk", label: "Talk to them alone: while held down", held: true },
  { keys: ["p"], show: ["P"], action: "listen", label: "Pre-listen, or stop" },
  ...SHARED,
];

/** The screener's. */
export const SCREENER_KEYS: readonly Key[] = [
  {
    keys: ["p", "Enter"],
    show: ["P", "Enter"],
    action: "answer",
    label: "Pick up the one chosen, or who rings longest",
  },
  { keys: ["a"], show: ["A"], action: "approve", label: "Approve" },
  { keys: ["x"], show: ["X"], action: "screened", label: "Park in the lobby" },
  ...SHARED,
];

/** A press, as far as it matters. */
export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  repeat: boolean;
  /** Somebody types into something that takes letters. */
  writing: boolean;
  /** The focus is on something that a press of Enter or Space belongs to. */
  onButton: boolean;
}

/** What a press means; `undefined`: nothing that the desk would have a say in. */
export function actionOf(keys: readonly Key[], press: Press): Key | undefined {
  if (press.ctrlKey || press.metaKey || press.altKey || press.repeat || press.writing) return undefined;
  if (press.onButton && (press.key === "Enter" || press.key === " ")) return undefined;
  const pressed = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  return keys.find((one) => one.keys.includes(pressed));
}

/** The line of a digit: zero is the tenth. */
export function lineOf(digit: string): number {
  return digit === "0" ? 10 : Number(digit);
}
