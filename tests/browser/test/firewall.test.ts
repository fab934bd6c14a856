/** A browser behind firewalls that let little out, and one that goes from one network to another. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, expect, onTestFailed, test } from "vitest";
import { launch } from "../harness/browser.ts";
import { Certificate } from "../harness/certificate.ts";
import { allMeet, Guest, type JoinOptions } from "../harness/guest.ts";
import { Namespace } from "../harness/namespace.ts";
import { freeUdp } from "../harness/ports.ts";
import { freePorts, Server } from "../harness/server.ts";
import { Site } from "../harness/site.ts";
import { freshRoom } from "../harness/stage.ts";
import { mint } from "../harness/token.ts";
import { until } from "../harness/wait.ts";

const missing = Namespace.missingFirewall();
if (missing) console.warn(`the tests behind firewalls are skipped: ${missing}`);

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
afterAll(() => certificate?.close());
let certificate: Certificate | undefined;

/** Media comes back within this time, in milliseconds; how long it takes is told. */
const BACK = 30_000;

test.skipIf(missing)("where UDP is blocked, media goes over TCP to the media port", async () => {
  const { network, server, site, browser } = await setUp();
  network.firewall({ udp: [] });
  const guests = await meet(browser, server, site);
  for (const guest of guests) {
    const path = { protocol: "tcp", remotePort: server.ports.tcp, way: "Direct, TCP" };
    expect(await guest.paths()).toEqual([expect.objectContaining(path)]);
  }
});

test.skipIf(missing)("where the media ports are blocked, media goes over TCP to the relay", async () => {
  const { network, server, site, browser, turn } = await setUp();
  network.firewall({ udp: [], tcp: [server.ports.http, portOf(site.url), turn] });
  const guests = await meet(browser, server, site);
  for (const guest of guests) {
    expect(await guest.paths()).toEqual([expect.objectContaining({ relayProtocol: "tcp", way: "Relayed, TCP" })]);
  }
});

test.skipIf(missing)(
  "where only the port of HTTPS is let out, page, signalling and media go over that",
  async () => {
    const network = newNetwork();
    const address = network.outside;
    certificate ??= new Certificate(address);
    const settings = { ...certificate.settings, "turn.port": await freeUdp(1, address), "turn.tls_port": 0 };
    const server = await Server.start(settings, await freePorts(address));
    ends.push(() => server.stop());
    onTestFailed(() => console.error(`log of the server:\n${server.log}`));
    const browser = await launch({ loopback: false, executable: network.chromium(), flags: [certificate.flag] });
    ends.push(() => browser.close());
    network.firewall({ udp: [], tcp: [server.ports.http] });

    const room = freshRoom();
    const ann = await enter(browser, server, room, "Ann");
    const bob = await enter(browser, server, room, "Bob");
    for (const page of [ann, bob]) {
      await until(
        "both pictures move",
        () =>
          page.evaluate(() => [...document.querySelectorAll("video")].filter((one) => one.currentTime > 1).length > 1),
        30_000,
      );
      await page.getByTestId("open-stats").click();
      await page.getByTestId("stat-path").filter({ hasText: "Relayed, TLS" }).waitFor({ timeout: 15_000 });
    }
  },
  120_000,
);

/** How one network takes the place of another. The last step is the one that media are back after. */
const CHANGES: Record<string, (network: Namespace) => Promise<() => void>> = {
  "goes, and a second later another comes": async (network) => {
    network.unplug();
    await sleep(1000);
    return () => network.plugIn();
  },
  "goes, and another was there before": async (network) => {
    network.plugIn();
    await sleep(5000);
    return () => network.unplug();
  },
  "goes as another comes": async (network) => () => {
    network.plugIn();
    network.unplug();
  },
};

for (const [change, begin] of Object.entries(CHANGES)) {
  test.skipIf(missing)(
    `where the network ${change}, the call goes on over the same peer connection`,
    async () => {
      const { network, server, site, browser } = await setUp({ moves: true });
      const [ann, bob] = await meet(browser, server, site);
      const took = await backAfter(ann, bob, await begin(network));
      console.log(`where the network ${change}: media back after ${took} ms`);
      await allMeet([ann, bob]);
      await sameCall(ann, bob);
      expect(await ann.paths()).toEqual([expect.objectContaining({ way: "Direct, UDP" })]);
    },
    120_000,
  );
}

test.skipIf(missing)(
  "after a change to a network that lets UDP out again, the call goes on",
  async () => {
    const { network, server, site, browser } = await setUp({ moves: true });
    network.firewall({ udp: [] });
    const [ann, bob] = await meet(browser, server, site);
    expect(await ann.paths()).toEqual([expect.objectContaining({ way: "Direct, TCP" })]);
    network.unplug();
    await sleep(1000);
    const took = await backAfter(ann, bob, () => {
      network.unblock();
      network.plugIn();
    });
    console.log(`media back ${took} ms after the new network was there`);
    await allMeet([ann, bob]);
    await sameCall(ann, bob);
  },
  120_000,
);

test.skipIf(missing)(
  "where UDP becomes blocked during a call, media comes back over TCP to the media port",
  async () => {
    const { network, server, site, browser } = await setUp({ relay: false });
    const [ann, bob] = await meet(browser, server, site);
    const took = await backAfter(ann, bob, () => network.firewall({ udp: [] }));
    console.log(`media back ${took} ms after UDP was blocked`);
    await allMeet([ann, bob]);
    await sameCall(ann, bob);
    expect(await ann.paths()).toEqual([expect.objectContaining({ way: "Direct, TCP" })]);
  },
  120_000,
);

