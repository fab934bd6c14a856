import type { CallState, CallView, ShowEvent, ShowView } from "@crosspoint/client";
import { describe, expect, it } from "vitest";
import { routeOf, SHOW_PLACES, showPath } from "../src/lib/routes";
import { EventParser } from "../src/show/events";
import {
  advance,
  groupsOf,
  inOrder,
  linesOf,
  NOTHING,
  neighbour,
  nextInLine,
  onLine,
  withCall,
} from "../src/show/model";
import { callerDetail, callerName, healthOf, history, newsOf, telephone, VERBS, verbsFor } from "../src/show/words";

function call(callId: string, state: CallState = "ringing", more: Partial<CallView> = {}): CallView {
  const number = Number(callId.replace(/\D/g, "")) || 1;
  return {
    callId,
    showId: "late",
    line: number,
    identity: `call-${callId}`,
    connectionType: "media-stream",
    state,
    link: "connected",
    notes: {},
    locked: false,
    returned: false,
    digits: "",
    createdAt: 1000 * number,
    stateSince: 1000 * number,
    ...more,
  };
}

const SHOW = { showId: "late", open: true, media: "crosspoint" } as ShowView;

function snapshot(seq: number, ...calls: CallView[]): ShowEvent {
  return { event: "snapshot", seq, show: SHOW, calls, staff: [] };
}

function event(seq: number, one: CallView, what = "changed"): ShowEvent {
  return { event: "call", seq, at: 0, what, call: one };
}

describe("the addresses of shows", () => {
  it("lead to the list, to a show, and to each place in it", () => {
    expect(routeOf("/shows")).toEqual({ page: "shows" });
    expect(routeOf(showPath("late"))).toEqual({ page: "show", show: "late", place: undefined });
    for (const place of SHOW_PLACES) {
      expect(routeOf(showPath("late", place))).toEqual({ page: "show", show: "late", place });
    }
  });

  it("lead nowhere with a place that there is not, or with more", () => {
    for (const path of ["/shows/late/boss", "/shows/late/host/x", "/shows/%E0%A4%A"]) {
      expect(routeOf(path).page).toBe("lost");
    }
  });
});

describe("server-sent events", () => {
  it("are put together from pieces of any size", () => {
    const text = ': hello\n\nevent: call\nid: 7\ndata: {"a":1}\n\ndata: two\ndata: lines\n\n';
    const whole = new EventParser().push(text);
    expect(whole).toEqual([
      { id: "7", data: '{"a":1}' },
      { id: undefined, data: "two\nlines" },
    ]);
    for (let size = 1; size < 12; size += 1) {
      const parser = new EventParser();
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, "g")) ?? [];
      expect(pieces.flatMap((piece) => parser.push(piece))).toEqual(whole);
    }
  });

  it("may end their lines as any system does, even in the middle of a piece", () => {
    const parser = new EventParser();
    expect(parser.push("data: a\r")).toEqual([]);
    expect(parser.push("\n\r\n")).toEqual([{ id: undefined, data: "a" }]);
  });

  it("say nothing until they are whole", () => {
    expect(new EventParser().push("id: 3\ndata: half")).toEqual([]);
  });
});

describe("a show", () => {
  it("is what its snapshot says, whatever was known before", () => {
    const first = advance(NOTHING, snapshot(9, call("c1"), call("c2")));
    const second = advance(first, snapshot(4, call("c3")));
    expect([...second.calls.keys()]).toEqual(["c3"]);
    expect(second.seq).toBe(4);
  });

  it("takes each call as the latest event has it, and ignores what was told before", () => {
    const begun = advance(NOTHING, snapshot(5, call("c1")));
    const aired = advance(begun, event(7, call("c1", "on-air")));
    expect(advance(aired, event(6, call("c1", "waiting")))).toBe(aired);
    expect(aired.calls.get("c1")?.state).toBe("on-air");
    expect(begun.calls.get("c1")?.state).toBe("ringing");
  });

  it("keeps the last fifty calls that are over, and every one that is not", () => {
    let calls: ReadonlyMap<string, CallView> = new Map([["live", call("live", "on-air")]]);
    for (let n = 1; n <= 60; n += 1) calls = withCall(calls, call(`c${n}`, "off", { endedAt: n }));
    expect(calls.size).toBe(51);
    expect(calls.has("c10")).toBe(false);
    expect(calls.has("c11")).toBe(true);
    expect(calls.has("live")).toBe(true);
  });

  it("tells staff and lines apart from calls", () => {
    const begun = advance(NOTHING, snapshot(5, call("c1")));
    const staff = [{ identity: "host-1", name: "Ann", role: "host" as const, room: "live-late" }];
    expect(advance(begun, { event: "staff", staff }).staff).toEqual(staff);
    const line = { callId: "c1", backlogMs: 40, bufferMs: 60, jitterMs: 3, concealed: 0 };
    expect(advance(begun, { event: "lines", lines: [line] })).toBe(begun);
    expect(linesOf([line]).get("c1")).toEqual(line);
  });
});

