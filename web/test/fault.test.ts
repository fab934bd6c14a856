import { describe, expect, it } from "vitest";
import { faultOf } from "../src/desk/fault";
import { exactTime } from "../src/lib/format";
import { repairOf } from "../src/room/visit";

const LIVE = { state: "live" } as const;
const [NOON, LATER] = [Date.UTC(2026, 10, 28, 12), Date.UTC(2026, 10, 28, 12, 0, 7)];
const LOST = { state: "lost", since: LATER } as const;

describe("a desk's fault", () => {
  it("is one, whichever connection notices it first, and says since when and that telephones go on", () => {
    for (const stage of ["signalling", "media", "rejoin"] as const) {
      const fault = faultOf({ stage, since: NOON }, LOST);
      expect(fault?.what).toBe("connection");
      expect(fault?.title).toContain(exactTime(NOON));
      expect(fault?.text).toMatch(/trying again.*telephones go on/i);
    }
  });

  it("is the sound's alone while the server answers", () => {
    const fault = faultOf({ stage: "media", since: NOON }, LIVE);
    expect(fault?.what).toBe("sound");
    expect(fault?.text).toMatch(/lists and buttons work/i);
  });

  it("promises no lists while the server does not answer, and warns who may still be heard", () => {
    const fault = faultOf({ stage: "signalling", since: NOON }, LIVE);
    expect(fault?.what).toBe("connection");
    expect(fault?.text).toMatch(/you may still be heard/i);
    expect(faultOf({ stage: "rejoin", since: NOON }, LIVE)?.text).not.toMatch(/be heard|lists/i);
  });

  it("is the lists' alone while the sound goes on", () => {
    expect(faultOf(undefined, LOST)?.what).toBe("lists");
    expect(faultOf(undefined, LOST)?.text).toMatch(/your sound and the telephones go on/i);
  });

  it("is over only when everything is back", () => {
    expect(faultOf({ back: "resumed" }, LOST)?.what).toBe("lists");
    expect(faultOf({ back: "resumed" }, LIVE)?.what).toBe("back");
    expect(faultOf(undefined, LIVE)).toBeUndefined();
    expect(faultOf(undefined, { state: "connecting" })).toBeUndefined();
  });

  it("began where its first stage did", () => {
    const first = repairOf("signalling", undefined);
    expect(repairOf("rejoin", { stage: "media", since: NOON })).toEqual({ stage: "rejoin", since: NOON });
    expect(first).toMatchObject({ stage: "signalling", since: expect.any(Number) });
  });
});
