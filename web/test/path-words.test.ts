import type { PathStats, PathWay } from "@crosspoint/client";
import { describe, expect, it } from "vitest";
import { pathWords } from "../src/room/path-words";

describe("the path in words", () => {
  it.each<[PathWay, RegExp]>([
    ["Direct, UDP", /^Media goes straight to the server/],
    ["Direct, TCP", /^Your network lets no UDP through; media goes over TCP\.$/],
    ["Relayed, UDP", /^Media goes through the relay of the server, because nothing direct works\.$/],
    ["Relayed, TCP", /relay of the server over TCP, because/],
    ["Relayed, TLS", /relay of the server over TLS, because/],
  ])("explains %s", (way, why) => {
    const words = pathWords([path(way)]);
    expect(words?.way).toBe(way);
    expect(words?.why).toMatch(why);
  });

  it("says from what to where, for who knows networks", () => {
    expect(pathWords([path("Direct, UDP")])?.detail).toBe("host → 203.0.113.5:7882");
    expect(pathWords([{ ...path("Direct, UDP"), remoteAddress: "2001:db8::5" }])?.detail).toBe(
      "host → [2001:db8::5]:7882",
    );
    expect(pathWords([{ ...path("Direct, UDP"), remoteAddress: undefined }])?.detail).toBe("host");
  });

  it("counts those between browsers, and explains the worst", () => {
    const to = (userId: string, way: PathWay) => ({ ...path(way), userId });
    expect(pathWords([to("ann", "Direct, UDP"), to("bob", "Direct, UDP")])).toMatchObject({
      way: "Direct, UDP ×2",
      why: expect.stringContaining("straight to the others"),
    });
    expect(pathWords([to("ann", "Direct, UDP"), to("bob", "Relayed, TLS"), to("cas", "Direct, TCP")])).toMatchObject({
      way: "Relayed, TLS (1 of 3)",
      why: expect.stringContaining("relay"),
    });
  });

  it("are none where there is no path", () => {
    expect(pathWords([])).toBeUndefined();
  });
});

function path(way: PathWay): PathStats {
  return {
    way,
    type: way.startsWith("Relayed") ? "relay" : "host",
    protocol: "udp",
    relayProtocol: undefined,
    remoteAddress: "203.0.113.5",
    remotePort: 7882,
    rtt: 20,
    availableOutgoingBitrate: undefined,
    userId: undefined,
  };
}
