import { describe, expect, it } from "vitest";
import { endingOf, refusalOf } from "../src/guest/ending";
import { titleOf } from "../src/guest/facts";
import { NO_PAST, type Past, PLACES, type Place, pastAfter, placeOf, textOf } from "../src/guest/place";

/** Where a guest finds themself, step after step. */
function walk(steps: readonly [room: string, held: boolean | undefined][]): (Place | undefined)[] {
  let past: Past = NO_PAST;
  return steps.map(([room, held]) => {
    const place = placeOf({ show: "talk", room, held }, past);
    if (place) past = pastAfter(place, past);
    return place;
  });
}

describe("a guest's place", () => {
  it("follows a whole call", () => {
    expect(
      walk([
        ["lobby-talk", true],
        ["screening-talk-c7", false],
        ["lobby-talk", true],
        ["live-talk", true],
        ["live-talk", false],
        ["live-talk", true],
        ["screening-talk-c7", false],
        ["lobby-talk", true],
        ["live-talk", true],
      ]),
    ).toEqual(["ringing", "screening", "screened", "waiting", "on-air", "hold", "screening", "screened", "hold"]);
  });

  it("is on the air only when that is certain", () => {
    expect(walk([["live-talk", undefined]])).toEqual(["waiting"]);
    expect(walk([["live-talk", false]])).toEqual(["on-air"]);
  });

  it("is in this show only: another show's rooms are none", () => {
    expect(walk([["live-talk-2", false]])).toEqual([undefined]);
    expect(walk([["lobby-other", true]])).toEqual([undefined]);
    expect(walk([["live-other", false]])).toEqual([undefined]);
  });
});

describe("the end of a guest's call", () => {
  it("says who ended it", () => {
    expect(endingOf("left", "").title).toBe("You hung up");
    expect(endingOf("kicked", "dropped").text).toMatch(/the show ended the call/i);
    expect(endingOf("kicked", "we have run out of time").text).toBe("We have run out of time.");
    expect(endingOf("kicked", "the call was ended").text).toMatch(/the show ended the call/i);
    expect(endingOf("room-closed", "").title).toMatch(/over/);
    expect(endingOf("kicked", "the show has ended").title).toMatch(/over/);
  });

  it("offers the same call again where it may still be there, and a new one where it is over", () => {
    expect(endingOf("replaced", "").offer).toBe("rejoin");
    expect(endingOf("unreachable", "").offer).toBe("rejoin");
    expect(endingOf("left", "").offer).toBe("again");
    expect(endingOf("kicked", "").offer).toBe("again");
    expect(endingOf("room-closed", "").offer).toBeUndefined();
  });

  it("offers another try only where that may help", () => {
    for (const code of ["show-closed", "lines-busy", "rate-limited", "draining", "internal"]) {
      expect(refusalOf(code, "x").offer).toBe("retry");
    }
    for (const code of ["unauthorized", "token-expired", "show-not-found"]) {
      expect(refusalOf(code, "x").offer).toBeUndefined();
    }
  });
});

describe("what a guest is told", () => {
  it("is that the show is heard only where it is", () => {
    expect(textOf(PLACES.ringing, true)).toMatch(/^You hear the show\./);
    expect(textOf(PLACES.ringing, false)).not.toMatch(/hear the show/);
    expect(textOf(PLACES.hold, false)).toMatch(/^You hear the show\./);
    expect(textOf(PLACES.screening, true)).not.toMatch(/hear the show/);
  });

  it("calls the show by its name until its title is known", () => {
    expect(titleOf("late-hour")).toBe("Late hour");
  });
});
