import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PathWatch } from "../src/ice.js";
import type { PathState } from "../src/media.js";
import { asConnection, FakeConnection } from "./fakes.js";

const GRACE = 1000;

let pc: FakeConnection;
let watch: PathWatch;
let told: PathState[];

beforeEach(() => {
  vi.useFakeTimers();
  pc = new FakeConnection();
  told = [];
  watch = new PathWatch(asConnection(pc), GRACE, (state) => told.push(state));
  pc.becomes("connected");
});

afterEach(() => {
  watch.close();
  vi.useRealTimers();
});

describe("a path", () => {
  it("that falls silent is in trouble after its grace, and beyond repair when it fails after that", () => {
    pc.becomes("disconnected");
    vi.advanceTimersByTime(GRACE - 1);
    expect(told).toEqual(["connected", "silent"]);
    vi.advanceTimersByTime(1);
    pc.becomes("failed");
    expect(told).toEqual(["connected", "silent", "trouble", "failed"]);
  });

  it("that mends itself within its grace was in no trouble", () => {
    pc.becomes("disconnected");
    vi.advanceTimersByTime(GRACE - 1);
    pc.becomes("connected");
    vi.advanceTimersByTime(10 * GRACE);
    expect(told).toEqual(["connected", "silent", "connected"]);
  });

  it("that never was is in trouble first", () => {
    told = [];
    pc.becomes("failed");
    expect(told).toEqual(["trouble"]);
  });

  it("that is proven dead is in trouble, and well again as it is proven alive, though the browser has noticed neither", () => {
    watch.proven(true);
    watch.proven(false);
    watch.proven(false);
    watch.proven(true);
    expect(told).toEqual(["connected", "trouble", "connected"]);
  });

  it("that the browser gives up, too, is not well by a proof", () => {
    watch.proven(false);
    pc.becomes("disconnected");
    watch.proven(true);
    expect(told).toEqual(["connected", "trouble"]);
    pc.becomes("failed");
    expect(told).toEqual(["connected", "trouble", "failed"]);
  });

  it("that is silent when the network changes is in trouble at once", () => {
    pc.becomes("disconnected");
    watch.networkChanged();
    expect(told).toEqual(["connected", "silent", "trouble"]);
  });

  it("that falls silent soon after the network changed gets no grace", () => {
    watch.networkChanged();
    expect(told).toEqual(["connected"]);
    vi.advanceTimersByTime(5000);
    pc.becomes("disconnected");
    vi.advanceTimersByTime(0);
    expect(told).toEqual(["connected", "silent", "trouble"]);
  });

  it("that falls silent long after the network changed gets its grace again", () => {
    watch.networkChanged();
    vi.advanceTimersByTime(11_000);
    pc.becomes("disconnected");
    vi.advanceTimersByTime(GRACE - 1);
    expect(told).toEqual(["connected", "silent"]);
  });

  it("is told once of what is the case already", () => {
    pc.becomes("connected");
    pc.becomes("disconnected");
    pc.becomes("disconnected");
    vi.advanceTimersByTime(GRACE);
    pc.becomes("disconnected");
    vi.advanceTimersByTime(GRACE);
    expect(told).toEqual(["connected", "silent", "trouble"]);
  });
});
