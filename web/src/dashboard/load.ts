/** The server's load over time. In: `/api/stats` again and again. Out: series, with rates made of counters. */
import type { ServerStats } from "../lib/api";
import { Series } from "../lib/series";

/** Ten minutes at one sample in two seconds. */
const SAMPLES = 300;

interface Load extends Record<string, number | null> {
  in: number;
  out: number;
  /** Percent of one core. */
  cpu: number | null;
  memory: number | null;
  participants: number;
}

/** The load since the dashboard was opened. */
export class LoadHistory {
  readonly series = new Series<Load>(["in", "out", "cpu", "memory", "participants"], SAMPLES);
  #before: { at: number; cpu: number } | undefined;

  take(stats: ServerStats, at = Date.now() / 1000): void {
    this.series.push(at, {
      in: stats.bitrateIn,
      out: stats.bitrateOut,
      cpu: this.#cpu(stats, at),
      memory: stats.memory ?? null,
      participants: stats.participants,
    });
  }

  /** Seconds of CPU per second. A server that restarted begins at zero again: no rate then. */
  #cpu({ cpuSeconds }: ServerStats, at: number): number | null {
    if (cpuSeconds === undefined) return null;
    const before = this.#before;
    this.#before = { at, cpu: cpuSeconds };
    if (!before || at <= before.at || cpuSeconds < before.cpu) return null;
    return ((cpuSeconds - before.cpu) / (at - before.at)) * 100;
  }
}
