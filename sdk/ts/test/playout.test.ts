import { describe, expect, it } from "vitest";
import { PlayoutDepth } from "../src/playout.js";

/** A receiver of sound on a network that can be made bad. */
class Ear {
  jitterBufferTarget: number | null = null;
  readonly #row = {
    type: "inbound-rtp",
    packetsLost: 0,
    packetsReceived: 0,
    concealedSamples: 0,
    totalSamplesReceived: 0,
  };

  /** Five seconds pass. */
  pass({ lost = 0, concealed = 0, packets = 250 } = {}): void {
    this.#row.packetsLost += lost;
    this.#row.packetsReceived += packets;
    this.#row.concealedSamples += concealed;
    this.#row.totalSamplesReceived += 240_000;
  }

  getStats(): Promise<Map<string, unknown>> {
    return Promise.resolve(new Map([["row", { ...this.#row }]]));
  }

  get receiver(): RTCRtpReceiver {
    return this as unknown as RTCRtpReceiver;
  }
}

async function passing(depth: PlayoutDepth, ear: Ear, loss: Parameters<Ear["pass"]>[0], times = 1) {
  for (let time = 0; time < times; time += 1) {
    ear.pass(loss);
    await depth.review([ear.receiver]);
  }
  return ear.jitterBufferTarget;
}

describe("sound", () => {
  it("waits longer while packets get lost, and some time after", async () => {
    const [depth, ear] = [new PlayoutDepth(), new Ear()];
    expect(await passing(depth, ear, {}, 2)).toBeNull();
    expect(await passing(depth, ear, { lost: 12 })).toBe(80);
    expect(await passing(depth, ear, {}, 5)).toBe(80);
    expect(await passing(depth, ear, {})).toBeNull();
  });

  it("waits longer when somebody else's losses are heard, which the server repaired late", async () => {
    const [depth, ear] = [new PlayoutDepth(), new Ear()];
    await passing(depth, ear, {}, 2);
    expect(await passing(depth, ear, { concealed: 9_600 })).toBe(80);
  });

  it("is more patient when losses come back as soon as it waits no longer", async () => {
    const [depth, ear] = [new PlayoutDepth(), new Ear()];
    await passing(depth, ear, {});
    await passing(depth, ear, { lost: 12 });
    await passing(depth, ear, {}, 6);
    await passing(depth, ear, { lost: 12 });
    expect(await passing(depth, ear, {}, 11)).toBe(80);
    expect(await passing(depth, ear, {})).toBeNull();
  });

  it("loses nothing while nobody speaks", async () => {
    const [depth, ear] = [new PlayoutDepth(), new Ear()];
    await passing(depth, ear, {});
    expect(await passing(depth, ear, { packets: 0, concealed: 240_000 })).toBeNull();
  });

  it("is left alone where the browser has no such setting", async () => {
    const old = {} as RTCRtpReceiver;
    await new PlayoutDepth().review([old]);
    expect(old).toEqual({});
  });
});
