/** The relay (TURN): every way to it, alone and beside pages on one port. */
import { afterAll, expect, test } from "vitest";
import { Certificate } from "../harness/certificate.ts";
import { allMeet, type Guest, type JoinOptions } from "../harness/guest.ts";
import { freeTcp, freeUdp } from "../harness/ports.ts";
import { UdpRelay } from "../harness/relay.ts";
import { freePorts, type Server, type Settings, WORKERS } from "../harness/server.ts";
import { freshRoom, Stage } from "../harness/stage.ts";
import { until } from "../harness/wait.ts";

const certificate = new Certificate("127.0.0.1");
afterAll(() => certificate.close());
const stage = new Stage({ flags: [certificate.flag] });

const RELAYED: JoinOptions = { room: { iceTransportPolicy: "relay" } };

/** The ports that a relay may be reached at. */
interface Reach {
  turn: number;
  tls: number;
  https: number;
}

const WAYS: { name: string; url(ports: Reach): string; protocol: string; way: string }[] = [
  { name: "UDP", url: ({ turn }) => `turn:127.0.0.1:${turn}?transport=udp`, protocol: "udp", way: "Relayed, UDP" },
  { name: "TCP", url: ({ turn }) => `turn:127.0.0.1:${turn}?transport=tcp`, protocol: "tcp", way: "Relayed, TCP" },
  { name: "TLS", url: ({ tls }) => `turns:127.0.0.1:${tls}?transport=tcp`, protocol: "tls", way: "Relayed, TLS" },
  {
    name: "TLS on the port of HTTPS",
    url: ({ https }) => `turns:127.0.0.1:${https}?transport=tcp`,
    protocol: "tls",
    way: "Relayed, TLS",
  },
];

test.for(WAYS)("guests who may use relays only meet over $name", async ({ url, protocol, way }) => {
  const own = await withRelay(url);
  const [ann, bob] = await meet(own, RELAYED);
  for (const guest of [ann, bob]) {
    expect(await guest.paths()).toEqual([expect.objectContaining({ type: "relay", relayProtocol: protocol, way })]);
  }
});

test("the port of HTTPS serves pages while guests are relayed over it", async () => {
  const own = await withRelay(({ https }) => `turns:127.0.0.1:${https}?transport=tcp`);
  const [ann, bob] = await meet(own, RELAYED);
  const page = await (await stage.browser.newContext()).newPage();
  stage.atEnd(() => page.context().close());
  await page.goto(own.url);
  await page.getByTestId("lobby-name").waitFor();
  await allMeet([ann, bob]);
});

test("where UDP is blocked, media goes over TCP to the port of HTTP", async () => {
  const ports = await freePorts();
  const front = await freeUdp(WORKERS);
  const line = await UdpRelay.start(front, ports.udp, WORKERS);
  stage.atEnd(() => line.close());
  line.all({ cut: true });
  const settings = { "media.advertised_udp_port": front, "media.tcp_port": ports.http };
  const own = await stage.ownServer(settings, ports);
  const [ann, bob] = await meet(own);
  for (const guest of [ann, bob]) {
    const path = { protocol: "tcp", remotePort: ports.http, way: "Direct, TCP" };
    expect(await guest.paths()).toEqual([expect.objectContaining(path)]);
  }
  expect(line.tally("up").cut, "datagrams that were swallowed").toBeGreaterThan(0);
});

test("where UDP is blocked, media goes over TCP to the port of HTTPS", async () => {
  const ports = await freePorts();
  const front = await freeUdp(WORKERS);
  const line = await UdpRelay.start(front, ports.udp, WORKERS);
  stage.atEnd(() => line.close());
  line.all({ cut: true });
  const settings = { "media.advertised_udp_port": front, "media.tcp_port": ports.http, ...certificate.settings };
  const own = await stage.ownServer(settings, ports);
  const [ann, bob] = await meet(own);
  for (const guest of [ann, bob]) {
    const path = { protocol: "tcp", remotePort: ports.http, way: "Direct, TCP" };
    expect(await guest.paths()).toEqual([expect.objectContaining(path)]);
  }
});

test("browsers of a mesh room that may use relays only meet from relay to relay", async () => {
  const own = await withRelay(({ turn }) => `turn:127.0.0.1:${turn}?transport=udp`);
  const [ann, bob] = await meet(own, { room: { kind: "mesh", iceTransportPolicy: "relay" } });
  for (const guest of [ann, bob]) {
    expect(await guest.paths()).toEqual([expect.objectContaining({ relayProtocol: "udp", way: "Relayed, UDP" })]);
  }
});

