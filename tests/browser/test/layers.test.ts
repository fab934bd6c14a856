/** Simulcast: who sees a picture gets the size that suits the element and the network; nobody encodes for nobody. */
import { test } from "vitest";
import { type Guest, HD } from "../harness/guest.ts";
import { freeUdp } from "../harness/ports.ts";
import { UdpRelay } from "../harness/relay.ts";
import { freePorts, WORKERS } from "../harness/server.ts";
import { freshRoom, Stage } from "../harness/stage.ts";
import { until } from "../harness/wait.ts";

const stage = new Stage();
const server = stage.server();
/** Estimates of bandwidth grow step by step, slowly on a busy machine. */
const SLOW = 45_000;

test("the layer follows the size of the viewer's element, down and up again", async () => {
  const [, bob] = await watching(server.url);
  await showsAt(bob, "full size", (width) => width === 1280);
  await bob.resize("ann", "camera", 200, 112);
  await showsAt(bob, "small", (width) => width > 0 && width <= 320);
  await bob.resize("ann", "camera", 1280, 720);
  await showsAt(bob, "full size again", (width) => width === 1280);
}, 150_000);

test("the layer follows the viewer's bandwidth, down and up again", async () => {
  const behind = await freePorts();
  const front = await freeUdp(WORKERS);
  const relay = await UdpRelay.start(front, behind.udp, WORKERS);
  stage.atEnd(() => relay.close());
  const own = await stage.ownServer({ "media.advertised_udp_port": front }, behind);
  const [ann, bob] = await watching(own.url);
  await showsAt(bob, "full size", (width) => width === 1280);

  const ports = await bob.ports();
  await until("bob's media comes through the relay", () => relay.tally("down", ports).passed > 100);
  relay.only(ports, {}, { rate: 300_000 });
  await showsAt(bob, "small for want of bandwidth", (width) => width > 0 && width < 1280);
  // At once, or as soon as it is tried whether more goes through.
  await until("datagrams do not fit", () => relay.tally("down", ports).overflowed > 0);
  await bob.listens(ann);

  relay.only(ports, {}, {});
  await showsAt(bob, "full size again", (width) => width === 1280);
}, 150_000);

test("layers that nobody wants are not encoded, and are again when somebody wants them", async () => {
  const [ann, bob] = await watching(server.url);
  await showsAt(bob, "full size", (width) => width === 1280);
  await bob.resize("ann", "camera", 200, 112);
  await until("the top layer is no longer encoded", async () => standsStill(ann, "h"), SLOW);
  await bob.sees(ann);
  await bob.resize("ann", "camera", 1280, 720);
  const before = (await ann.sent("video")).h?.frames ?? 0;
  await until(
    "the top layer is encoded again",
    async () => ((await ann.sent("video")).h?.frames ?? 0) > before,
    SLOW,
  ).catch(async (error) => {
    const [sent, received] = [await ann.sent("video"), await bob.received("ann", "camera")];
    throw new Error(`${error.message}; sent: ${JSON.stringify(sent)}, received: ${JSON.stringify(received)}`);
  });
}, 150_000);

/** Ann shows a picture in three layers, Bob watches it at full size. */
async function watching(url: string): Promise<[Guest, Guest]> {
  const room = freshRoom();
  const [ann, bob] = await stage.guests("ann", "bob");
  await bob.page.setViewportSize({ width: 1280, height: 720 });
  await ann.join(url, room, { media: HD, simulcast: true });
  await bob.join(url, room, { media: false });
  await until("ann's picture has a place", () =>
    bob.page.evaluate(() => document.getElementById("ann-camera") !== null),
  );
  await bob.resize("ann", "camera", 1280, 720);
  await bob.sees(ann);
  return [ann, bob];
}

async function showsAt(viewer: Guest, what: string, fits: (width: number) => boolean): Promise<void> {
  let last: unknown;
  await until(
    `ann is shown ${what}`,
    async () => {
      const now = await viewer.received("ann", "camera");
      last = now;
      return fits(now?.width ?? 0);
    },
    SLOW,
  ).catch((error) => {
    throw new Error(`${error.message}; last seen: ${JSON.stringify(last)}`);
  });
}

/** Is a layer's count of frames the same a second later? */
async function standsStill(guest: Guest, rid: string): Promise<boolean> {
  const before = (await guest.sent("video"))[rid]?.frames;
  await new Promise((resolve) => setTimeout(resolve, 1000));
  return (await guest.sent("video"))[rid]?.frames === before;
}
