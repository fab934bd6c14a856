/** What breaks, and how people come back. */
import { expect, test } from "vitest";
import { TcpCut } from "../harness/cut.ts";
import { allMeet } from "../harness/guest.ts";
import { freeUdp } from "../harness/ports.ts";
import { UdpRelay } from "../harness/relay.ts";
import { freePorts, WORKERS } from "../harness/server.ts";
import { freshRoom, Stage } from "../harness/stage.ts";
import { mint } from "../harness/token.ts";
import { until } from "../harness/wait.ts";

const stage = new Stage();
const server = stage.server();

test("after a restart of the server everybody is back within ten seconds, with media", async () => {
  const own = await stage.ownServer();
  const room = freshRoom();
  const guests = await stage.guests("ann", "bob", "cas");
  await Promise.all(guests.map((guest) => guest.join(own.url, room)));
  await allMeet(guests);
  const before = await Promise.all(guests.map((guest) => guest.connections()));

  await own.kill();
  const began = Date.now();
  await own.run();
  await Promise.all(guests.map((guest) => guest.hears("reconnected", {}, 10_000)));
  await allMeet(guests, 10_000);
  expect(Date.now() - began, "milliseconds until all see and hear all").toBeLessThan(10_000);
  const after = await Promise.all(guests.map((guest) => guest.connections()));
  for (const [index, count] of after.entries()) expect(count).toBeGreaterThan(before[index] as number);
});

test("a cut signalling socket interrupts no media, is resumed, and brings what was said meanwhile", async () => {
  const cut = await TcpCut.start(server.ports.http);
  stage.atEnd(() => cut.close());
  const room = freshRoom();
  const [ann, bob, writer] = await stage.guests("ann", "bob", "writer");
  await ann.join(cut.url, room);
  await bob.join(server.url, room);
  await allMeet([ann, bob]);
  await writer.page.evaluate(enterByHand, [server.url, mint(room, "writer"), room] as const);
  await until("the writer is in", async () => (await ann.people()).includes("writer"));

  cut.break();
  expect(cut.cuts).toBeGreaterThan(0);
  await ann.hears("reconnecting", { stage: "signalling" });
  for (let count = 0; count < 5; count++) {
    await writer.page.evaluate((count) => window.byHand.send(JSON.stringify({ type: "data", payload: count })), count);
  }
  await bob.page.evaluate(() => window.guest.room.localParticipant.setMicrophoneEnabled(false));
  await Promise.all([ann.sees(bob, { frames: 15 }), bob.sees(ann, { frames: 15 }), bob.listens(ann)]);
  await until("ann tried to come back", () => cut.refused > 0);
  expect(await ann.heard("data")).toEqual([]);

  cut.mend();
  await ann.hears("reconnected", { resumed: true });
  await ann.hears("trackMuted", { who: "bob", source: "microphone" });
  await until("what was said meanwhile", async () => (await ann.heard("data")).length >= 5);
  expect((await ann.heard("data")).map(({ text }) => text)).toEqual(["0", "1", "2", "3", "4"]);
  expect(await ann.connections()).toBe(1);
  expect(await bob.heard("participantLeft")).toEqual([]);
  await ann.sees(bob);
});

test("a refreshed page comes back into its place, and others see no duplicate", async () => {
  const room = freshRoom();
  const [ann, bob] = await stage.guests("ann", "bob");
  const persist = { room: { persist: true } };
  await ann.join(server.url, room, persist);
  await bob.join(server.url, room, persist);
  await allMeet([ann, bob]);

  await ann.load(stage.site);
  await ann.join(server.url, room, persist);
  await allMeet([ann, bob]);
  expect(await bob.people()).toEqual(["ann"]);
  expect(await bob.heard("participantLeft")).toEqual([]);
  expect(await bob.heard("participantJoined")).toEqual([]);
  expect(await bob.page.locator("video").count()).toBe(1);
});

test("where UDP is blocked, media goes over TCP", async () => {
  const { relay, own } = await behindRelay();
  relay.all({ cut: true });
  const room = freshRoom();
  const [ann, bob] = await stage.guests("ann", "bob");
  await ann.join(own.url, room);
  await bob.join(own.url, room);
  await allMeet([ann, bob], 30_000);
  for (const guest of [ann, bob]) {
    const [path] = await guest.paths();
    expect(path).toMatchObject({ protocol: "tcp", remotePort: own.ports.tcp });
  }
  expect(relay.tally("up").cut, "datagrams that the relay swallowed").toBeGreaterThan(0);
  expect(relay.tally("up").passed).toBe(0);
}, 90_000);

test("sound and picture go on over a line that loses every tenth datagram", async () => {
  const { relay, own } = await behindRelay();
  relay.all({ loss: 0.1, delay: 20 });
  const room = freshRoom();
  const [ann, bob] = await stage.guests("ann", "bob");
  await ann.join(own.url, room);
  await bob.join(own.url, room);
  await Promise.all([ann.sees(bob, { frames: 60 }), bob.sees(ann, { frames: 60 }), ann.listens(bob), bob.listens(ann)]);
  expect(relay.tally("down").lost, "datagrams that got lost").toBeGreaterThan(10);
  // A tenth on each of two ways is nearly a fifth of all packets; redundant audio leaves about two in a hundred.
  const before = await bob.received("ann", "microphone");
  await bob.sees(ann, { frames: 200, within: 30_000 });
  const after = await bob.received("ann", "microphone");
  const played = (after?.samples ?? 0) - (before?.samples ?? 0);
  const concealed = ((after?.concealed ?? 0) - (before?.concealed ?? 0)) / played;
  expect(concealed, "concealed share of what was played").toBeLessThan(0.08);
}, 60_000);

test("when the media path dies and comes back, so do sound and picture", async () => {
  const { relay, own } = await behindRelay({ "media.tcp_port": 0 });
  const room = freshRoom();
  const [ann, bob] = await stage.guests("ann", "bob");
  await ann.join(own.url, room);
  await bob.join(own.url, room);
  await allMeet([ann, bob]);
  const ports = await ann.ports();
  relay.only(ports, { cut: true }, { cut: true });
  await ann.hears("reconnecting", { stage: "media" }, 20_000);
  expect(relay.tally("down", ports).cut).toBeGreaterThan(0);
  relay.only(ports, {}, {});
  await ann.hears("reconnected", {}, 20_000);
  await allMeet([ann, bob]);
  expect(await bob.heard("participantLeft")).toEqual([]);
}, 90_000);

/** A server whose media ports are behind a relay. */
async function behindRelay(settings = {}) {
  const ports = await freePorts();
  const front = await freeUdp(WORKERS);
  const relay = await UdpRelay.start(front, ports.udp, WORKERS);
  stage.atEnd(() => relay.close());
  const own = await stage.ownServer({ "media.advertised_udp_port": front, ...settings }, ports);
  return { relay, own };
}

/** Joins with a bare socket. */
function enterByHand([url, token, roomId]: readonly [string, string, string]): void {
  window.byHand = new WebSocket(`${url.replace("http", "ws")}/ws/webrtc?token=${token}`);
  window.byHand.onopen = () => window.byHand.send(JSON.stringify({ type: "join", roomId, kind: "forward" }));
}

declare global {
  interface Window {
    byHand: WebSocket;
  }
}
