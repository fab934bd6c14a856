import type { CallNotes } from "@crosspoint/client";
import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Desk } from "../src/desk/desk";
import { HOLD_TO_DROP, hostKeyboard } from "../src/desk/keyboards";
import { actionOf, HOST_KEYS, type Key, lineOf, type Press, SCREENER_KEYS } from "../src/desk/keys";
import { elsewhere, giveUpSeat, inviteFor, keepInvite, keepSeat, placeOf, seatFor } from "../src/lib/show-seat";
import { NoteDraft, PAUSE } from "../src/show/note-draft";

function press(key: string, more: Partial<Press> = {}): Press {
  return {
    key,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    repeat: false,
    writing: false,
    onButton: false,
    ...more,
  };
}

describe("the keys of a desk", () => {
  const action = (keys: readonly Key[], one: Press) => actionOf(keys, one)?.action;

  it("put the next caller on the air, whichever case a letter has", () => {
    expect(action(HOST_KEYS, press("Enter"))).toBe("take-next");
    expect(action(HOST_KEYS, press(" "))).toBe("take-next");
    expect(action(HOST_KEYS, press("H"))).toBe("hold");
    expect(action(SCREENER_KEYS, press("p"))).toBe("answer");
  });

  it("mean nothing while somebody writes, with Ctrl, or when they repeat", () => {
    for (const more of [{ writing: true }, { ctrlKey: true }, { metaKey: true }, { altKey: true }, { repeat: true }]) {
      for (const key of ["a", "d", "1", "Enter", " "]) expect(action(HOST_KEYS, press(key, more))).toBeUndefined();
    }
  });

  it("leave Enter and Space to the button that has the focus, but no letter", () => {
    expect(action(HOST_KEYS, press("Enter", { onButton: true }))).toBeUndefined();
    expect(action(HOST_KEYS, press(" ", { onButton: true }))).toBeUndefined();
    expect(action(HOST_KEYS, press("h", { onButton: true }))).toBe("hold");
  });

  it("are no two of one desk the same", () => {
    for (const keys of [HOST_KEYS, SCREENER_KEYS]) {
      const all = keys.flatMap((one) => one.keys);
      expect(new Set(all).size).toBe(all.length);
    }
  });

  it("give a screener none that puts anybody on the air", () => {
    const actions = SCREENER_KEYS.map((one) => one.action);
    expect(actions.filter((one) => ["take-next", "air", "hold", "make-next"].includes(one))).toEqual([]);
  });

  it("count lines from one to ten", () => {
    expect(["1", "9", "0"].map(lineOf)).toEqual([1, 9, 10]);
  });
});

