import { describe, expect, it } from "vitest";
import { JitterRing } from "../src/guest/telephone/jitter-ring";
import { fakeNumber, toE164 } from "../src/guest/telephone/numbers";
import { decode, encode, FRAME_BYTES, FRAME_SAMPLES, Framer, loudness } from "../src/guest/telephone/pcm";
import { Resampler } from "../src/guest/telephone/resampler";
import { audioUrl, reportOf } from "../src/guest/telephone/simulator";
import { frequenciesOf, KEYS } from "../src/guest/telephone/tones";

const sine = (count: number, frequency: number, rate: number, amplitude = 0.5) =>
  Float32Array.from({ length: count }, (_, index) => amplitude * Math.sin((2 * Math.PI * frequency * index) / rate));

describe("the sound of the line", () => {
  it("is little endian, and comes back as it went", () => {
    const samples = Float32Array.of(0, 0.5, -0.5, 0.25);
    expect([...new Uint8Array(encode(samples))]).toEqual([0, 0, 0, 0x40, 0, 0xc0, 0, 0x20]);
    expect([...decode(encode(samples))]).toEqual([...samples]);
  });

  it("cuts off what is too loud, on both sides", () => {
    const [high, low] = decode(encode(Float32Array.of(1.7, -1.7)));
    expect(high).toBeCloseTo(32_767 / 32_768, 6);
    expect(low).toBe(-1);
  });

  it("leaves half a sample out", () => {
    expect(decode(new Uint8Array([0, 0x40, 0x12]).buffer)).toHaveLength(1);
  });

  it("has a loudness in dB under full scale", () => {
    expect(loudness(encode(new Float32Array(FRAME_SAMPLES)))).toBe(-127);
    expect(loudness(encode(sine(FRAME_SAMPLES, 500, 48_000, 0.1)))).toBeCloseTo(-23, 1);
  });

  it("is cut into frames of 20 ms, with nothing lost between them", () => {
    const frames: ArrayBuffer[] = [];
    const framer = new Framer((frame) => frames.push(frame));
    const samples = sine(2 * FRAME_SAMPLES + 100, 440, 48_000);
    samples.forEach((sample) => {
      framer.push(sample);
    });
    expect(frames.map(({ byteLength }) => byteLength)).toEqual([FRAME_BYTES, FRAME_BYTES]);
    const heard = frames.flatMap((frame) => [...decode(frame)]);
    heard.forEach((sample, index) => {
      expect(sample).toBeCloseTo(samples[index] ?? 9, 4);
    });
  });
});

describe("another sampling rate", () => {
  const through = (resampler: Resampler, samples: Float32Array) => {
    const out: number[] = [];
    resampler.push(samples, (sample) => out.push(sample));
    return out;
  };

  it("lets samples of the same rate pass untouched", () => {
    const samples = sine(300, 700, 48_000);
    expect(through(new Resampler(48_000, 48_000), samples)).toEqual([...samples]);
  });

  it.each([
    [44_100, 48_000],
    [48_000, 44_100],
    [96_000, 48_000],
    [16_000, 48_000],
  ])("makes as many samples from %i to %i Hz as there are in that time", (from, to) => {
    const out = through(new Resampler(from, to), new Float32Array(from));
    expect(Math.abs(out.length - to)).toBeLessThanOrEqual(2);
  });

  it("keeps a tone a tone: 44,100 to 48,000 Hz, less than −45 dB of anything else", () => {
    const out = through(new Resampler(44_100, 48_000), sine(44_100, 1000, 44_100)).slice(4000, 44_000);
    expect(residue(out, 1000, 48_000)).toBeLessThan(-45);
  });

  it("does not mind how the samples are cut", () => {
    const samples = sine(1000, 300, 44_100);
    const whole = through(new Resampler(44_100, 48_000), samples);
    const pieces = new Resampler(44_100, 48_000);
    const cut = [0, 1, 129, 130, 640, 1000].flatMap((at, index, all) =>
      index === 0 ? [] : through(pieces, samples.slice(all[index - 1], at)),
    );
    expect(cut).toEqual(whole);
  });
});

/** What is not the tone, in dB beside it. */
function residue(samples: readonly number[], frequency: number, rate: number): number {
  let [sine, cosine] = [0, 0];
  samples.forEach((sample, index) => {
    sine += sample * Math.sin((2 * Math.PI * frequency * index) / rate);
    cosine += sample * Math.cos((2 * Math.PI * frequency * index) / rate);
  });
  [sine, cosine] = [(2 * sine) / samples.length, (2 * cosine) / samples.length];
  let rest = 0;
  let all = 0;
  samples.forEach((sample, index) => {
    const tone =
      sine * Math.sin((2 * Math.PI * frequency * index) / rate) +
      cosine * Math.cos((2 * Math.PI * frequency * index) / rate);
    rest += (sample - tone) ** 2;
    all += tone ** 2;
  });
  return 10 * Math.log10(rest / all);
}

