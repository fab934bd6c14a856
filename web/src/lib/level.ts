/** How loud a captured track is. In: a `MediaStreamTrack`. Out: a level from 0 to 1, asked for once a frame. */

/** Below this many dB under full scale nothing is shown. */
const FLOOR = -60;

let context: AudioContext | undefined;

/** A meter on one track. */
export interface Meter {
  read(): number;
  stop(): void;
}

/** Listens to a track. The track itself is neither changed nor stopped. */
export function meterOf(track: MediaStreamTrack): Meter {
  const audio = audioContext();
  if (!audio) return { read: () => 0, stop() {} };
  const source = audio.createMediaStreamSource(new MediaStream([track]));
  const analyser = audio.createAnalyser();
  analyser.fftSize = 1024;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  let shown = 0;
  return {
    read() {
      analyser.getFloatTimeDomainData(samples);
      let sum = 0;
      for (const sample of samples) sum += sample * sample;
      const level = toUnit(10 * Math.log10(sum / samples.length + 1e-12));
      // Up at once, down slowly: short words stay visible.
      shown = level > shown ? level : shown * 0.86;
      return shown;
    },
    stop() {
      source.disconnect();
    },
  };
}

/** A level in dBov (RFC 6464: −127 … 0) as 0 … 1. */
export function toUnit(dB: number): number {
  return Math.min(1, Math.max(0, (dB - FLOOR) / -FLOOR));
}

/** One context for all meters: browsers allow only a few. It sleeps until a gesture where autoplay is forbidden. */
function audioContext(): AudioContext | undefined {
  if (typeof AudioContext === "undefined") return undefined;
  context ??= new AudioContext();
  if (context.state === "suspended") {
    const present = context;
    present.resume().catch(() => {});
    addEventListener("pointerdown", () => present.resume().catch(() => {}), { once: true });
  }
  return context;
}
