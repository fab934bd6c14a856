import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { watchFlow } from "../src/flow.js";

let sources: { timestamp: number }[];
let stopped: number;
let unwatch: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  sources = [];
  stopped = 0;
  const receiver = { getSynchronizationSources: () => sources } as unknown as RTCRtpReceiver;
  unwatch = watchFlow(
    () => [receiver, {} as RTCRtpReceiver],
    () => {
      stopped += 1;
    },
  );
});

afterEach(() => {
  unwatch();
  vi.useRealTimers();
});

describe("what arrives", () => {
  it("has not stopped where nothing ever came", () => {
    vi.advanceTimersByTime(60_000);
    expect(stopped).toBe(0);
  });

  it("flows on over the pauses of somebody who says nothing", () => {
    for (let pause = 0; pause < 10; pause += 1) {
      flows(20);
      vi.advanceTimersByTime(380 + 15 * pause);
    }
    expect(stopped).toBe(0);
  });

  it("is told to have stopped within three quarters of a second, once", () => {
    flows(700);
    vi.advanceTimersByTime(720);
    expect(stopped).toBe(1);
    vi.advanceTimersByTime(60_000);
    expect(stopped).toBe(1);
  });

  it("stops once more after it came again", () => {
    flows(700);
    vi.advanceTimersByTime(5000);
    flows(700);
    vi.advanceTimersByTime(5000);
    expect(stopped).toBe(2);
  });

  it("is told to have stopped though the browser has forgotten who sent it", () => {
    flows(700);
    sources = [];
    vi.advanceTimersByTime(1000);
    expect(stopped).toBe(1);
  });

  it("is not looked at any more at the end", () => {
    flows(700);
    unwatch();
    vi.advanceTimersByTime(5000);
    expect(stopped).toBe(0);
  });
});

/** Packets arrive for so many milliseconds, one every 20. */
function flows(milliseconds: number): void {
  for (let passed = 0; passed < milliseconds; passed += 20) {
    sources = [{ timestamp: Date.now() }, { timestamp: 1 }];
    vi.advanceTimersByTime(20);
  }
}
