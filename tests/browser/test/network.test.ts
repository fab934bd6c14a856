/** A browser in a network of its own: no loopback interface between it and the server, and no flag about that. */
import { afterAll, expect, test } from "vitest";
import { launch } from "../harness/browser.ts";
import { allMeet, Guest } from "../harness/guest.ts";
import { Namespace } from "../harness/namespace.ts";
import { freePorts, Server } from "../harness/server.ts";
import { Site } from "../harness/site.ts";
import { freshRoom } from "../harness/stage.ts";

const missing = Namespace.missing();
if (missing) console.warn(`the test without loopback is skipped: ${missing}`);

const ends: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

test.skipIf(missing)("browsers in another network meet without Chromium's loopback flag", async () => {
  const network = new Namespace();
  ends.push(() => network.close());
  const server = await Server.start({}, await freePorts(network.outside));
  ends.push(() => server.stop());
  const site = await Site.start(network.outside);
  ends.push(() => site.close());
  const browser = await launch({
    loopback: false,
    executable: network.chromium(),
    // Devices are there for secure pages only, and plain HTTP is secure at localhost alone.
    flags: [`--unsafely-treat-insecure-origin-as-secure=${site.url.replace(/\/$/, "")}`],
  });
  ends.push(() => browser.close());

  const room = freshRoom();
  const guests = await Promise.all(["ann", "bob"].map((name) => Guest.open(browser, site.url, name)));
  try {
    for (const guest of guests) await guest.join(server.url, room);
    await allMeet(guests);
    for (const guest of guests) {
      const [path] = await guest.paths();
      expect(path).toMatchObject({ protocol: "udp", remoteAddress: network.outside });
    }
  } catch (error) {
    console.error(`log of the server:\n${server.log}`);
    throw error;
  }
});
