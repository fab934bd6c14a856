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

  it("flows on over a pause of half a second", () => {
    flows(3);
    vi.advanceTimersByTime(500);
    flows(3);
    expect(stopped).toBe(0);
  });

  it("is told to have stopped within a second, once", () => {
    flows(3);
    vi.advanceTimersByTime(1000);
    expect(stopped).toBe(1);
    vi.advanceTimersByTime(60_000);
    expect(stopped).toBe(1);
  });

  it("stops once more after it came again", () => {
    flows(3);
    vi.advanceTimersByTime(5000);
    flows(3);
    vi.advanceTimersByTime(5000);
    expect(stopped).toBe(2);
  });

  it("is told to have stopped though the browser has forgotten who sent it", () => {
    flows(3);
    sources = [];
    vi.advanceTimersByTime(1000);
    expect(stopped).toBe(1);
  });

  it("is not looked at any more at the end", () => {
    flows(3);
    unwatch();
    vi.advanceTimersByTime(5000);
    expect(stopped).toBe(0);
  });
});

/** Something arrives for so many looks. */
function flows(looks: number): void {
  for (let look = 0; look < looks; look += 1) {
    sources = [{ timestamp: Date.now() }, { timestamp: 1 }];
    vi.advanceTimersByTime(250);
  }
}
