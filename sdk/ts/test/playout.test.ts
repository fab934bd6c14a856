import { describe, expect, it } from "vitest";
import { PlayoutDepth } from "../src/playout.js";

const receiver = () => ({ jitterBufferTarget: null }) as unknown as RTCRtpReceiver;

describe("sound", () => {
  it("waits longer while packets get lost, and some time after", () => {
    const depth = new PlayoutDepth();
    const one = receiver();
    depth.report(0, [one]);
    expect(one.jitterBufferTarget).toBeNull();
    depth.report(5, [one]);
    expect(one.jitterBufferTarget).toBe(80);
    for (let report = 0; report < 5; report += 1) depth.report(0, [one]);
    expect(one.jitterBufferTarget).toBe(80);
    depth.report(0, [one]);
    expect(one.jitterBufferTarget).toBeNull();
  });

  it("of somebody who comes later waits as long", () => {
    const depth = new PlayoutDepth();
    const late = receiver();
    depth.report(10, []);
    depth.apply([late]);
    expect(late.jitterBufferTarget).toBe(80);
  });

  it("is left alone where the browser has no such setting", () => {
    const old = {} as RTCRtpReceiver;
    new PlayoutDepth().report(10, [old]);
    expect(old).toEqual({});
  });
});
