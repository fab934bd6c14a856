import { describe, expect, it } from "vitest";
import { LoadHistory } from "../src/dashboard/load";
import type { ServerStats } from "../src/lib/api";
import { type ChatMessage, continues, linkify, readBody } from "../src/room/chat";
import { endingOf, refusalOf } from "../src/room/ending";
import { GAP, layoutGrid, MOST_PER_PAGE, pageOf, perPage, promote } from "../src/room/grid";
import { actionOf } from "../src/room/shortcuts";
import { sampleOf } from "../src/room/stats-history";

const DESK = { width: 1416, height: 772 };
const PHONE = { width: 374, height: 700 };

describe("the grid", () => {
  it("never leaves its box, and every tile has its place", () => {
    for (const box of [DESK, PHONE, { width: 300, height: 300 }]) {
      for (let count = 1; count <= 50; count += 1) {
        const { columns, rows, tile } = layoutGrid(box, count);
        expect(columns * rows).toBeGreaterThanOrEqual(count);
        expect(columns * tile.width + (columns - 1) * GAP).toBeLessThanOrEqual(box.width);
        expect(rows * tile.height + (rows - 1) * GAP).toBeLessThanOrEqual(box.height);
      }
    }
  });

  it("stands two side by side on a desk and one above the other on a telephone", () => {
    expect(layoutGrid(DESK, 2).columns).toBe(2);
    expect(layoutGrid(PHONE, 2).columns).toBe(1);
  });

  it("makes squares of people on a desk", () => {
    expect([4, 9].map((count) => layoutGrid(DESK, count).columns)).toEqual([2, 3]);
  });

  it("shows no more on a page than pictures are received, and none too small", () => {
    expect(perPage(DESK, 50)).toBe(MOST_PER_PAGE);
    expect(perPage(DESK, 3)).toBe(3);
    const phone = perPage(PHONE, 50);
    expect(phone).toBeLessThan(MOST_PER_PAGE);
    expect(layoutGrid(PHONE, phone).tile.width).toBeGreaterThanOrEqual(148);
  });

  it("has pages, and stays on the last one when people leave", () => {
    const people = Array.from({ length: 25 }, (_, n) => n);
    expect(pageOf(people, 2, 12)).toEqual({ shown: [24], page: 2, pages: 3 });
    expect(pageOf(people.slice(0, 5), 2, 12)).toEqual({ shown: [0, 1, 2, 3, 4], page: 0, pages: 1 });
  });
});

describe("who speaks out of sight", () => {
  const order = ["me", "ann", "bob", "cid", "dee"];

  it("changes places with who was silent longest, never with oneself", () => {
    const spoke: Record<string, number> = { ann: 20, bob: 10 };
    expect(promote(order, 3, "dee", (id) => spoke[id] ?? 0)).toEqual(["me", "ann", "dee", "cid", "bob"]);
  });

  it("moves nobody when already in sight, unknown, or alone with oneself on the page", () => {
    expect(promote(order, 3, "bob", () => 0)).toEqual(order);
    expect(promote(order, 3, "zoe", () => 0)).toEqual(order);
    expect(promote(order, 1, "dee", () => 0)).toEqual(order);
  });
});

describe("keys", () => {
  const press = { key: "m", ctrlKey: false, metaKey: false, altKey: false, repeat: false, writing: false };

  it("do what buttons do, in either case", () => {
    expect(actionOf(press)).toBe("mic");
    expect(actionOf({ ...press, key: "V" })).toBe("camera");
    expect(actionOf({ ...press, key: "?" })).toBe("help");
  });

  it("do nothing while somebody writes, but Escape", () => {
    expect(actionOf({ ...press, writing: true })).toBeUndefined();
    expect(actionOf({ ...press, key: "Escape", writing: true })).toBe("close");
  });

  it("leave the browser's own keys alone", () => {
    expect(actionOf({ ...press, key: "c", ctrlKey: true })).toBeUndefined();
    expect(actionOf({ ...press, key: "s", metaKey: true })).toBeUndefined();
    expect(actionOf({ ...press, repeat: true })).toBeUndefined();
  });
});

describe("endings", () => {
  it("offer a way back", () => {
    for (const reason of ["left", "replaced", "kicked", "room-closed", "refused", "unreachable"] as const) {
      expect(endingOf(reason, "").offers).toContain("home");
    }
    for (const code of ["unauthorized", "room-full", "wrong-pin", "timeout", "internal"]) {
      expect(refusalOf(code, "").offers).toContain("home");
    }
  });

  it("do not offer the same door to who was put out", () => {
    expect(endingOf("kicked", "").offers).toEqual(["home"]);
    expect(refusalOf("token-expired", "").offers).not.toContain("rejoin");
  });

  it("ask for a PIN where one is missing", () => {
    expect(refusalOf("wrong-pin", "").offers).toContain("pin");
  });

  it("say what an admin wrote", () => {
    expect(endingOf("kicked", "be nice").text).toBe("Be nice.");
    expect(endingOf("kicked", "").text).toMatch(/host/i);
  });
});

describe("the chat", () => {
  it("reads its own messages and plain text of others", () => {
    expect(readBody('{"id":"a","text":"hi"}')).toEqual({ id: "a", text: "hi" });
    expect(readBody("hi")?.text).toBe("hi");
    expect(readBody('"hi"')?.text).toBe("hi");
    for (const empty of ["", "{}", '{"text":5}', '{"text":"  "}', "null", "[]"])
      expect(readBody(empty)).toBeUndefined();
  });

  it("finds addresses, without the full stop behind them", () => {
    expect(linkify("see https://a.org/b?c=1. ok")).toEqual([
      { text: "see " },
      { text: "https://a.org/b?c=1", href: "https://a.org/b?c=1" },
      { text: ". ok" },
    ]);
    expect(linkify("javascript:alert(1)")).toEqual([{ text: "javascript:alert(1)" }]);
  });

  it("puts messages of one breath under one name", () => {
    const message = (from: string, at: number): ChatMessage => ({ id: "", from, name: "", text: "", at, own: false });
    expect(continues(message("ann", 1000), message("ann", 0))).toBe(true);
    expect(continues(message("ann", 1000), message("bob", 0))).toBe(false);
    expect(continues(message("ann", 600_000), message("ann", 0))).toBe(false);
    expect(continues(message("ann", 0), undefined)).toBe(false);
  });
});

describe("statistics", () => {
  it("sum up what is received, and say nothing where there is nothing", () => {
    const idle = { timestamp: 0, up: 0, down: 0, paths: [], tracks: [], server: undefined };
    expect(sampleOf(idle)).toEqual({ up: 0, down: 0, loss: null, jitter: null, rtt: null, fps: null });
  });

  it("make CPU rates of counters, and none over a restart", () => {
    const load = new LoadHistory();
    const stats = (cpuSeconds: number) => ({ cpuSeconds, bitrateIn: 0, bitrateOut: 0, participants: 0 }) as ServerStats;
    load.take(stats(10), 100);
    load.take(stats(10.5), 102);
    load.take(stats(0.1), 104);
    expect(load.series.column("cpu")).toEqual([null, 25, null]);
  });
});