describe("the key that drops", () => {
  const D = HOST_KEYS.find(({ action }) => action === "drop") as Key;
  const drops: string[] = [];
  const desk = {
    chosen: signal({ callId: "c1" }),
    dropping: signal<string | undefined>(undefined),
    dropAsked: signal<{ callId: string } | undefined>(undefined),
    verbs: () => ["drop"],
    act: (call: { callId: string }) => drops.push(call.callId),
    store: {},
    session: {},
  };
  const keys = hostKeyboard(desk as unknown as Desk);

  beforeEach(() => {
    vi.useFakeTimers();
    drops.length = 0;
    desk.dropAsked.value = undefined;
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("asks as the button does when it is pressed for a moment", () => {
    keys.press(D, "d");
    vi.advanceTimersByTime(HOLD_TO_DROP - 1);
    keys.release(D);
    vi.advanceTimersByTime(HOLD_TO_DROP);
    expect(desk.dropAsked.value).toEqual({ callId: "c1" });
    expect(drops).toEqual([]);
  });

  it("drops when it is held down, and asks nothing", () => {
    keys.press(D, "d");
    vi.advanceTimersByTime(HOLD_TO_DROP);
    keys.release(D);
    expect(drops).toEqual(["c1"]);
    expect(desk.dropAsked.value).toBeUndefined();
  });
});

describe("notes that are being typed", () => {
  let sent: { notes: CallNotes; last: boolean }[] = [];
  let taken = true;
  let draft: NoteDraft;

  beforeEach(() => {
    vi.useFakeTimers();
    sent = [];
    taken = true;
    draft = new NoteDraft(async (notes, last) => {
      sent.push({ notes, last });
      return taken;
    });
    draft.know({ name: "Ed", topic: "Buses" });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("are sent once, a moment after the last keystroke, and nothing else with them", async () => {
    draft.type("name", "E");
    await vi.advanceTimersByTimeAsync(PAUSE - 1);
    draft.type("name", "Edda");
    await vi.advanceTimersByTimeAsync(PAUSE - 1);
    expect(sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toEqual([{ notes: { name: "Edda" }, last: false }]);
    expect(draft.state.value).toBe("saved");
  });

  it("say nothing of being saved while nobody has written", () => {
    expect(draft.state.value).toBe("untouched");
  });

  it("show what was typed until the server tells something new, and never what was before", async () => {
    draft.type("name", "Edda");
    await draft.flush();
    draft.know({ name: "Ed", topic: "Trams" });
    expect(draft.value("name")).toBe("Edda");
    expect(draft.value("topic")).toBe("Trams");
    draft.know({ name: "Edda K.", topic: "Trams" });
    expect(draft.value("name")).toBe("Edda K.");
  });

  it("let others write into the fields that nobody types in", () => {
    draft.type("name", "Edda");
    draft.know({ name: "Somebody else's", topic: "Trams" });
    expect(draft.value("name")).toBe("Edda");
    expect(draft.value("topic")).toBe("Trams");
  });

  it("are kept and sent again when the server did not take them", async () => {
    taken = false;
    draft.type("topic", "Trams");
    await vi.advanceTimersByTimeAsync(PAUSE);
    expect(draft.state.value).toBe("failed");
    expect(draft.value("topic")).toBe("Trams");
    taken = true;
    await vi.advanceTimersByTimeAsync(3000);
    expect(sent.length).toBe(2);
    expect(draft.state.value).toBe("saved");
  });

  it("do not overwrite with an old try what was typed since", async () => {
    taken = false;
    draft.type("topic", "Trams");
    await vi.advanceTimersByTimeAsync(PAUSE);
    taken = true;
    draft.type("topic", "Trains");
    await vi.advanceTimersByTimeAsync(PAUSE);
    expect(sent.at(-1)?.notes).toEqual({ topic: "Trains" });
  });

  it("go along with a command instead of being sent by themselves", async () => {
    draft.type("topic", "Trams");
    expect(draft.take()).toEqual({ topic: "Trams" });
    expect(draft.take()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(PAUSE * 2);
    expect(sent).toEqual([]);
    expect(draft.value("topic")).toBe("Trams");
  });

  it("are sent by themselves after all when the command was refused", async () => {
    draft.type("topic", "Trams");
    draft.putBack(draft.take() ?? {});
    await vi.advanceTimersByTimeAsync(PAUSE);
    expect(sent).toEqual([{ notes: { topic: "Trams" }, last: false }]);
  });

  it("are sent at the last moment when the page goes", async () => {
    draft.type("rating", 4);
    await draft.flush(true);
    expect(sent).toEqual([{ notes: { rating: 4 }, last: true }]);
  });
});

describe("a place in a show", () => {
  const SEAT = { token: "seat", identity: "host-1", room: "live-late", role: "host" as const, name: "Ann" };

  beforeEach(() => {
    const kept = new Map<string, string>();
    vi.stubGlobal("sessionStorage", {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
      removeItem: (key: string) => kept.delete(key),
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  it("is where the link leads, whatever page it was put behind", () => {
    const link = (role: string) => `e30.${btoa(JSON.stringify({ attributes: { "crosspoint.role": role } }))}.x`;
    expect(placeOf(link("guest"), "host")).toBe("guest");
    expect(placeOf(link("guest"), "call-in")).toBe("call-in");
    expect(placeOf(link("screener"), "host")).toBe("screener");
    expect(placeOf(link("host"), "screener")).toBe("screener");
    expect(placeOf("nonsense", "host")).toBe("host");
  });

  it("is in the show that the link was made for, where that is another one", () => {
    const link = (role: string, show: string) =>
      `e30.${btoa(JSON.stringify({ attributes: { "crosspoint.role": role, "crosspoint.show": show } }))}.x`;
    expect(elsewhere(link("host", "late"), "late", "host")).toBeUndefined();
    expect(elsewhere(link("screener", "early"), "late", "host")).toMatch(/^\/shows\/early\/screener#token=e30\./);
    // Only the server can tell what is wrong with what is no link of a show.
    expect(elsewhere("nonsense", "late", "host")).toBeUndefined();
  });

  it("outlasts the same link, and goes with another one", () => {
    keepInvite("late", "host", "first");
    keepSeat("late", "host", SEAT);
    keepInvite("late", "host", "first");
    expect(seatFor("late", "host")).toEqual(SEAT);
    keepInvite("late", "host", "second");
    expect(seatFor("late", "host")).toBeUndefined();
    expect(inviteFor("late", "host")).toBe("second");
  });

  it("is one of its own in every show and role", () => {
    keepInvite("late", "host", "host's");
    keepInvite("late", "screener", "screener's");
    keepInvite("early", "host", "another's");
    keepSeat("late", "host", SEAT);
    expect(inviteFor("late", "screener")).toBe("screener's");
    expect(seatFor("late", "screener")).toBeUndefined();
    expect(seatFor("early", "host")).toBeUndefined();
  });

  it("can be given up, and taken again with its invitation", () => {
    keepInvite("late", "host", "first");
    keepSeat("late", "host", SEAT);
    giveUpSeat("late", "host");
    expect(seatFor("late", "host")).toBeUndefined();
    expect(inviteFor("late", "host")).toBe("first");
  });
});
