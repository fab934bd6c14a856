import { beforeEach, describe, expect, it } from "vitest";
import { AudioPlayer } from "../src/audio-player.js";
import { Emitter } from "../src/emitter.js";
import { Mixing } from "../src/mixing.js";
import type { RoomEvents } from "../src/types.js";
import type { Joined } from "../src/wire/index.js";
import { joined } from "./fakes.js";

const media = {} as MediaStreamTrack;
const slot = (trackId: string, userId?: string) => ({ mid: "3", kind: "audio" as const, trackId, userId });
const state = (change: Partial<Joined>) => joined(change) as unknown as Joined;

let story: string[];
let mixing: Mixing;

beforeEach(() => {
  story = [];
  const events = new Emitter<RoomEvents>();
  events.on("mixChanged", (mix) =>
    story.push(`mix ${mix?.id ?? "gone"} ${mix?.mediaStreamTrack ? "plays" : "silent"}`),
  );
  events.on("listeningChanged", ({ hears }) => story.push(`hears ${hears}`));
  const home = { elementsChanged() {}, volumeChanged() {} };
  mixing = new Mixing(events, home, new AudioPlayer(false, () => {}));
});

describe("the mix of a room", () => {
  it("is what stands in a slot under the id that the room gave", () => {
    mixing.joined(state({ kind: "mix", mix: "TR_m" }), false, false);
    expect(mixing.placed("TR_1", slot("TR_1", "bob"), media)).toBe(false);
    expect(mixing.placed("TR_m", slot("TR_m"), media)).toBe(true);
    expect(story).toEqual(["hears mix", "mix TR_m plays"]);
  });

  it("is known by its slot where the room began to mix later", () => {
    mixing.joined(state({}), false, false);
    expect(mixing.track).toBeUndefined();
    mixing.placed("TR_m", slot("TR_m"), media);
    expect(mixing.track?.mediaStreamTrack).toBe(media);
  });

  it("goes on without a gap in a room that mixes too, and ends in one that does not", () => {
    mixing.joined(state({ kind: "mix", mix: "TR_m" }), false, false);
    mixing.placed("TR_m", slot("TR_m"), media);
    const track = mixing.track;
    story = [];
    mixing.joined(state({ kind: "mix", mix: "TR_n", slots: [slot("TR_n")], resumed: true }), false, true);
    mixing.placed("TR_m", undefined, undefined);
    mixing.placed("TR_n", slot("TR_n"), media);
    expect(mixing.track).toBe(track);
    expect(story).toEqual([]);
    mixing.joined(state({ kind: "forward", resumed: true }), false, true);
    expect(story).toEqual(["mix gone silent", "hears tracks"]);
  });
});

describe("what one hears", () => {
  it("is the room's to say again after a move, and stays over a resume", () => {
    mixing.joined(state({ kind: "mix", mix: "TR_m" }), false, false);
    mixing.handle({ type: "listening", hears: "tracks" });
    mixing.chosen = "tracks";
    mixing.joined(state({ kind: "mix", mix: "TR_m", resumed: true }), true, false);
    expect(mixing.listening.hears).toBe("tracks");
    mixing.joined(state({ kind: "mix", mix: "TR_n", resumed: true }), false, true);
    expect([mixing.listening.hears, mixing.chosen]).toEqual(["mix", undefined]);
  });

  it("is the room's usual in a page that takes up the session of another", () => {
    mixing.joined(state({ kind: "mix", mix: "TR_m", resumed: true }), true, false);
    expect(mixing.listening.hears).toBe("mix");
  });
});

describe("talkback", () => {
  it("goes on when who was talked to has gone: nobody is on the air by somebody else's leaving", () => {
    mixing.talkingTo = "bob";
    mixing.left("bob");
    expect(mixing.talkingTo).toBe("bob");
  });
});
