/** Lip sync: what is said is heard when it is seen. */
import { expect, test } from "vitest";
import type { Guest } from "../harness/guest.ts";
import { freshRoom, Stage } from "../harness/stage.ts";
import { mint } from "../harness/token.ts";
import { until } from "../harness/wait.ts";

const stage = new Stage();
const server = stage.server();
/** Flashes and beeps that are looked at. */
const SAMPLES = 30;
/** Browsers bring sound and picture together in small steps, and begin when sender reports have told how far they are. */
const SETTLING = 30_000;
/** This many in the middle of the range at once: they have come together. */
const TOGETHER = 20;
const LIMIT = 40;

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
  const began = Date.now();
  const settled = await until("they come together", () => togetherFrom(ann, bob), SETTLING);
  const took = Date.now() - began;
  await until("enough flashes are seen", async () => (await skews(ann, bob)).length >= settled + SAMPLES, 30_000);

  const found = (await skews(ann, bob)).slice(settled, settled + SAMPLES);
  const sizes = found.map(Math.abs).sort((a, b) => a - b);
  const p95 = sizes[Math.ceil(sizes.length * 0.95) - 1];
  const median = sizes[sizes.length >> 1];
  console.log(
    `skew after ${took} ms, ${sizes.length} samples: |p50| ${median?.toFixed(0)}, |p95| ${p95?.toFixed(0)} ms`,
  );
  expect(p95, `all: ${found.map(Math.round)}`).toBeLessThanOrEqual(LIMIT);
}, 120_000);

/** How many samples there were when the middle of the last ones came within half of the limit; nothing before. */
async function togetherFrom(source: Guest, viewer: Guest): Promise<number | undefined> {
  const all = await skews(source, viewer);
  const last = all.slice(-TOGETHER).sort((a, b) => a - b);
  const middle = last[TOGETHER >> 1];
  return middle !== undefined && Math.abs(middle) <= LIMIT / 2 ? all.length : undefined;
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
