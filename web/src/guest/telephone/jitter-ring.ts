/**
 * The telephone's small jitter buffer. In: frames as they come. Out: samples at the pace of the loudspeaker. Plays once `target`
 * samples wait, goes silent when they run out, and leaves the oldest out when more than `most` wait: a call must not get later
 * and later. Beginnings and ends are faded, so that nothing clicks. Pure.
 */

/** Over how many samples sound comes in: 5 ms at 48 kHz. */
const FADE = 240;
/** How fast the last sample dies away when nothing follows. */
const DECAY = 0.985;

export class JitterRing {
  readonly #samples: Float32Array;
  #read = 0;
  #waiting = 0;
  #plays = false;
  /** Samples since it began to play. */
  #since = 0;
  #last = 0;

  /** How often it ran dry, and how many samples were left out. */
  readonly counts = { dry: 0, skipped: 0 };

  constructor(
    private readonly target: number,
    private readonly most: number,
  ) {
    this.#samples = new Float32Array(most);
  }

  /** Samples that wait to be played. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Takes one sample. */
  push = (sample: number): void => {
    if (this.#waiting === this.most) this.#skip();
    this.#samples[(this.#read + this.#waiting) % this.most] = sample;
    this.#waiting += 1;
    if (!this.#plays && this.#waiting >= this.target) this.#begin();
  };

  /** Fills what is to be played next. */
  pull(out: Float32Array): void {
    for (let index = 0; index < out.length; index += 1) out[index] = this.#next();
  }

  #next(): number {
    if (!this.#plays || this.#waiting === 0) return this.#dry();
    const sample = (this.#samples[this.#read] ?? 0) * Math.min(1, this.#since / FADE);
    this.#read = (this.#read + 1) % this.most;
    this.#waiting -= 1;
    this.#since += 1;
    this.#last = sample;
    return sample;
  }

  #dry(): number {
    if (this.#plays) {
      this.#plays = false;
      this.counts.dry += 1;
    }
    this.#last *= DECAY;
    return this.#last;
  }

  #begin(): void {
    this.#plays = true;
    this.#since = 0;
  }

  /** Back to what is usual to wait; the cut is faded like a beginning. */
  #skip(): void {
    const excess = this.#waiting - this.target;
    this.#read = (this.#read + excess) % this.most;
    this.#waiting -= excess;
    this.counts.skipped += excess;
    this.#since = 0;
  }
}
