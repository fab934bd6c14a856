/** Who this tab is, where the server takes our word for it (`--dev`). Every tab is somebody else. */
import { tab } from "./storage";

/** An identity made of a name: `ann-7f3k`. */
export function identityFrom(name: string, suffix: string): string {
  const plain = name
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
  return `${plain || "guest"}-${suffix}`;
}

/** This tab's identity; the suffix stays over reloads and changes of the name. */
export function ownIdentity(name: string): string {
  let suffix = tab.read("suffix", "");
  if (!suffix) {
    suffix = randomLetters(5);
    tab.write("suffix", suffix);
  }
  return identityFrom(name, suffix);
}

/** Letters and digits that are hard to mistake for each other. */
export function randomLetters(count: number): string {
  const alphabet = "abcdefghjkmnpqrstuvwxyz23456789";
  return [...crypto.getRandomValues(new Uint8Array(count))].map((byte) => alphabet[byte % alphabet.length]).join("");
}

/** A name for a new room that is easy to say: `calm-river-42`. */
export function randomRoomName(): string {
  const pick = (words: string[]) => words[(crypto.getRandomValues(new Uint8Array(1))[0] ?? 0) % words.length];
  const first = [
    "amber",
    "brisk",
    "calm",
    "clear",
    "early",
    "fair",
    "keen",
    "light",
    "merry",
    "quiet",
    "swift",
    "warm",
  ];
  const second = ["bridge", "brook", "field", "grove", "harbor", "lake", "meadow", "orchard", "peak", "river", "shore"];
  return `${pick(first)}-${pick(second)}-${10 + ((crypto.getRandomValues(new Uint8Array(1))[0] ?? 0) % 90)}`;
}
