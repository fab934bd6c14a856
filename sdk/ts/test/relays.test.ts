import { describe, expect, it } from "vitest";
import { configuration, Relays } from "../src/relays.js";
import type { RoomOptions } from "../src/types.js";
import type { IceServer } from "../src/wire/index.js";

const TURN: IceServer[] = [{ urls: ["turn:a.example:3478?transport=udp"], username: "u", credential: "p" }];
const TURNS: IceServer[] = [{ urls: ["stun:a.example", "turns:a.example:443?transport=tcp"] }];
const STUN: IceServer[] = [{ urls: ["stun:a.example:3478"] }];

describe("the server's relays", () => {
  it("are kept aside from new media until one is needed, and then known at once", () => {
    const relays = make();
    relays.take(TURN);
    expect(relays.forNewMedia()).toEqual([]);
    relays.need();
    expect(relays.forNewMedia()).toBe(TURN);
  });

  it("are replaced by those that come later, whose credentials are fresh", () => {
    const relays = make();
    relays.take(TURN);
    relays.need();
    const fresh: IceServer[] = [{ urls: ["turn:a.example"], username: "u", credential: "fresh" }];
    relays.take(fresh);
    expect(relays.forNewMedia()).toBe(fresh);
  });

  it("are told by their address: STUN is none", () => {
    const relays = make();
    const present = [TURN, TURNS, STUN, []].map((servers) => {
      relays.take(servers);
      return relays.present;
    });
    expect(present).toEqual([true, true, false, false]);
  });
});

describe("media that may go through relays only", () => {
  it("wait for the server's, unless the application names one", () => {
    expect(make({ iceTransportPolicy: "relay" }).awaited).toBe(true);
    expect(make({ iceTransportPolicy: "relay", iceServers: [{ urls: "stun:own.example" }] }).awaited).toBe(true);
    expect(make({ iceTransportPolicy: "relay", iceServers: [{ urls: "turn:own.example" }] }).awaited).toBe(false);
    expect(make().awaited).toBe(false);
  });

  it("begin with the server's", () => {
    const relays = make({ iceTransportPolicy: "relay" });
    relays.take(TURN);
    expect(relays.forNewMedia()).toBe(TURN);
    expect(relays.missing).toBe(false);
  });

  it("are impossible where nobody names a relay", () => {
    const relays = make({ iceTransportPolicy: "relay" });
    relays.take(STUN);
    expect(relays.missing).toBe(true);
  });
});

describe("a configuration", () => {
  it("has the application's servers first, then the server's", () => {
    const own = { urls: "stun:own.example" };
    expect(configuration({ iceServers: [own] }, TURN)).toEqual({
      iceServers: [own, ...TURN],
      bundlePolicy: "max-bundle",
    });
  });
});

function make(wanted: RoomOptions = {}): Relays {
  return new Relays(wanted);
}
