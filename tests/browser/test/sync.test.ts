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
/** Browsers bring sound and picture together step by step; the first seconds are theirs. */
const SETTLING = 8;

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
  await until("enough flashes are seen", async () => (await skews(ann, bob)).length >= SETTLING + SAMPLES, 40_000);

  const found = (await skews(ann, bob)).slice(SETTLING);
  const sizes = found.map(Math.abs).sort((a, b) => a - b);
  const p95 = sizes[Math.ceil(sizes.length * 0.95) - 1];
  const median = sizes[sizes.length >> 1];
  console.log(`skew of ${sizes.length} samples: |p50| ${median?.toFixed(0)} ms, |p95| ${p95?.toFixed(0)} ms`);
  expect(p95).toBeLessThanOrEqual(40);
}, 90_000);

/** How much later than its beep a flash arrives, beyond what it was at the source; positive: the picture is late. */
async function skews(source: Guest, viewer: Guest): Promise<number[]> {
  const [made, got] = await Promise.all([source, viewer].map((guest) => guest.page.evaluate(both)));
  const delay = (times: number[], made: number) => {
    // An event takes less than the pause between two.
    const arrival = times.find((time) => time >= made - 20 && time < made + 350);
    return arrival === undefined ? undefined : arrival - made;
  };
  return (made?.seen ?? []).flatMap((flash) => {
    const beep = made?.heard.find((time) => Math.abs(time - flash) < 150);
    if (beep === undefined) return [];
    const [picture, sound] = [delay(got?.seen ?? [], flash), delay(got?.heard ?? [], beep)];
    return picture === undefined || sound === undefined ? [] : [picture - sound];
  });
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
