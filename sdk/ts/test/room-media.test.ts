import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type MediaRoom, RoomMedia } from "../src/room-media.js";
import type { RoomOptions } from "../src/types.js";
import type { IceServer, Joined } from "../src/wire/index.js";
import { FakeConnection, joined, quiet } from "./fakes.js";

const TURN: IceServer[] = [{ urls: ["turn:a.example"], username: "u", credential: "old" }];
const FRESH: IceServer[] = [{ urls: ["turn:a.example"], username: "u", credential: "fresh" }];

let connections: FakeConnection[];

beforeEach(() => {
  vi.useFakeTimers();
  connections = [];
  const make = class extends FakeConnection {
    constructor(settings: RTCConfiguration) {
      super();
      this.configurations.push(settings);
      connections.push(this);
    }
  };
  vi.stubGlobal("RTCPeerConnection", make);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("a room's media", () => {
  it("made anew begin with the relays where the ones before needed them", async () => {
    const media = room();
    await rejoin(media, TURN);
    await vi.advanceTimersByTimeAsync(2000);
    expect(serversOf(0)).toEqual(TURN);
    await rejoin(media, FRESH);
    expect(connections).toHaveLength(2);
    expect(connections[1]?.configurations[0]?.iceServers).toEqual(TURN);
  });

  it("made anew begin without the relays where the ones before got through directly", async () => {
    const media = room();
    await rejoin(media, TURN);
    connections[0]?.becomes("connected");
    await vi.advanceTimersByTimeAsync(10_000);
    await rejoin(media, FRESH);
    expect(serversOf(0)).toEqual([]);
    expect(serversOf(1)).toEqual([]);
  });

  it("take fresh credentials from a resume", async () => {
    const media = room();
    await rejoin(media, TURN);
    connections[0]?.becomes("connected");
    const resumed = reply(FRESH, { resumed: true });
    media.choose(resumed, false);
    await media.current?.joined(resumed);
    await media.current?.restartIce();
    expect(connections).toHaveLength(1);
    expect(serversOf(0)).toEqual(FRESH);
  });

  it("that may go through relays only wait for the server's, and begin with them", async () => {
    const media = room({ iceTransportPolicy: "relay" });
    expect(await media.offer("forward")).toEqual({ kind: "forward" });
    await media.choose(reply(TURN), false);
    expect(connections[0]?.configurations).toEqual([
      { iceServers: TURN, bundlePolicy: "max-bundle", iceTransportPolicy: "relay" },
    ]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(connections[0]?.restarts).toEqual([false]);
  });

  it("that may go through relays only are refused with the reason where there is none", async () => {
    const media = room({ iceTransportPolicy: "relay" });
    await media.offer("forward");
    await expect(media.choose(reply([]), false)).rejects.toMatchObject({
      code: "unsupported",
      final: true,
      message: expect.stringContaining("TURN"),
    });
    expect(media.current).toBeUndefined();
    expect(connections).toEqual([]);
  });

  it("between browsers have the server's relays from the start", async () => {
    const media = room({ kind: "mesh" });
    const answer = reply(TURN, { kind: "mesh", participants: ["bob"] });
    media.choose(answer, false);
    await media.current?.joined(answer);
    expect(serversOf(0)).toEqual(TURN);
    media.close();
  });
});

/** Joins with new media, as at first and when nothing else helps. */
async function rejoin(media: RoomMedia, iceServers: IceServer[]): Promise<void> {
  await media.offer("forward");
  const answer = reply(iceServers);
  media.choose(answer, false);
  await media.current?.joined(answer);
}

function reply(iceServers: IceServer[], change: Partial<Joined> = {}): Joined {
  return joined({ iceServers, answer: { type: "answer", sdp: "a=ice-lite\r\n" }, ...change }) as unknown as Joined;
}

function serversOf(index: number): RTCIceServer[] | undefined {
  return connections[index]?.configurations.at(-1)?.iceServers;
}

function room(options: RoomOptions = {}): RoomMedia {
  const parts = {
    options,
    logger: quiet,
    local: { identity: "ann", localTracks: [] },
    signal: { ask: async () => ({ type: "answer", data: { type: "answer", sdp: "a=ice-lite\r\n" } }), send() {} },
    roster: { forgetPlaces() {}, placed() {}, syncTracks() {} },
    mixing: { placed: () => false },
    id: () => "r",
    deliver() {},
    pathChanged() {},
  };
  return new RoomMedia(parts as unknown as MediaRoom);
}
