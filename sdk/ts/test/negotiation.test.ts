import { describe, expect, it } from "vitest";
import { CrosspointError } from "../src/errors.js";
import { type Exchange, Negotiator } from "../src/negotiation.js";
import { asConnection, FakeConnection, quiet } from "./fakes.js";

describe("the negotiator", () => {
  it("has one offer on its way, and puts what is asked for meanwhile into the next one", async () => {
    const { negotiator, pc, replies } = make();
    const first = [negotiator.request(), negotiator.request()];
    await until(() => replies.length === 1);
    const second = [negotiator.request(), negotiator.request(), negotiator.request()];
    expect(pc.offers).toBe(1);
    replies[0]?.();
    await Promise.all(first);
    await until(() => replies.length === 2);
    replies[1]?.();
    await Promise.all(second);
    expect(pc.offers).toBe(2);
  });

  it("negotiates nothing before the answer of the join is in force", async () => {
    const { negotiator, pc, replies } = make();
    await negotiator.first();
    const later = negotiator.request();
    await settle();
    expect([pc.offers, replies.length]).toEqual([1, 0]);
    await negotiator.accept({ type: "answer", sdp: "" });
    await until(() => replies.length === 1);
    replies[0]?.();
    await later;
  });

  it("repeats after a resume the offer that had no answer", async () => {
    const outcomes: (Error | undefined)[] = [new CrosspointError("unreachable", "socket gone"), undefined];
    const { negotiator, pc } = make(async () => {
      const error = outcomes.shift();
      if (error) throw error;
      return { type: "answer", sdp: "" };
    });
    const asked = negotiator.request();
    await until(() => outcomes.length === 1);
    await settle();
    expect(pc.signalingState).toBe("have-local-offer");
    negotiator.resume();
    await asked;
    expect([pc.offers, pc.signalingState]).toEqual([2, "stable"]);
  });

  it("rolls a refused offer back and tells who asked", async () => {
    const { negotiator, pc } = make(async () => {
      throw new CrosspointError("too-many-tracks", "eight are enough");
    });
    await expect(negotiator.request()).rejects.toMatchObject({ code: "too-many-tracks" });
    expect([pc.rollbacks, pc.signalingState]).toEqual([1, "stable"]);
  });

  it("restarts ICE in one offer for all who ask, and in that offer alone", async () => {
    const { negotiator, pc, replies } = make();
    const asked = [negotiator.restartIce(), negotiator.request(), negotiator.restartIce()];
    await until(() => replies.length === 1);
    asked.push(negotiator.restartIce(), negotiator.request());
    replies[0]?.();
    await until(() => replies.length === 2);
    replies[1]?.();
    await Promise.all(asked);
    expect(pc.restarts).toEqual([true, false]);
    const again = negotiator.restartIce();
    await until(() => replies.length === 3);
    replies[2]?.();
    await again;
    expect(pc.restarts).toEqual([true, false, true]);
  });

  it("restarts ICE after a resume where the socket went before the answer, once", async () => {
    const outcomes: (Error | undefined)[] = [new CrosspointError("unreachable", "socket gone"), undefined];
    let told = 0;
    const exchange: Exchange = async () => {
      const error = outcomes.shift();
      if (error) throw error;
      return { type: "answer", sdp: "" };
    };
    const { negotiator, pc } = make(exchange, () => {
      told += 1;
    });
    const asked = negotiator.restartIce();
    await until(() => outcomes.length === 1);
    await settle();
    negotiator.resume();
    await Promise.all([asked, negotiator.restartIce()]);
    expect(pc.restarts).toEqual([true, true]);
    expect(told).toBe(2);
  });

  it("rejects who waits when it is closed", async () => {
    const { negotiator } = make();
    negotiator.suspend();
    const asked = negotiator.request();
    negotiator.close();
    await expect(asked).rejects.toMatchObject({ code: "closed" });
  });
});

function make(exchange?: Exchange, restarts?: () => void) {
  const pc = new FakeConnection();
  const replies: (() => void)[] = [];
  const byHand: Exchange = () => new Promise((resolve) => replies.push(() => resolve({ type: "answer", sdp: "" })));
  return { pc, replies, negotiator: new Negotiator(asConnection(pc), exchange ?? byHand, quiet, restarts) };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 200 && !condition(); turn += 1) await Promise.resolve();
  expect(condition()).toBe(true);
}