test("browsers of a mesh room meet from relay to relay over TLS", async () => {
  const own = await withRelay(({ https }) => `turns:127.0.0.1:${https}?transport=tcp`);
  const [ann, bob] = await meet(own, { room: { kind: "mesh", iceTransportPolicy: "relay" } });
  for (const guest of [ann, bob]) {
    expect(await guest.paths()).toEqual([expect.objectContaining({ relayProtocol: "tls", way: "Relayed, TLS" })]);
  }
});

test("who may use relays only, where the server names none, is refused and told why", async () => {
  const own = await withRelay(({ turn }) => `stun:127.0.0.1:${turn}`);
  const ann = await stage.guest("ann");
  await expect(ann.join(own.url, freshRoom(), RELAYED)).rejects.toThrow(/unsupported.*no media can flow/);
});

test("who has a wrong credential gets no relay, does not connect and is told", async () => {
  const ports = await reach();
  // The relay is there, but the server tells no one of it: what the guest brings is all that it has.
  const own = await stage.ownServer({ "turn.port": ports.turn, "turn.urls": [`stun:127.0.0.1:${ports.turn}`] });
  const ann = await stage.guest("ann");
  await ann.page.evaluate(noteRefusals);
  const urls = [`turn:127.0.0.1:${ports.turn}?transport=udp`];
  const iceServers = [{ urls, username: `${Math.floor(Date.now() / 1000) + 3600}:ann`, credential: "wrong" }];
  await ann.join(own.url, freshRoom(), { room: { iceTransportPolicy: "relay", iceServers } });
  await until("the relay refuses", async () => (await ann.page.evaluate(() => window.refusals)).includes(401));
  // The server gives a peer connection up that never comes, after half a minute.
  await ann.hears("error", { code: "media-unavailable" }, 45_000);
  expect(await ann.paths()).toEqual([]);
}, 90_000);

test("guests who reach the server directly make no relay", async () => {
  const own = await withRelay(({ turn }) => `turn:127.0.0.1:${turn}?transport=udp`);
  const [ann, bob] = await meet(own);
  for (const guest of [ann, bob]) {
    expect(await guest.paths()).toEqual([expect.objectContaining({ way: "Direct, UDP" })]);
  }
  // Longer than a direct way may take before the SDK tries the relays.
  await Promise.all([ann.sees(bob, { frames: 45 }), bob.sees(ann, { frames: 45 })]);
  expect(await figure(own, "crosspoint_turn_allocations_made_total")).toBe(0);
  const [cas] = await stage.guests("cas");
  await cas.join(own.url, freshRoom(), RELAYED);
  await until("a relay counts", async () => ((await figure(own, "crosspoint_turn_allocations_made_total")) ?? 0) > 0);
});

/** Free ports for a relay. Of UDP and of TCP: what is free for the one is hardly ever taken for the other. */
async function reach(): Promise<Omit<Reach, "https">> {
  return { turn: await freeUdp(1), tls: await freeTcp() };
}

/** A server with a certificate and a relay, of which clients are told this address only. */
async function withRelay(url: (ports: Reach) => string, settings: Settings = {}): Promise<Server> {
  const ports = await freePorts();
  const at = await reach();
  const urls = [url({ ...at, https: ports.http })];
  const relay = {
    "admin.addresses": ["127.0.0.1/32"],
    "turn.port": at.turn,
    "turn.tls_port": at.tls,
    "turn.urls": urls,
  };
  return stage.ownServer({ ...certificate.settings, ...relay, ...settings }, ports);
}

/** Two guests come and meet. */
async function meet(own: Server, options: JoinOptions = {}): Promise<[Guest, Guest]> {
  const room = freshRoom();
  const [ann, bob] = await stage.guests("ann", "bob");
  await ann.join(own.url, room, options);
  await bob.join(own.url, room, options);
  await allMeet([ann, bob], 30_000);
  return [ann, bob];
}

/** The sum of a figure of `/metrics`. */
async function figure(own: Server, name: string): Promise<number | undefined> {
  const lines = (await own.get("/metrics")).split("\n").filter((line) => line.split(/[ {]/)[0] === name);
  return lines.length ? lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0) : undefined;
}

/** Runs in the page: notes what relays answer to peer connections that are made from now on. */
function noteRefusals(): void {
  window.refusals = [];
  window.RTCPeerConnection = class extends window.RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration);
      this.addEventListener("icecandidateerror", ({ errorCode }) => window.refusals.push(errorCode));
    }
  };
}

declare global {
  interface Window {
    refusals: number[];
  }
}