describe("the jitter buffer", () => {
  const pull = (ring: JitterRing, count: number) => {
    const out = new Float32Array(count);
    ring.pull(out);
    return [...out];
  };
  const give = (ring: JitterRing, count: number, sample = 1) => {
    for (let index = 0; index < count; index += 1) ring.push(sample);
  };

  it("waits until enough is there", () => {
    const ring = new JitterRing(1000, 4000);
    give(ring, 999);
    expect(pull(ring, 100).every((sample) => sample === 0)).toBe(true);
    expect(ring.waiting).toBe(999);
    give(ring, 1);
    pull(ring, 600);
    expect(ring.waiting).toBe(400);
  });

  it("fades in, and after that changes nothing", () => {
    const ring = new JitterRing(1000, 4000);
    give(ring, 1000);
    const out = pull(ring, 1000);
    expect(out[0]).toBe(0);
    expect(out[120]).toBeCloseTo(0.5, 2);
    expect(out.slice(240).every((sample) => sample === 1)).toBe(true);
  });

  it("dies away when it runs dry, and waits anew", () => {
    const ring = new JitterRing(500, 4000);
    give(ring, 500);
    pull(ring, 500);
    const after = pull(ring, 1000);
    expect(after[0]).toBeLessThan(1);
    expect(after[0]).toBeGreaterThan(0.9);
    expect(after.at(-1)).toBeLessThan(0.001);
    expect(ring.counts.dry).toBe(1);
    give(ring, 499);
    expect(pull(ring, 10).every((sample) => Math.abs(sample) < 0.001)).toBe(true);
  });

  it("leaves the oldest out when too much waits, so that a call never gets later", () => {
    const ring = new JitterRing(500, 2000);
    for (let index = 0; index < 2001; index += 1) ring.push(index);
    expect(ring.waiting).toBe(501);
    expect(ring.counts.skipped).toBe(1500);
    // Past the fade, the samples are the latest ones, in order.
    const out = pull(ring, 501);
    expect(out.slice(-3)).toEqual([1998, 1999, 2000]);
  });

  it("plays minutes of uneven arrivals without growing", () => {
    const ring = new JitterRing(2880, 14_400);
    let most = 0;
    // Frames come in twos every 40 ms, and a little faster than they are played.
    for (let at = 0; at < 5000; at += 1) {
      give(ring, 1930);
      pull(ring, 1920);
      most = Math.max(most, ring.waiting);
    }
    expect(most).toBeLessThanOrEqual(14_400);
    expect(ring.counts.dry).toBeLessThanOrEqual(1);
  });
});

describe("numbers", () => {
  it("are made up of what belongs to nobody", () => {
    for (const random of [0, 0.37, 0.999]) {
      expect(fakeNumber(() => random)).toMatch(/^\+1\d{3}55501\d{2}$/);
      expect(toE164(fakeNumber(() => random))).toBe(fakeNumber(() => random));
    }
  });

  it("may be typed as people write them", () => {
    expect(toE164("+1 (415) 555-0123")).toBe("+14155550123");
    expect(toE164("0049 30 901820")).toBe("+4930901820");
    for (const typed of ["", "5550123", "+0 123 456 789", "+1 415 CALL NOW", "+123456789012345678"]) {
      expect(toE164(typed)).toBeUndefined();
    }
  });
});

describe("the simulator", () => {
  it("is heard over the same scheme as the page", () => {
    expect(audioUrl("https://a.example", "CA1")).toBe("wss://a.example/api/phone/simulator/calls/CA1/audio");
    expect(audioUrl("http://localhost:8080", "a/b")).toBe("ws://localhost:8080/api/phone/simulator/calls/a%2Fb/audio");
  });

  it("may leave things out, or say what is unknown here", () => {
    expect(reportOf({ state: "in-conference", verb: "Conference", endReason: null })).toEqual({
      state: "in-conference",
      verb: "Conference",
      reason: "",
      announcement: "",
    });
    expect(reportOf({ state: "ended", endReason: "the show hung up" }).reason).toBe("the show hung up");
    for (const answer of [undefined, null, "x", { state: 5 }]) expect(reportOf(answer).state).toBe("ringing");
  });

  it("tells an announcement that is all that a caller hears, and none where the show was heard", () => {
    const announced = [
      { what: "verb", text: "Say" },
      { what: "say", text: "No show is on the air now." },
    ];
    expect(reportOf({ verb: "Say", log: announced }).announcement).toBe("No show is on the air now.");
    const heard = [{ what: "stream", text: "open" }, ...announced];
    expect(reportOf({ verb: "Say", log: heard }).announcement).toBe("");
    for (const log of [undefined, [], "x", [{ what: "say" }]]) expect(reportOf({ log }).announcement).toBe("");
  });
});

describe("keys", () => {
  it("each have two tones of their own", () => {
    expect(frequenciesOf("1")).toEqual([697, 1209]);
    expect(frequenciesOf("0")).toEqual([941, 1336]);
    expect(frequenciesOf("#")).toEqual([941, 1477]);
    expect(new Set(KEYS.map((key) => String(frequenciesOf(key)))).size).toBe(12);
    expect(frequenciesOf("x")).toBeUndefined();
  });
});
