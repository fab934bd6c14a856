import type { CallState, CallView, ShowView } from "@crosspoint/client";
import { describe, expect, it } from "vitest";
import {
  changeOf,
  draftOf,
  NEW_DRAFT,
  numbersIn,
  PLAIN_VOICE,
  settingsOf,
  showIdProblem,
  slugOf,
} from "../src/shows/draft";
import { linesIn, outcomeOf, overOf, reasonOf, tallyOf } from "../src/shows/tally";
import { doubtOf, rivalsOf, unlistedOf } from "../src/shows/unlisted";

describe("settings that are written down", () => {
  const fine = { ...NEW_DRAFT, title: " Morning talk ", numbers: "+1 (415) 555-0100, +44 20 7946 0000" };

  it("become those of a show, and come back as they were", () => {
    const made = settingsOf(fine);
    if (!("settings" in made)) throw new Error("refused");
    expect(made.settings).toMatchObject({
      title: "Morning talk",
      numbers: ["+14155550100", "+442079460000"],
      lines: 40,
      lobby: "programme",
      takeDropsPrevious: false,
    });
    expect(settingsOf(draftOf(made.settings))).toEqual(made);
  });

  it("leave the file out where no file is played", () => {
    const made = settingsOf({ ...fine, lobby: "silence", lobbyFile: "hold.wav" });
    expect("settings" in made && made.settings.lobbyFile).toBeUndefined();
  });

  it.each([
    ["title", { title: "  " }],
    ["title", { title: "é".repeat(101) }],
    ["numbers", { numbers: "555 0100" }],
    ["numbers", { numbers: "+14155550100, +1 415 555 0100" }],
    ["lines", { lines: "0" }],
    ["lines", { lines: "1001" }],
    ["lines", { lines: "2.5" }],
    ["lines", { lines: "" }],
    ["lobbyFile", { lobby: "file", lobbyFile: " " }],
  ] as const)("say what is wrong: %s %o", (field, change) => {
    const made = settingsOf({ ...fine, ...change });
    expect("problems" in made && Object.keys(made.problems)).toEqual([field]);
  });

  it("are changed by what differs, and by null where something is taken away", () => {
    const before = settingsOf({
      ...fine,
      lobby: "file",
      lobbyFile: "a.wav",
      voice: { ...PLAIN_VOICE, noiseGate: -50 },
    });
    const after = settingsOf({ ...fine, lines: "8", voice: { ...PLAIN_VOICE, gain: 3 } });
    if (!("settings" in before && "settings" in after)) throw new Error("refused");
    expect(changeOf(before.settings, after.settings)).toEqual({
      lines: 8,
      lobby: "programme",
      lobbyFile: null,
      callerVoice: { gain: 3, noiseGate: null },
    });
    expect(changeOf(after.settings, after.settings)).toEqual({});
  });

  it("take numbers apart at commas and lines, not at spaces", () => {
    expect(numbersIn(" +1 415 555 0100,\n+44 20 7946 0000; ")).toEqual(["+1 415 555 0100", "+44 20 7946 0000"]);
  });
});

describe("the name of a show", () => {
  it("is suggested from the title", () => {
    expect(slugOf("Zürich am Morgen!")).toBe("zurich-am-morgen");
    expect(slugOf("  --- ")).toBe("");
    expect(slugOf(`${"a".repeat(63)} b`)).toBe("a".repeat(63));
  });

  it("is small letters, digits and dashes, or left to the server", () => {
    for (const id of ["", "talk", "2026-11-28", "a".repeat(64)]) expect(showIdProblem(id)).toBeUndefined();
    for (const id of ["Talk", "a b", "ä", "-x", "a".repeat(65)]) expect(showIdProblem(id)).toBeTruthy();
  });
});

describe("calls in numbers", () => {
  const call = (state: CallState, more: Partial<CallView> = {}) =>
    ({ callId: state, state, notes: {}, createdAt: 1, ...more }) as CallView;

  it("count those that go on", () => {
    const states: CallState[] = [
      "ringing",
      "screening",
      "screened",
      "waiting",
      "next",
      "on-air",
      "hold",
      "off",
      "dropped",
    ];
    const tally = tallyOf(states.map((state) => call(state)));
    expect(tally).toEqual({ screening: 3, waiting: 2, onAir: 1, hold: 1 });
    expect(linesIn(tally)).toBe(7);
  });

  it("list those that are over, the latest first", () => {
    const calls = [call("off", { endedAt: 5 }), call("on-air"), call("dropped", { endedAt: 9 })];
    expect(overOf(calls).map(({ endedAt }) => endedAt)).toEqual([9, 5]);
  });

  it("say what became of each", () => {
    expect(outcomeOf(call("off", { airedAt: 3 }))).toBe("aired");
    expect(outcomeOf(call("dropped", { airedAt: 3 }))).toBe("aired");
    expect(outcomeOf(call("dropped"))).toBe("dropped");
    expect(outcomeOf(call("off"))).toBe("hung up");
  });

  it("say why each ended, but nothing twice", () => {
    expect(reasonOf(call("off", { endReason: "hung up" }))).toBe("");
    expect(reasonOf(call("off", { endReason: "was over when the server came back" }))).toBe(
      "was over when the server came back",
    );
    expect(reasonOf(call("off", { airedAt: 3, endReason: "hung up" }))).toBe("hung up");
    expect(reasonOf(call("dropped", { endReason: "the next call was taken" }))).toBe("the next call was taken");
    expect(reasonOf(call("dropped"))).toBe("");
  });
});

describe("calls to numbers that no show names", () => {
  const show = (showId: string, more: Partial<ShowView> = {}, numbers: string[] = []) =>
    ({ showId, open: true, settings: { title: showId.toUpperCase(), numbers }, ...more }) as ShowView;
  const [a, b] = [show("a"), show("b")];
  const others = [show("c", {}, ["+14155550100"]), show("d", { open: false }), show("e", { endedAt: 1 })];

  it("are in doubt only between open shows without numbers, and then it is said", () => {
    expect(doubtOf([a, ...others])).toBe("");
    expect(doubtOf([a, b, ...others])).toMatch(/^A and B are open without numbers: the one that was opened last/);
    expect(rivalsOf(a, [a, b, ...others])).toEqual([b]);
    for (const other of others) expect(rivalsOf(other, [a, b, ...others])).toEqual([]);
  });

  it("are promised to nobody who may not get them", () => {
    expect(unlistedOf(a, [])).toBe("Every number that no other open show has");
    expect(unlistedOf(a, [b])).toMatch(/B is open without numbers too: whichever was opened last/);
    expect(unlistedOf(a, undefined)).toMatch(/as long as no other show/);
    expect(unlistedOf(show("d", { open: false }), [])).toMatch(/no calls$/);
  });
});
