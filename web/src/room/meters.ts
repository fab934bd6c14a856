/**
 * How loud voices and the programme are, drawn. In: `levels`, ten times a second. Out: CSS variables on the elements that show
 * them, once a frame while something moves; nothing is rendered anew, and no layout is asked for.
 */
import type { Level } from "@crosspoint/client";
import { toUnit } from "../lib/level";

/** The key of the programme, which is nobody's. */
export const PROGRAMME = "";

/** How long a clip is shown, in milliseconds. */
const CLIP_STAYS = 2000;
/** How long the highest peak stays where it is, in milliseconds. */
const PEAK_STAYS = 900;
/** Shares of the way that a meter goes in a frame: up in a moment, down slowly. */
const RISE = 0.55;
const FALL = 0.14;
/** Below this a meter is at rest. */
const REST = 0.002;

interface Needle {
  elements: Set<HTMLElement>;
  target: number;
  shown: number;
  peak: number;
  peakAt: number;
  clipAt: number;
}

/** The meters of a room. */
export class Meters {
  readonly #needles = new Map<string, Needle>();
  #frame = 0;

  /** Takes what the server told; what is not named is silent. */
  take(levels: readonly Level[], now = performance.now()): void {
    for (const needle of this.#needles.values()) needle.target = 0;
    for (const { userId, bus, peak, rms, clip } of levels) {
      if (bus === "hold") continue;
      const needle = this.#needle(userId ?? PROGRAMME);
      needle.target = Math.max(needle.target, toUnit(rms));
      const height = toUnit(peak);
      if (height >= needle.peak) {
        needle.peak = height;
        needle.peakAt = now;
      }
      if (clip) needle.clipAt = now;
    }
    this.#run();
  }

  /** Everybody has fallen silent, or is somewhere else. */
  rest(): void {
    for (const needle of this.#needles.values()) needle.target = 0;
    this.#run();
  }

  /** Draws somebody's level into an element; returns what ends that. */
  show(of: string, element: HTMLElement): () => void {
    const needle = this.#needle(of);
    needle.elements.add(element);
    this.#run();
    return () => {
      needle.elements.delete(element);
      if (needle.elements.size === 0 && needle.target === 0) this.#needles.delete(of);
    };
  }

  #needle(of: string): Needle {
    const present = this.#needles.get(of);
    if (present) return present;
    const needle = { elements: new Set<HTMLElement>(), target: 0, shown: 0, peak: 0, peakAt: 0, clipAt: -CLIP_STAYS };
    this.#needles.set(of, needle);
    return needle;
  }

  #run(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(this.#draw);
  }

  #draw = (now: number): void => {
    this.#frame = 0;
    let moves = false;
    for (const needle of this.#needles.values()) moves = step(needle, now) || moves;
    if (moves) this.#run();
  };
}

/** One frame of one meter; returns whether there is more to come. */
function step(needle: Needle, now: number): boolean {
  const way = needle.target - needle.shown;
  needle.shown = Math.abs(way) < REST ? needle.target : needle.shown + way * (way > 0 ? RISE : FALL);
  if (now - needle.peakAt > PEAK_STAYS) needle.peak = Math.max(needle.shown, needle.peak - 0.02);
  const clips = now - needle.clipAt < CLIP_STAYS;
  for (const { style, dataset } of needle.elements) {
    style.setProperty("--level", needle.shown.toFixed(3));
    style.setProperty("--peak", needle.peak.toFixed(3));
    if (clips) dataset.clip = "";
    else delete dataset.clip;
  }
  return needle.elements.size > 0 && (needle.shown !== needle.target || needle.peak > needle.shown || clips);
}
