/** The sound of the simulated telephone's line: PCM, 16 bits little endian, one channel, 48,000 Hz, frames of 20 ms. Pure. */

/** Samples per second on the line. */
export const LINE_RATE = 48_000;
/** Samples of one frame: 20 ms. */
export const FRAME_SAMPLES = 960;
/** Bytes of one frame. */
export const FRAME_BYTES = FRAME_SAMPLES * 2;

const SCALE = 32_768;

/** Samples from −1 to 1 as bytes for the line. What is louder is cut off. */
export function encode(samples: Float32Array): ArrayBuffer {
  const bytes = new ArrayBuffer(samples.length * 2);
  const view = new DataView(bytes);
  samples.forEach((sample, index) => {
    view.setInt16(index * 2, Math.max(-SCALE, Math.min(SCALE - 1, Math.round(sample * SCALE))), true);
  });
  return bytes;
}

/** Bytes from the line as samples from −1 to 1. Half a sample at the end is left out. */
export function decode(bytes: ArrayBuffer): Float32Array {
  const view = new DataView(bytes);
  return Float32Array.from({ length: bytes.byteLength >> 1 }, (_, index) => view.getInt16(index * 2, true) / SCALE);
}

/** How loud a frame is, in dB under full scale (root mean square). Silence is −127. */
export function loudness(bytes: ArrayBuffer): number {
  const samples = decode(bytes);
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  if (sum === 0) return -127;
  return Math.max(-127, 10 * Math.log10(sum / samples.length));
}

/** Cuts a stream of samples into frames for the line. */
export class Framer {
  readonly #frame = new Float32Array(FRAME_SAMPLES);
  #filled = 0;

  constructor(private readonly done: (frame: ArrayBuffer) => void) {}

  /** Takes one sample; a full frame is handed on. */
  push = (sample: number): void => {
    this.#frame[this.#filled] = sample;
    this.#filled += 1;
    if (this.#filled < FRAME_SAMPLES) return;
    this.#filled = 0;
    this.done(encode(this.#frame));
  };
}
