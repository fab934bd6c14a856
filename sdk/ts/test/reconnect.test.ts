import { describe, expect, it, vi } from "vitest";
import { DEFAULT_POLICY, pause, Reconnector } from "../src/reconnect.js";
import { claimsOf, socketUrl } from "../src/token.js";
import { quiet } from "./fakes.js";

describe("the pause before an attempt", () => {
  it("doubles, with up to half of it left to chance", () => {
    expect([0, 1, 2].map((attempt) => pause(attempt, 0, DEFAULT_POLICY, 1))).toEqual([200, 400, 800]);
    expect(pause(0, 0, DEFAULT_POLICY, 0)).toBe(100);
  });

  it("stays short in the first half minute, and below the policy's longest after it", () => {
    expect(pause(20, 1000, DEFAULT_POLICY, 1)).toBe(1500);
    expect(pause(20, 31_000, DEFAULT_POLICY, 1)).toBe(5000);
  });
});

describe("a reconnector in a hurry", () => {
  const slow = { ...DEFAULT_POLICY, firstDelay: 60_000, maxDelay: 60_000 };

  it("ends its pause", async () => {
    const reconnector = new Reconnector(slow, quiet);
    const running = reconnector.run(async () => "there");
    reconnector.hurry();
    expect(await running).toBe("there");
  });

  it("leaves out the pause after the attempt that is under way, and that one only", async () => {
    const reconnector = new Reconnector(slow, quiet);
    let attempts = 0;
    const running = reconnector.run(async () => {
      attempts += 1;
      // Of the network that is gone.
      if (attempts === 1) reconnector.hurry();
      throw new Error("no way");
    });
    running.catch(() => {});
    reconnector.hurry();
    await settle();
    expect(attempts).toBe(2);
    reconnector.cancel();
  });
});

describe("a reconnector whose pauses have become long", () => {
  it("begins with short ones again in a hurry", async () => {
    vi.useFakeTimers();
    const reconnector = new Reconnector({ ...DEFAULT_POLICY, firstDelay: 100 }, quiet);
    let attempts = 0;
    const running = reconnector.run(async () => {
      attempts += 1;
      throw new Error("no way");
    });
    running.catch(() => {});
    await vi.advanceTimersByTimeAsync(10_000);
    attempts = 0;
    reconnector.hurry();
    await vi.advanceTimersByTimeAsync(750);
    // After 0 and then at most 200 and 400 ms.
    expect(attempts).toBeGreaterThanOrEqual(3);
    reconnector.cancel();
    vi.useRealTimers();
  });
});

describe("an address", () => {
  it.each([
    ["http://a.example", "ws://a.example/ws/webrtc?token=t"],
    ["wss://a.example/", "wss://a.example/ws/webrtc?token=t"],
    ["https://a.example/media", "wss://a.example/media/ws/webrtc?token=t"],
    ["wss://a.example/ws/webrtc", "wss://a.example/ws/webrtc?token=t"],
  ])("%s leads to the signalling socket", (url, expected) => {
    expect(socketUrl(url, "t")).toBe(expected);
  });
});

describe("a token", () => {
  it("tells its room and identity, whatever letters they have", () => {
    const claims = { sub: "Zoë", video: { room: "größe" } };
    const token = `x.${btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(claims))))
      .replaceAll("+", "-")
      .replaceAll("/", "_")}.y`;
    expect(claimsOf(token)).toEqual(claims);
  });

  it("that is none tells nothing", () => {
    expect(claimsOf("bad")).toEqual({});
  });
});

describe("the package", () => {
  it("is imported where there is no DOM", async () => {
    expect(typeof document).toBe("undefined");
    const { Room } = await import("../src/index.js");
    expect(typeof Room.connect).toBe("function");
  });
});

async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}
