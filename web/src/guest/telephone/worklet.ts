/**
 * The telephone's ear and mouth, on the browser's audio thread. In: the microphone, and frames from the line (messages of the
 * port). Out: the loudspeaker, and frames for the line. Bundled as a file of its own, because an audio worklet is loaded by
 * address and the content security policy allows addresses of this server alone.
 */
import { JitterRing } from "./jitter-ring";
import { decode, Framer, LINE_RATE } from "./pcm";
import { Resampler } from "./resampler";

/** What the audio thread has; TypeScript knows the page's side only. */
declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

/** Seconds that usually wait to be played, and at most. */
const USUAL = 0.06;
const MOST = 0.3;

class Handset extends AudioWorkletProcessor {
  readonly #toLine = new Resampler(sampleRate, LINE_RATE);
  readonly #fromLine = new Resampler(LINE_RATE, sampleRate);
  readonly #framer = new Framer((frame) => this.port.postMessage(frame, [frame]));
  readonly #ring = new JitterRing(Math.round(USUAL * sampleRate), Math.round(MOST * sampleRate));

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => this.#fromLine.push(decode(data), this.#ring.push);
  }

  /** Called for each 128 samples. A telephone without a microphone sends silence: the line must go on. */
  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const earpiece = outputs[0]?.[0];
    if (!earpiece) return true;
    this.#toLine.push(inputs[0]?.[0] ?? new Float32Array(earpiece.length), this.#framer.push);
    this.#ring.pull(earpiece);
    return true;
  }
}

registerProcessor("handset", Handset);
