import { describe, expect, it } from "vitest";
import { decodeFrame, encodeFrame, fromSignalling, toBytes, toSignalling } from "../src/data.js";

describe("data frames", () => {
  it("are a length, a header and the payload", () => {
    const frame = encodeFrame({ topic: "pos" }, new Uint8Array([1, 2, 3]));
    expect([...frame.subarray(0, 2)]).toEqual([0, 15]);
    expect(new TextDecoder().decode(frame.subarray(2, 17))).toBe('{"topic":"pos"}');
    expect(decodeFrame(frame)).toEqual({ header: { topic: "pos" }, payload: new Uint8Array([1, 2, 3]) });
  });

  it("are read at any offset of a larger buffer", () => {
    const frame = encodeFrame({ from: "ann" }, toBytes("hé"));
    const buffer = new Uint8Array(frame.length + 7);
    buffer.set(frame, 7);
    const decoded = decodeFrame(buffer.subarray(7));
    expect(new TextDecoder().decode(decoded?.payload)).toBe("hé");
  });

  it.each([[[]], [[0]], [[0, 9, 1]], [[0, 1, 120]], [[0, 4, 110, 117, 108, 108]]])(
    "that are broken (%j) are none",
    (bytes) => {
      expect(decodeFrame(new Uint8Array(bytes))).toBeUndefined();
    },
  );
});

describe("data over signalling", () => {
  it.each([
    ["text", "hello"],
    ["bytes", new Uint8Array([0, 255, 7])],
    ["objects", { x: [1, "two"] }],
    ["an object that looks a little like bytes", { base64: "???" }],
  ])("brings %s as data channels would", (_name, payload) => {
    const wire = JSON.parse(JSON.stringify(toSignalling(payload)));
    expect(fromSignalling(wire)).toEqual(toBytes(payload));
  });
});
