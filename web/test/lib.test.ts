import { describe, expect, it } from "vitest";
import { claimsOf } from "../src/lib/claims";
import { age, bitrate, bytes, clock, hueOf, initials, milliseconds, names, percent } from "../src/lib/format";
import { identityFrom } from "../src/lib/identity";
import { inviteLink, parsePasted, tokenInFragment } from "../src/lib/invite";
import { toUnit } from "../src/lib/level";
import { dashboardPath, roomNameProblem, roomPath, routeOf } from "../src/lib/routes";
import { Series } from "../src/lib/series";

describe("routes", () => {
  it("finds the page of a path", () => {
    expect(routeOf("/")).toEqual({ page: "lobby" });
    expect(routeOf("/room/standup")).toEqual({ page: "room", room: "standup" });
    expect(routeOf("/room/standup/")).toEqual({ page: "room", room: "standup" });
    expect(routeOf("/dashboard")).toEqual({ page: "dashboard", room: undefined });
    expect(routeOf("/dashboard/standup")).toEqual({ page: "dashboard", room: "standup" });
  });

  it("is lost where there is nothing", () => {
    for (const path of ["/room", "/room/a/b", "/rooms/a", "/room/%E0%A4%A"]) expect(routeOf(path).page).toBe("lost");
  });

  it("leads back to any room name", () => {
    for (const room of ["standup", "a/b", "Zürich #1?", "100 %", "v1.2", "会議"]) {
      expect(routeOf(roomPath(room))).toEqual({ page: "room", room });
      expect(routeOf(dashboardPath(room))).toEqual({ page: "dashboard", room });
    }
  });

  it("says what is wrong with a name", () => {
    expect(roomNameProblem("standup")).toBeUndefined();
    expect(roomNameProblem("")).toMatch(/name/);
    expect(roomNameProblem("é".repeat(129))).toMatch(/long/);
    expect(roomNameProblem("a\u0007b")).toMatch(/characters/);
  });
});

describe("invitations", () => {
  const token = jwt({ sub: "ann", name: "Änn", exp: 2_000_000_000, video: { room: "stand up", roomAdmin: true } });

  it("reads the token in a fragment", () => {
    expect(tokenInFragment(`#token=${token}`)).toBe(token);
    expect(tokenInFragment(`#a=b&token=${token}`)).toBe(token);
    expect(tokenInFragment("#token=")).toBeUndefined();
    expect(tokenInFragment("#chapter")).toBeUndefined();
    expect(tokenInFragment("")).toBeUndefined();
  });

  it("makes a link that is read back", () => {
    const link = inviteLink("https://meet.example.org", "stand up", token);
    expect(link).toBe(`https://meet.example.org/room/stand%20up#token=${token}`);
    expect(parsePasted(`  ${link}\n`)).toEqual({ token, room: "stand up" });
  });

  it("tells who may only watch", () => {
    expect(claimsOf(token)?.publishes).toBe(true);
    expect(claimsOf(jwt({ sub: "eve", video: { room: "r", canPublish: false } }))?.publishes).toBe(false);
  });

  it("takes a bare token, and a room from the link when the token names none", () => {
    expect(parsePasted(token)).toEqual({ token, room: "stand up" });
    const anywhere = jwt({ sub: "ann" });
    expect(parsePasted(`https://x.org/room/b#token=${anywhere}`)).toEqual({ token: anywhere, room: "b" });
  });

  it("refuses what is neither", () => {
    for (const text of ["", "hello", "a.b.c", "https://x.org/room/b", "https://x.org/room/b#token=xyz"]) {
      expect(parsePasted(text)).toBeUndefined();
    }
  });

  it("reads claims without trusting their shape", () => {
    expect(claimsOf(token)).toEqual({
      identity: "ann",
      name: "Änn",
      room: "stand up",
      admin: true,
      publishes: true,
      showRole: "",
      show: "",
      expires: 2_000_000_000,
    });
    expect(claimsOf(jwt({ sub: 5, video: null }))).toEqual({
      identity: "",
      name: "",
      room: "",
      admin: false,
      publishes: true,
      showRole: "",
      show: "",
      expires: undefined,
    });
    expect(claimsOf(jwt(null))).toBeUndefined();
  });
});

describe("figures", () => {
  it("are short and have units", () => {
    expect([bitrate(0), bitrate(48_200), bitrate(999_600), bitrate(2_000_000), bitrate(1_234_000_000)]).toEqual([
      "0 kbit/s",
      "48 kbit/s",
      "1 Mbit/s",
      "2 Mbit/s",
      "1.23 Gbit/s",
    ]);
    expect([bytes(512), bytes(1536), bytes(50 * 1024 ** 2), bytes(1.5 * 1024 ** 3)]).toEqual([
      "512 B",
      "1.5 KiB",
      "50 MiB",
      "1.5 GiB",
    ]);
    expect([percent(0), percent(0.44), percent(12.4)]).toEqual(["0 %", "0.4 %", "12 %"]);
    expect([milliseconds(0.4), milliseconds(38.6), milliseconds(undefined)]).toEqual(["0.4 ms", "39 ms", "–"]);
  });

  it("tell times", () => {
    expect([clock(0), clock(65_000), clock(3_661_000), clock(-5)]).toEqual(["0:00", "1:05", "1:01:01", "0:00"]);
    expect([age(8000), age(61_000), age(3_700_000), age(90_000_000)]).toEqual(["8 s", "1 min", "1 h 1 min", "1 d 1 h"]);
  });

  it("put levels between nothing and everything", () => {
    expect([toUnit(-127), toUnit(-60), toUnit(-30), toUnit(0), toUnit(6)]).toEqual([0, 0, 0.5, 1, 1]);
  });
});

describe("names", () => {
  it("join into a sentence", () => {
    expect(names(["Ann"])).toBe("Ann");
    expect(names(["Ann", "Bob"])).toBe("Ann and Bob");
    expect(names(["Ann", "Bob", "Cid"])).toBe("Ann, Bob and Cid");
    expect(names(["Ann", "Bob", "Cid", "Dee"])).toBe("Ann, Bob and 2 others");
  });

  it("shorten to initials, whatever the script", () => {
    expect([
      initials("Ann"),
      initials("ann lee"),
      initials("Jean-Luc van Beek"),
      initials("😀 x"),
      initials(" "),
    ]).toEqual(["A", "AL", "JB", "😀X", "?"]);
  });

  it("become identities", () => {
    expect(identityFrom("Änn Lee!", "x7")).toBe("ann-lee-x7");
    expect(identityFrom("会議", "x7")).toBe("guest-x7");
  });

  it("keep their colour", () => {
    expect(hueOf("ann")).toBe(hueOf("ann"));
    expect(hueOf("ann")).not.toBe(hueOf("bob"));
  });
});

describe("a series", () => {
  it("forgets the oldest and refuses the past", () => {
    const series = new Series<{ a: number | null }>(["a"], 2);
    series.push(1, { a: 1 });
    series.push(1, { a: 9 });
    series.push(2, { a: null });
    series.push(3, { a: 3 });
    expect(series.times).toEqual([2, 3]);
    expect(series.column("a")).toEqual([null, 3]);
    expect(series.last("a")).toBe(3);
  });
});

function jwt(claims: unknown): string {
  const part = (value: unknown) => base64url(JSON.stringify(value));
  return `${part({ alg: "HS256" })}.${part(claims)}.c2ln`;
}

function base64url(text: string): string {
  const bytes = String.fromCharCode(...new TextEncoder().encode(text));
  return btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
