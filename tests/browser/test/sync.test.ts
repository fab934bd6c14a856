/** Lip sync: what is said is heard when it is seen. */
import { expect, test } from "vitest";
import type { Guest } from "../harness/guest.ts";
import { freshRoom, Stage } from "../harness/stage.ts";
import { mint } from "../harness/token.ts";
import { until } from "../harness/wait.ts";

const stage = new Stage();
const server = stage.server();
/** Flashes and beeps in a row that are looked at: 12 seconds. */
const SAMPLES = 30;
const LIMIT = 40;
/**
 * Browsers bring sound and picture together in small steps, beginning when sender reports have told how far they are apart,
 * and anew after each stall of a busy machine: within so many milliseconds they must have come together and stayed.
 */
const WITHIN = 75_000;

test("sound and picture of a participant are shown together: 40 ms apart at most, 19 times of 20", async () => {
  const room = freshRoom();
  const [ann, bob] = await stage.guests("ann", "bob");
  for (const guest of [ann, bob]) await guest.load(`${stage.site}sync.html`);
  await ann.page.evaluate(publishFlashes, [server.url, mint(room, "ann")] as const);
  await bob.join(server.url, room, { media: false, room: { autoSubscribe: { video: "all" }, playAudio: false } });
  await until("both of ann's tracks arrive", () => bob.page.evaluate(bothArrive));
  await bob.page.evaluate(() => {
    const media = (source: string) => window.guest.trackOf("ann", source).mediaStreamTrack;
    return window.sync.detect(media("microphone"), media("camera"));
  });
  let all: number[] = [];
  const together = async () => {
    all = await skews(ann, bob);
    return all.length >= SAMPLES && p95(all.slice(-SAMPLES)) <= LIMIT;
  };
  await until("19 of 20 stay within the limit", together, WITHIN).catch((error) => {
    throw new Error(`${error.message}: ${all.map(Math.round)}`);
  });
  console.log(`skew of the last ${SAMPLES} of ${all.length} samples: p95 ${Math.round(p95(all.slice(-SAMPLES)))} ms`);
  expect(p95(all.slice(-SAMPLES))).toBeLessThanOrEqual(LIMIT);
}, 150_000);

/** The size below which 19 of 20 are. */
function p95(skews: readonly number[]): number {
  const sizes = skews.map(Math.abs).sort((a, b) => a - b);
  return sizes[Math.ceil(sizes.length * 0.95) - 1] ?? 0;
}

/** How much later than its beep a flash arrives, beyond what it was at the source; positive: the picture is late. */
async function skews(source: Guest, viewer: Guest): Promise<number[]> {
  const [made, got] = await Promise.all([source, viewer].map((guest) => guest.page.evaluate(both)));
  const delay = (times: number[], made: number) => {
    // An event takes less than the pause between two.
    const arrival = times.find((time) => time >= made - 20 && time < made + 350);
    return arrival === undefined ? undefined : arrival - made;
  };
  const single = (made?.seen ?? []).flatMap((flash) => {
    const beep = made?.heard.find((time) => Math.abs(time - flash) < 150);
    if (beep === undefined) return [];
    const [picture, sound] = [delay(got?.seen ?? [], flash), delay(got?.heard ?? [], beep)];
    return picture === undefined || sound === undefined ? [] : [picture - sound];
  });
  // One flash is seen only as sharply as two screens draw, 17 ms each: of three in a row the middle one counts.
  return single.slice(2).map((_, index) => single.slice(index, index + 3).sort((a, b) => a - b)[1] as number);
}

async function publishFlashes([url, token]: readonly [string, string]): Promise<void> {
  const [audio, video] = await window.sync.source();
  const { Room } = window.guest.crosspoint;
  await window.sync.detect(audio, video);
  await Room.connect(url, token, { publish: [audio, { track: video, simulcast: false }] });
}

function bothArrive(): boolean {
  return ["microphone", "camera"].every((source) => window.guest.trackOf("ann", source)?.mediaStreamTrack);
}

function both(): { seen: number[]; heard: number[] } {
  return { seen: window.sync.seen, heard: window.sync.heard };
}

declare global {
  interface Window {
    sync: {
      source(): Promise<[MediaStreamTrack, MediaStreamTrack]>;
      detect(audio: MediaStreamTrack, video: MediaStreamTrack): Promise<void>;
      seen: number[];
      heard: number[];
    };
  }
}
