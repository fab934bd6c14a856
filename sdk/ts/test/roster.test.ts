import { beforeEach, describe, expect, it } from "vitest";
import { AudioPlayer } from "../src/audio-player.js";
import { Emitter } from "../src/emitter.js";
import type { LocalParticipant } from "../src/local-participant.js";
import { Roster } from "../src/roster.js";
import type { AutoSubscribe, RoomEvents } from "../src/types.js";
import type { ClientMessage, TrackView, UserView } from "../src/wire/index.js";

let sent: ClientMessage[];
let story: string[];
let roster: Roster;

beforeEach(() => {
  roster = make({});
});

describe("the roster", () => {
  it("places a track whose slot was told before the track itself", () => {
    roster.arrived(user("bob"));
    roster.placed("TR_1", { mid: "2", kind: "video", trackId: "TR_1" }, media);
    roster.published(track("TR_1", "bob"));
    expect(roster.track("TR_1")?.mediaStreamTrack).toBe(media);
    expect(story).toEqual(["participantJoined", "trackPublished", "trackSubscribed"]);
  });

  it("keeps a track's object when its id changes with a new session", () => {
    roster.sync([user("bob")], [track("TR_1", "bob")], false);
    const before = roster.track("TR_1");
    before?.subscribe({ width: 320 });
    sent.length = 0;
    roster.sync([user("bob")], [track("TR_9", "bob")], false);
    roster.announceAll(false);
    expect(roster.track("TR_9")).toBe(before);
    expect(roster.participants.get("bob")?.tracks.get("TR_9")).toBe(before);
    expect(sent).toEqual([{ type: "subscribe", trackId: "TR_9", width: 320 }]);
    expect(story).not.toContain("trackUnpublished");
  });

  it("tells who and what is gone after a time without messages", () => {
    roster.sync([user("bob"), user("cid")], [track("TR_1", "bob"), track("TR_2", "cid")], false);
    story.length = 0;
    roster.sync([user("bob")], [], true);
    expect(story).toEqual(["trackUnpublished", "participantLeft", "trackUnpublished"]);
    expect([...roster.participants.keys()]).toEqual(["bob"]);
  });

  it("says nothing more about a track that has ended", () => {
    roster.sync([user("bob")], [track("TR_1", "bob")], false);
    const ended = roster.track("TR_1");
    ended?.subscribe();
    roster.unpublished("TR_1");
    sent.length = 0;
    ended?.unsubscribe();
    expect(sent).toEqual([]);
  });

  it("tells of a flag only when it changed", () => {
    roster.sync([user("bob")], [track("TR_1", "bob")], false);
    story.length = 0;
    roster.takeMuted("TR_1", true);
    roster.takeMuted("TR_1", true);
    roster.takeHeld("TR_1", true);
    expect(story).toEqual(["trackMuted", "trackHeld"]);
  });

  it("wants voices without asking and pictures only when somebody looks", () => {
    roster.sync([user("bob")], [track("TR_1", "bob"), track("TR_2", "bob", "audio")], true);
    expect(sent).toEqual([]);
    expect([roster.track("TR_1")?.subscribed, roster.track("TR_2")?.subscribed]).toEqual([false, true]);
  });

  it("wants what the application said it wants", () => {
    roster = make({ audio: false, video: "all" });
    roster.sync([user("bob")], [track("TR_1", "bob"), track("TR_2", "bob", "audio")], true);
    expect(sent).toEqual([
      { type: "subscribe", trackId: "TR_1" },
      { type: "prefer", trackId: "TR_2", paused: true },
    ]);
  });
});

const media = { kind: "video" } as MediaStreamTrack;

function make(autoSubscribe: AutoSubscribe): Roster {
  sent = [];
  story = [];
  const events = new Emitter<RoomEvents>();
  for (const name of ["participantJoined", "participantLeft", "trackPublished", "trackUnpublished"] as const) {
    events.on(name, () => story.push(name));
  }
  for (const name of ["trackSubscribed", "trackUnsubscribed", "trackMuted", "trackHeld"] as const) {
    events.on(name, () => story.push(name));
  }
  const home = {
    send: (message: ClientMessage) => sent.push(message),
    elementsChanged() {},
    volumeChanged() {},
    autoSubscribe,
    adaptiveStream: true,
    subscribes: true,
    hearsVoices: true,
  };
  return new Roster(events, { identity: "ann" } as LocalParticipant, home, new AudioPlayer(false, () => {}));
}

function user(userId: string): UserView {
  return { userId, name: "", metadata: "", attributes: {}, joinedAt: 1 };
}

function track(trackId: string, userId: string, kind: "audio" | "video" = "video"): TrackView {
  const source = kind === "audio" ? "microphone" : "camera";
  return {
    trackId,
    userId,
    kind,
    source,
    name: "",
    muted: false,
    held: false,
    mid: "0",
    width: 0,
    height: 0,
    layers: [],
  };
}
