import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PathProof } from "../src/proof.js";
import { asConnection, FakeConnection } from "./fakes.js";

let pc: FakeConnection;
let proof: PathProof;
let told: boolean[];

beforeEach(async () => {
  vi.useFakeTimers();
  pc = new FakeConnection();
  told = [];
  proof = new PathProof(asConnection(pc), (alive) => told.push(alive));
  carries({ sent: 100, bytes: 5000, responses: 3 });
});

afterEach(() => {
  proof.close();
  vi.useRealTimers();
});

describe("a path on which media have stopped", () => {
  it("is dead when much is sent and nothing of any kind comes, and is told once", async () => {
    await proof.begin();
    carries({ sent: 150, bytes: 5000, responses: 3 });
    await vi.advanceTimersByTimeAsync(2000);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(5000);
    expect(told).toEqual([false]);
  });

  it.each([
    { what: "a report comes", now: { sent: 150, bytes: 5060, responses: 3 } },
    { what: "a check is answered", now: { sent: 150, bytes: 5000, responses: 4 } },
    { what: "another pair is in use", now: { sent: 2, bytes: 0, responses: 1, pair: "other" } },
  ])("is alive when $what", async ({ now }) => {
    await proof.begin();
    carries(now);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(told).toEqual([true]);
  });

  it("is alive again when something comes after all", async () => {
    await proof.begin();
    carries({ sent: 150, bytes: 5000, responses: 3 });
    await vi.advanceTimersByTimeAsync(3000);
    carries({ sent: 10, bytes: 0, responses: 1, pair: "other" });
    await vi.advanceTimersByTimeAsync(3000);
    expect(told).toEqual([false, true]);
  });

  it("is not judged where hardly anything is sent, nor where the browser does not say", async () => {
    await proof.begin();
    carries({ sent: 110, bytes: 5000, responses: 3 });
    await vi.advanceTimersByTimeAsync(60_000);
    pc.stats.clear();
    await proof.begin();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual([]);
  });

  it("is given time by a restart of ICE, and a look at which the browser says nothing changes nothing", async () => {
    await proof.begin();
    carries({ sent: 150, bytes: 5000, responses: 3 });
    await vi.advanceTimersByTimeAsync(2000);
    proof.restarting();
    const { stats } = pc;
    pc.stats = new Map();
    await vi.advanceTimersByTimeAsync(1000);
    pc.stats = stats;
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(1500);
    expect(told).toEqual([false]);
  });

  it("is not looked at any more at the end", async () => {
    await proof.begin();
    carries({ sent: 150, bytes: 5000, responses: 3 });
    proof.close();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual([]);
  });
});

/** What the pair in use has carried so far. */
function carries({ sent = 0, bytes = 0, responses = 0, pair = "pair" }): void {
  pc.stats = new Map<string, Record<string, unknown>>([
    ["transport", { type: "transport", selectedCandidatePairId: pair }],
    [pair, { type: "candidate-pair", id: pair, packetsSent: sent, bytesReceived: bytes, responsesReceived: responses }],
  ]);
}
