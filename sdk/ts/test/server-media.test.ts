import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { MediaHost, PathState } from "../src/media.js";
import { Relays } from "../src/relays.js";
import { ServerMedia } from "../src/server-media.js";
import type { RoomOptions } from "../src/types.js";
import type { IceServer, Joined } from "../src/wire/index.js";
import { FakeConnection, joined, quiet } from "./fakes.js";

const TURN: IceServer[] = [{ urls: ["turn:a.example"], username: "u", credential: "old" }];
const FRESH: IceServer[] = [{ urls: ["turn:a.example"], username: "u", credential: "fresh" }];

let pc: FakeConnection;
let paths: PathState[];

beforeEach(() => {
  vi.useFakeTimers();
  paths = [];
  const make = class extends FakeConnection {
    constructor(settings: RTCConfiguration) {
      super();
      this.configurations.push(settings);
      pc = this;
    }
  };
  vi.stubGlobal("RTCPeerConnection", make);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("media through the server", () => {
  it("that connect directly never hear of its relays", async () => {
    const { media } = await enter(TURN);
    pc.becomes("connected");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(pc.configurations).toEqual([withServers([])]);
    expect(pc.restarts).toEqual([false]);
    media.close();
  });

  it("that find no way in time restart ICE once, with the server's relays", async () => {
    await enter(TURN);
    await vi.advanceTimersByTimeAsync(1499);
    expect(pc.restarts).toEqual([false]);
    await vi.advanceTimersByTimeAsync(1);
    expect(pc.configurations).toEqual([withServers([]), withServers(TURN)]);
    expect(pc.restarts).toEqual([false, true]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(pc.restarts).toEqual([false, true]);
  });

  it("find the way over ICE, before the keys are exchanged over it, good enough", async () => {
    await enter(TURN);
    pc.iceConnectionState = "connected";
    await vi.advanceTimersByTimeAsync(5000);
    expect(pc.restarts).toEqual([false]);
  });

  it("restart nothing where the server has no relay", async () => {
    await enter([{ urls: ["stun:a.example"] }]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(pc.restarts).toEqual([false]);
  });

  it("restart nothing once they are closed", async () => {
    const { media } = await enter(TURN);
    media.close();
    await vi.advanceTimersByTimeAsync(5000);
    expect(pc.restarts).toEqual([false]);
  });

  it("use the relays, with the latest credentials, in whatever restart of ICE follows", async () => {
    const { media, relays } = await enter(TURN);
    pc.becomes("connected");
    relays.take(FRESH);
    await media.joined(answer(FRESH, { resumed: true }));
    expect(pc.configurations).toEqual([withServers([])]);
    await media.restartIce();
    expect(pc.configurations.at(-1)).toEqual(withServers(FRESH));
    await media.restartIce();
    expect(pc.configurations).toHaveLength(2);
    expect(pc.restarts).toEqual([false, true, true]);
  });

  it("begin with the relays where one was needed before; over their time, they are replaced", async () => {
    const relays = new Relays({});
    relays.take(TURN);
    relays.need();
    await enter(FRESH, { relays });
    expect(pc.configurations).toEqual([withServers(TURN)]);
    await vi.advanceTimersByTimeAsync(3999);
    expect(pc.restarts).toEqual([false]);
    await vi.advanceTimersByTimeAsync(1);
    expect(pc.configurations.at(-1)).toEqual(withServers(FRESH));
    expect(pc.restarts).toEqual([false, true]);
  });

  it("restart ICE even if the browser does not take an address", async () => {
    const { media, relays } = await enter(TURN);
    pc.setConfiguration = () => {
      throw new SyntaxError("turn:?");
    };
    await media.restartIce();
    expect(pc.restarts).toEqual([false, true]);
    // Or new media could not be made at all.
    expect(relays.forNewMedia()).toEqual([]);
  });

  it("are silent when what arrived stops, until they are closed", async () => {
    const { media } = await enter([]);
    let timestamp = 1;
    pc.receivers = [{ getSynchronizationSources: () => [{ timestamp, source: 1, rtpTimestamp: 1 }] } as never];
    await vi.advanceTimersByTimeAsync(2000);
    expect(paths).toEqual(["silent"]);
    media.close();
    timestamp = 2;
    await vi.advanceTimersByTimeAsync(2000);
    expect(paths).toEqual(["silent"]);
  });

  it("are in trouble at once when they are silent and the network changes", async () => {
    const { media } = await enter([]);
    pc.becomes("connected");
    pc.becomes("disconnected");
    media.networkChanged();
    expect(paths).toEqual(["connected", "silent", "trouble"]);
  });
});

/** Joins with an offer, and has the answer. */
async function enter(servers: IceServer[], given: { relays?: Relays; options?: RoomOptions } = {}) {
  const { options = {}, relays = new Relays(options) } = given;
  const media = new ServerMedia(host(options, relays));
  await media.first([]);
  relays.take(servers);
  await media.joined(answer(servers));
  return { media, relays };
}

function answer(iceServers: IceServer[], change: Partial<Joined> = {}): Joined {
  return joined({ iceServers, answer: { type: "answer", sdp: "a=ice-lite\r\n" }, ...change }) as unknown as Joined;
}

function host(options: RoomOptions, relays: Relays): MediaHost {
  return {
    options,
    logger: quiet,
    relays,
    identity: () => "ann",
    exchange: async () => ({ type: "answer", sdp: "a=ice-lite\r\n" }),
    relay() {},
    received() {},
    pathChanged: (state) => paths.push(state),
    placed() {},
    published() {},
  };
}

function withServers(iceServers: IceServer[]): RTCConfiguration {
  return { iceServers, bundlePolicy: "max-bundle" };
}
