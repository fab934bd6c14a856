/** The connection over the last minutes. In: the SDK's statistics, once a second while somebody looks. Out: series. */
import type { Room, RoomStats, TrackStats } from "@crosspoint/client";
import { signal } from "@preact/signals";
import { Series } from "../lib/series";

/** Two minutes at one sample a second. */
const SAMPLES = 120;
const LOOKING = 1000;
/** Also when nobody looks, so that plots are not empty when somebody does. */
const RESTING = 3000;

/** One moment in numbers. */
export interface Sample extends Record<string, number | null> {
  up: number;
  down: number;
  loss: number | null;
  jitter: number | null;
  rtt: number | null;
  fps: number | null;
}

export class StatsHistory {
  readonly latest = signal<RoomStats | undefined>(undefined);
  readonly series = new Series<Sample>(["up", "down", "loss", "jitter", "rtt", "fps"], SAMPLES);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking = false;
  #room: Room | undefined;

  follow(room: Room): void {
    this.#room = room;
    void this.#sample();
  }

  /** Looks closely, or not any more. */
  look(looking: boolean): void {
    if (this.#looking === looking) return;
    this.#looking = looking;
    if (looking && this.#room) void this.#sample();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#room = undefined;
  }

  async #sample(): Promise<void> {
    clearTimeout(this.#timer);
    const room = this.#room;
    if (!room) return;
    try {
      const stats = await room.getStats();
      this.series.push(stats.timestamp / 1000, sampleOf(stats));
      this.latest.value = stats;
    } catch {
      // The connection is being replaced: the next one counts.
    }
    if (this.#room) this.#timer = setTimeout(() => void this.#sample(), this.#looking ? LOOKING : RESTING);
  }
}

/** The figures of a whole connection, made of those of its tracks. */
export function sampleOf(stats: RoomStats): Sample {
  const received = stats.tracks.filter(({ direction, bitrate }) => direction === "receive" && bitrate > 0);
  return {
    up: stats.up,
    down: stats.down,
    loss: mean(received, ({ loss }) => loss),
    jitter: mean(received, ({ jitter }) => jitter),
    rtt: stats.paths[0]?.rtt ?? stats.server?.roundTrip ?? null,
    fps: mean(
      received.filter(({ kind }) => kind === "video"),
      ({ fps }) => fps,
    ),
  };
}

function mean(rows: readonly TrackStats[], of: (row: TrackStats) => number | undefined): number | null {
  const values = rows.map(of).filter((value) => value !== undefined);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
