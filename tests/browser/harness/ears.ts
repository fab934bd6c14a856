/** Ears and a voice for a page that knows nothing of tests: its microphone is a tone, and what it receives is listened to. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { BrowserContext, Page } from "playwright-core";
import { until } from "./wait.ts";

/** What the page gets; see `page/ear.js`. */
declare global {
  interface Window {
    ears(frequencies: readonly number[]): number[];
  }
}

/** A tone above this level is heard, and one below that is not; dBFS. Microphones send theirs at −6. */
export const AUDIBLE = -26;
export const INAUDIBLE = -56;

const EAR = readFileSync(fileURLToPath(new URL("../page/ear.js", import.meta.url)), "utf8");

/** Gives the pages of a context a microphone that hears this tone, or none when it is 0, and ears. */
export async function equip(context: BrowserContext, tone: number, gain = 0.5): Promise<void> {
  // Not a module here: it has to be there before the first line of the page.
  const ear = EAR.replaceAll(/^export /gm, "");
  await context.addInitScript({ content: `(() => {\n${ear}\n(${attach})(tones, ${tone}, ${gain});\n})();` });
}

/** Waits until a page hears these tones and no trace of those. */
export async function pageHears(
  page: Page,
  who: string,
  heard: readonly number[],
  absent: readonly number[],
  within?: number,
): Promise<void> {
  let levels: number[] = [];
  await until(
    `${who} hears ${heard} Hz and not ${absent} Hz`,
    async () => {
      levels = await page.evaluate((all) => window.ears(all), [...heard, ...absent]);
      return areRight(levels, heard.length);
    },
    within,
  ).catch((error) => {
    throw new Error(`${error.message}; levels: ${levels.map(Math.round)}`);
  });
}

/** Are the first of these levels audible, and the others not? */
export function areRight(levels: readonly number[], heard: number): boolean {
  return levels.every((level, index) => (index < heard ? level > AUDIBLE : level < INAUDIBLE));
}

/** Runs in the page. */
function attach(
  tones: (connections: RTCPeerConnection[], frequencies: readonly number[]) => number[],
  tone: number,
  gain: number,
) {
  const connections: RTCPeerConnection[] = [];
  window.RTCPeerConnection = class extends window.RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      connections.push(this);
    }
  };
  window.ears = (frequencies) => tones(connections, frequencies);
  // What these tests need is that the machine keeps up with the sound.
  const SMALL = { width: 160, height: 90, frameRate: 10 };
  const devices = navigator.mediaDevices;
  const capture = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (wanted) => {
    if (!wanted?.audio) return capture(wanted?.video ? { video: SMALL } : wanted);
    const context = new AudioContext();
    const out = context.createMediaStreamDestination();
    const oscillator = new OscillatorNode(context, { frequency: tone });
    oscillator.connect(new GainNode(context, { gain: tone ? gain : 0 })).connect(out);
    oscillator.start();
    const pictures = wanted.video ? (await capture({ video: SMALL })).getTracks() : [];
    return new MediaStream([...out.stream.getTracks(), ...pictures]);
  };
}
