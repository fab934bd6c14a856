/** What a key of a telephone sounds like to the one who presses it (ITU-T Q.23): two tones at once. */

/** The keys as they lie on a telephone. */
export const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"] as const;

const LOW = [697, 770, 852, 941] as const;
const HIGH = [1209, 1336, 1477] as const;

/** Seconds that a key is heard. */
const LASTS = 0.12;

/** The two frequencies of a key, in Hz; `undefined`: there is no such key. */
export function frequenciesOf(key: string): readonly [number, number] | undefined {
  const index = (KEYS as readonly string[]).indexOf(key);
  const [low, high] = [LOW[Math.floor(index / 3)], HIGH[index % 3]];
  return index < 0 || low === undefined || high === undefined ? undefined : [low, high];
}

/** Lets a key be heard, softly. */
export function sound(context: AudioContext, key: string): void {
  const frequencies = frequenciesOf(key);
  if (!frequencies) return;
  const volume = context.createGain();
  const [from, to] = [context.currentTime, context.currentTime + LASTS];
  volume.gain.setValueAtTime(0.05, from);
  volume.gain.setTargetAtTime(0, to - 0.02, 0.005);
  volume.connect(context.destination);
  for (const frequency of frequencies) {
    const tone = new OscillatorNode(context, { frequency });
    tone.connect(volume);
    tone.start(from);
    tone.stop(to);
  }
}