test.skipIf(missing)(
  "where UDP becomes blocked during a call and there is a relay, media comes back over TCP",
  async () => {
    const { network, server, site, browser } = await setUp();
    const [ann, bob] = await meet(browser, server, site);
    const took = await backAfter(ann, bob, () => network.firewall({ udp: [] }));
    console.log(`media back ${took} ms after UDP was blocked, with a relay`);
    await allMeet([ann, bob]);
    await sameCall(ann, bob);
    // A relay so near as here has answered before Chromium has come to TCP, and then it looks no further.
    expect(await ann.paths()).toEqual([
      expect.objectContaining({ way: expect.stringMatching(/^(Direct|Relayed), TCP$/) }),
    ]);
  },
  120_000,
);

test.skipIf(missing)(
  "where the media ports become blocked during a call, media comes back over the relay",
  async () => {
    const { network, server, site, browser, turn } = await setUp();
    const [ann, bob] = await meet(browser, server, site);
    const left = { udp: [], tcp: [server.ports.http, portOf(site.url), turn] };
    const took = await backAfter(ann, bob, () => network.firewall(left));
    console.log(`media back ${took} ms after the media ports were blocked`);
    await allMeet([ann, bob]);
    await sameCall(ann, bob);
    expect(await ann.paths()).toEqual([expect.objectContaining({ way: "Relayed, TCP" })]);
  },
  120_000,
);

/** A network with a browser in it, and a server with a relay outside. `moves`: the server stays where it is when that moves. */
async function setUp({ moves = false, relay = true } = {}) {
  const network = newNetwork();
  const address = moves ? network.home() : network.outside;
  const turn = await freeUdp(1, address);
  const server = await Server.start({ "turn.port": relay ? turn : 0 }, await freePorts(address));
  ends.push(() => server.stop());
  onTestFailed(() => console.error(`log of the server:\n${server.log}`));
  const site = await Site.start(address);
  ends.push(() => site.close());
  // Devices are there for secure pages only, and plain HTTP is secure at localhost alone.
  const flags = [`--unsafely-treat-insecure-origin-as-secure=${site.url.replace(/\/$/, "")}`];
  const browser = await launch({ loopback: false, executable: network.chromium(), flags });
  ends.push(() => browser.close());
  return { network, server, site, browser, turn };
}

function newNetwork(): Namespace {
  const network = new Namespace();
  ends.push(() => network.close());
  return network;
}

/** Two guests come and meet; a tone in place of the microphone, so that packets come all the time. */
async function meet(browser: Browser, server: Server, site: Site): Promise<[Guest, Guest]> {
  const room = freshRoom();
  const options: JoinOptions = { media: { tone: 440 } };
  const ann = await Guest.open(browser, site.url, "ann");
  const bob = await Guest.open(browser, site.url, "bob");
  // Before the browser goes, which is where the end of a failed test begins.
  ends.push(async () => {
    for (const guest of [ann, bob]) heard.push(`${guest.identity}: ${JSON.stringify(await guest.heard())}`);
  });
  const heard: string[] = [];
  onTestFailed(() => console.error(heard.join("\n")));
  await ann.join(server.url, room, options);
  await bob.join(server.url, room, options);
  await allMeet([ann, bob], 30_000);
  return [ann, bob];
}

/** Milliseconds from a change until both hear each other again. What was under way already does not count. */
async function backAfter(ann: Guest, bob: Guest, change: () => void): Promise<number> {
  change();
  const began = performance.now();
  const silent = async (guest: Guest, other: Guest) => {
    let last = -1;
    await until(`${guest.identity} hears nothing`, async () => {
      const packets = (await guest.received(other.identity, "microphone"))?.packets ?? 0;
      const same = packets === last;
      last = packets;
      return same;
    });
    await until(
      `${guest.identity} hears ${other.identity} again`,
      async () => ((await guest.received(other.identity, "microphone"))?.packets ?? 0) > last + 5,
      BACK,
    );
  };
  await Promise.all([silent(ann, bob), silent(bob, ann)]);
  return Math.round(performance.now() - began);
}

/** Nobody was gone, and no peer connection had to be made anew. */
async function sameCall(...guests: Guest[]): Promise<void> {
  for (const guest of guests) {
    expect(await guest.connections()).toBe(1);
    expect(await guest.heard("participantLeft")).toEqual([]);
    for (const { resumed } of await guest.heard("reconnected")) expect(resumed).not.toBe(false);
  }
}

/** Somebody goes in by the server's own page. */
async function enter(browser: Browser, server: Server, room: string, name: string) {
  const viewport = { width: 1280, height: 800 };
  const context = await browser.newContext({ permissions: ["camera", "microphone"], viewport });
  const page = await context.newPage();
  const seen: string[] = [];
  page.on("requestfailed", (request) => seen.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on("pageerror", (error) => seen.push(error.message));
  onTestFailed(() => console.error(`${name}'s page: ${seen.join("\n")}`));
  await page.goto(`${server.url}/room/${room}#token=${mint(room, name)}`);
  await page.getByTestId("lobby-name").fill(name);
  await page.getByTestId("lobby-join").click();
  await page.getByTestId("room").waitFor();
  return page;
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}