describe("the lists of a desk", () => {
  const calls = new Map(
    [
      call("c1", "waiting", { approvedAt: 300 }),
      call("c2", "waiting", { approvedAt: 100 }),
      call("c3", "next", { approvedAt: 900 }),
      call("c4", "on-air"),
      call("c5", "screened", { stateSince: 1 }),
      call("c6", "screened", { stateSince: 2, returned: true }),
      call("c7", "ringing"),
      call("c8", "off", { endedAt: 5 }),
      call("c9", "dropped", { endedAt: 6 }),
    ].map((one) => [one.callId, one]),
  );
  const groups = groupsOf(calls);
  const ids = (list: readonly CallView[]) => list.map(({ callId }) => callId);

  it("put the one marked next first, then who waits longest", () => {
    expect(ids(groups.waiting)).toEqual(["c3", "c2", "c1"]);
  });

  it("take nobody next whose sound is not there", () => {
    expect(nextInLine(groups)?.callId).toBe("c3");
    const lost = new Map(calls).set("c3", call("c3", "next", { approvedAt: 900, link: "lost" }));
    expect(nextInLine(groupsOf(lost))?.callId).toBe("c2");
    expect(nextInLine(groupsOf(new Map()))).toBeUndefined();
  });

  it("put those first whom the host sent back", () => {
    expect(ids(groups.screened)).toEqual(["c6", "c5"]);
  });

  it("put the last one that ended first", () => {
    expect(ids(groups.over)).toEqual(["c9", "c8"]);
  });

  it("are walked through from top to bottom, around the end", () => {
    const list = inOrder(groups, ["onAir", "waiting"]);
    expect(ids(list)).toEqual(["c4", "c3", "c2", "c1"]);
    expect(neighbour(list, "c4", 1)?.callId).toBe("c3");
    expect(neighbour(list, "c1", 1)?.callId).toBe("c4");
    expect(neighbour(list, undefined, 1)?.callId).toBe("c4");
    expect(neighbour(list, "gone", -1)?.callId).toBe("c1");
    expect(neighbour([], undefined, 1)).toBeUndefined();
  });

  it("find the call of a line, but no call that is over", () => {
    expect(onLine(calls, 4)?.callId).toBe("c4");
    expect(onLine(calls, 8)).toBeUndefined();
  });
});

describe("what a call is called", () => {
  it("is the noted name, else the name from before, else the number", () => {
    const number = "+14155550100";
    const caller = { number, name: "Ed", warning: "", banned: false, calls: 2, timesOnAir: 0 };
    expect(callerName(call("c1", "ringing", { number }))).toBe("+1 415 555 0100");
    expect(callerName(call("c1", "ringing", { number, caller }))).toBe("Ed");
    expect(callerName(call("c1", "ringing", { number, caller, notes: { name: " Edda " } }))).toBe("Edda");
    expect(callerName(call("c1"))).toBe("Number withheld");
    expect(callerName(call("c1", "ringing", { connectionType: "webrtc" }))).toBe("Guest");
  });

  it("is told once", () => {
    expect(callerDetail(call("c1", "ringing", { number: "+14155550100", notes: { place: "Oslo" } }))).toBe("Oslo");
    expect(callerDetail(call("c1", "ringing", { number: "+14155550100", notes: { name: "Ed" } }))).toBe(
      "+1 415 555 0100",
    );
  });

  it("groups the digits of a number and leaves alone what is none", () => {
    expect(telephone("+421905123456")).toBe("+421 905 123 456");
    expect(telephone("anonymous")).toBe("anonymous");
  });

  it("is news in a sentence whenever it goes elsewhere, so that nothing old stays told", () => {
    const ed = call("c1", "on-air", { line: 3, notes: { name: "Ed" } });
    expect(newsOf("aired", ed)).toBe("Line 3, Ed, is on the air.");
    expect(newsOf("screened", ed)).toBe("Line 3, Ed, is parked.");
    const moves = ["rang", "picked-up", "approved", "made-next", "held", "returned", "dropped", "ended"];
    for (const what of moves) expect(newsOf(what, ed)).toMatch(/^Line 3, Ed, /);
    for (const what of ["noted", "keyed", "connected"]) expect(newsOf(what, ed)).toBeUndefined();
  });

  it("says how often somebody called", () => {
    const caller = { number: "+1", name: "", warning: "", banned: false, calls: 3, timesOnAir: 1, lastCallAt: 0 };
    expect(history(caller, 7_200_000)).toBe("Called 3 times before, the last time 2 hours ago; on the air once.");
    expect(history({ ...caller, calls: 0 }, 0)).toBe("");
  });
});

describe("what may be done with a call", () => {
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

  it("has a word for everything that has a button", () => {
    for (const state of states) {
      for (const role of ["host", "screener"] as const) {
        for (const verb of verbsFor(role, call("c1", state), "me")) {
          expect(VERBS[verb as keyof typeof VERBS].label).toBeTruthy();
        }
      }
    }
  });

  it("never lets a screener near the air, nor near the caller of another screener", () => {
    for (const state of states) {
      const verbs = verbsFor("screener", call("c1", state, { screener: "other" }), "me");
      expect(verbs.some((verb) => ["air", "hold", "next", "screen"].includes(verb))).toBe(false);
    }
    expect(verbsFor("screener", call("c1", "screening", { screener: "other" }), "me")).toEqual([]);
    expect(verbsFor("screener", call("c1", "screening", { screener: "me" }), "me")).toContain("approve");
  });

  it("has no two verbs with the same key in one state", () => {
    for (const state of states) {
      for (const role of ["host", "screener"] as const) {
        const verbs = verbsFor(role, call("c1", state, { screener: "me" }), "me");
        const keys = verbs.map((verb) => VERBS[verb as keyof typeof VERBS].key);
        expect(new Set(keys).size).toBe(keys.length);
      }
    }
  });
});

describe("a telephone line", () => {
  const line = { callId: "c1", backlogMs: 40, bufferMs: 60, jitterMs: 3, concealed: 0 };

  it("is as good as its worst figure", () => {
    expect(healthOf(line).quality).toBe("excellent");
    expect(healthOf({ ...line, backlogMs: 300 }).quality).toBe("good");
    expect(healthOf({ ...line, jitterMs: 90 }).quality).toBe("poor");
  });
});
