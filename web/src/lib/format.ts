/** Numbers as people read them. */
import type { RoomKind } from "@crosspoint/client";

/** `2.4 Mbit/s`. Below one kilobit it is nothing worth a figure. */
export function bitrate(bitsPerSecond: number | undefined): string {
  if (bitsPerSecond === undefined || !Number.isFinite(bitsPerSecond)) return "–";
  if (bitsPerSecond >= 999_500_000) return `${trim(bitsPerSecond / 1e9, 2)} Gbit/s`;
  if (bitsPerSecond >= 999_500) return `${trim(bitsPerSecond / 1e6, 1)} Mbit/s`;
  return `${Math.round(bitsPerSecond / 1000)} kbit/s`;
}

/** `1.2 GiB`. */
export function bytes(count: number | undefined): string {
  if (count === undefined || !Number.isFinite(count)) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(value) : trim(value, value < 10 ? 1 : 0)} ${units[unit]}`;
}

/** `0.4 %`. */
export function percent(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "–";
  return `${value >= 10 ? Math.round(value) : trim(value, 1)} %`;
}

/** `38 ms`. */
export function milliseconds(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "–";
  return `${value < 10 ? trim(value, 1) : Math.round(value)} ms`;
}

/** `4:05`, `1:04:05`: a running clock. */
export function clock(elapsedMs: number): string {
  const seconds = Math.max(0, Math.floor(elapsedMs / 1000));
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** `8 s`, `5 min`, `3 h`, `2 d`: an age at a glance. */
export function age(elapsedMs: number): string {
  const seconds = Math.max(0, Math.floor(elapsedMs / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.floor(seconds / 3600) % 24} h`;
}

/** `14:07` in the reader's own way. */
export function timeOfDay(at: number): string {
  return new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/** `14:07:32` in the reader's own way. */
export function exactTime(at: number): string {
  return new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
}

/** `20 Nov 2026, 14:07` in the reader's own way. */
export function moment(at: number): string {
  return new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

/** `1 person`, `2 people`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** `Ann`, `Ann and Bob`, `Ann, Bob and 3 others`. */
export function names(list: readonly string[]): string {
  const [first = "", second = ""] = list;
  if (list.length <= 1) return first;
  if (list.length === 2) return `${first} and ${second}`;
  if (list.length === 3) return `${first}, ${second} and ${list[2]}`;
  return `${first}, ${second} and ${list.length - 2} others`;
}

/** What a server said, with a capital and a full stop. */
export function sentence(text: string): string {
  const said = text.trim();
  if (said === "") return "";
  return `${said.charAt(0).toUpperCase()}${said.slice(1)}${/[.!?]$/.test(said) ? "" : "."}`;
}

/** Up to two letters that stand for a name. */
export function initials(name: string): string {
  const words = name
    .trim()
    .split(/[\s._-]+/u)
    .filter(Boolean);
  const first = [...(words[0] ?? "?")][0] ?? "?";
  const last = words.length > 1 ? ([...(words.at(-1) ?? "")][0] ?? "") : "";
  return (first + last).toUpperCase();
}

/** A hue that stays with an identity, in degrees. */
export function hueOf(identity: string): number {
  let hash = 2166136261;
  for (const letter of identity) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 16777619);
  return (hash >>> 0) % 360;
}

function trim(value: number, digits: number): string {
  return value.toFixed(digits).replace(/\.0+$/, "");
}

const KINDS: Record<RoomKind, string> = { forward: "forward", mix: "mixed", mesh: "mesh" };

/** What a kind of room is called on the pages. */
export function kindName(kind: RoomKind): string {
  return KINDS[kind];
}
