/**
 * Which track is in which receiving m-line. In: `slots` of the server. Out: what changed, track by track, so that a track
 * that moves from one m-line to another is one change and not an end and a beginning.
 */
import type { SlotView } from "./wire/index.js";

/** What happened to a track's slot. */
export interface SlotChange {
  trackId: string;
  /** Where it is now; absent: nowhere any more. */
  slot: SlotView | undefined;
  /** Where it was; absent: nowhere. */
  before: SlotView | undefined;
}

/** The slots of one peer connection. */
export class SlotTable {
  #byMid = new Map<string, SlotView>();

  /** Takes what the server said; lines that are not named stay as they were. */
  apply(slots: readonly SlotView[]): SlotChange[] {
    const before = this.#byTrack();
    for (const slot of slots) this.#byMid.set(slot.mid, slot);
    return changes(before, this.#byTrack());
  }

  /** Takes the whole state: lines that are not named are empty. */
  reset(slots: readonly SlotView[]): SlotChange[] {
    const before = this.#byTrack();
    this.#byMid = new Map(slots.map((slot) => [slot.mid, slot]));
    return changes(before, this.#byTrack());
  }

  /** The slot that a track is in. */
  of(trackId: string): SlotView | undefined {
    return this.#byTrack().get(trackId);
  }

  /** The track in an m-line. */
  trackIn(mid: string): string | undefined {
    return this.#byMid.get(mid)?.trackId;
  }

  #byTrack(): Map<string, SlotView> {
    const tracks = new Map<string, SlotView>();
    for (const slot of this.#byMid.values()) if (slot.trackId) tracks.set(slot.trackId, slot);
    return tracks;
  }
}

function changes(before: Map<string, SlotView>, after: Map<string, SlotView>): SlotChange[] {
  const result: SlotChange[] = [];
  for (const [trackId, slot] of before) {
    if (!after.has(trackId)) result.push({ trackId, slot: undefined, before: slot });
  }
  for (const [trackId, slot] of after) {
    const old = before.get(trackId);
    if (!old || !same(old, slot)) result.push({ trackId, slot, before: old });
  }
  return result;
}

function same(a: SlotView, b: SlotView): boolean {
  return a.mid === b.mid && a.layer === b.layer && Boolean(a.paused) === Boolean(b.paused);
}
