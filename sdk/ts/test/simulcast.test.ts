import { describe, expect, it } from "vitest";
import { activeEncodings, encodingsFor, preferCodec } from "../src/simulcast.js";

const camera = { kind: "video", source: "camera", height: 720, profile: "default" } as const;

describe("encodings", () => {
  it("of a 720-line camera are three, the smallest first", () => {
    expect(encodingsFor(camera)).toMatchObject([
      { rid: "l", scaleResolutionDownBy: 4, maxBitrate: 150_000 },
      { rid: "m", scaleResolutionDownBy: 2, maxBitrate: 500_000 },
      { rid: "h", scaleResolutionDownBy: 1, maxBitrate: 2_000_000 },
    ]);
  });

  it("are fewer where the capture is small", () => {
    expect(encodingsFor({ ...camera, height: 480 }).map(({ rid }) => rid)).toEqual(["m", "h"]);
    expect(encodingsFor({ ...camera, height: 240 }).map(({ rid }) => rid)).toEqual([undefined]);
  });

  it("of the mobile profile are two within 500 kbit/s", () => {
    const encodings = encodingsFor({ ...camera, profile: "mobile" });
    expect(encodings.map(({ rid }) => rid)).toEqual(["m", "h"]);
    expect(encodings.at(-1)?.maxBitrate).toBe(500_000);
  });

  it("of a screen are one, sharp and with a higher bit rate", () => {
    const encodings = encodingsFor({ ...camera, source: "screen_share", height: 1080 });
    expect(encodings).toEqual([{ maxBitrate: 4_000_000 }]);
  });

  it("follow what is asked for", () => {
    expect(encodingsFor({ ...camera, simulcast: false, maxBitrate: 900_000, maxFramerate: 15 })).toEqual([
      { maxBitrate: 900_000, maxFramerate: 15 },
    ]);
  });

  it("are active unless muted or unwanted", () => {
    const encodings = encodingsFor(camera);
    expect(activeEncodings(encodings, new Set(["h", "m"]), false)).toEqual([true, false, false]);
    expect(activeEncodings(encodings, new Set(), false)).toEqual([true, true, true]);
    expect(activeEncodings(encodings, new Set(), true)).toEqual([false, false, false]);
    expect(activeEncodings([{}], new Set(["*"]), false)).toEqual([false]);
  });

  it("put the wanted codec first and keep the others", () => {
    const codecs = ["video/VP8", "video/rtx", "video/H264"].map((mimeType) => ({ mimeType }));
    expect(preferCodec(codecs, "video/h264").map(({ mimeType }) => mimeType)).toEqual([
      "video/H264",
      "video/VP8",
      "video/rtx",
    ]);
  });
});
