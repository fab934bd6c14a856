/**
 * How the room mixes. In: `joined`, where the mix is, and the messages `levels`, `voice`, `listening` and `talkback`. Out: the
 * mix as a track, what one hears, how voices are treated, who talks to whom alone, and the events about it.
 */
import type { AudioPlayer } from "./audio-player.js";
import type { Emitter } from "./emitter.js";
import { MixTrack, type MixTrackHome } from "./mix-track.js";
import type { Listening, RoomEvents, VoiceSettings } from "./types.js";
import type { Hears, Joined, ServerMessage, SlotView } from "./wire/index.js";

/** How a voice is treated of which nothing was said. */
export const USUAL_VOICE: Readonly<VoiceSettings> = {
  gain: 0,
  autoGainControl: false,
  highPass: false,
  noiseSuppression: false,
  ducks: false,
};

/** What is known of a room's mix. */
export class Mixing {
  readonly voices = new Map<string, VoiceSettings>();
  readonly talkers = new Set<string>();
  listening: Listening = { hears: "tracks" };
  /** To whom oneself talks alone. */
  talkingTo: string | undefined;

  /** What oneself chose to hear in this room. */
  chosen: Hears | undefined;

  readonly #track: MixTrack;
  #entered = false;

  constructor(
    private readonly events: Emitter<RoomEvents>,
    home: MixTrackHome,
    private readonly player: AudioPlayer,
  ) {
    this.#track = new MixTrack(home);
  }

  /** The mix; absent where the room has none. The object stays the same over moves and rejoins. */
  get track(): MixTrack | undefined {
    return this.#track.id ? this.#track : undefined;
  }

  /** The whole state. `stays`: it is the session and the room that there were; `moved`: it is another room. */
  joined(joined: Joined, stays: boolean, moved: boolean): void {
    this.#track.setId(joined.mix ?? "");
    // Media that are there stay until the slots say otherwise, so that a move from mix to mix is not heard.
    if (!joined.slots.some(({ trackId }) => trackId && trackId === joined.mix)) this.#put(undefined);
    this.voices.clear();
    for (const [identity, voice] of Object.entries(joined.voices ?? {})) this.voices.set(identity, voice);
    if (moved) this.chosen = undefined;
    if (stays && this.#entered) return;
    this.#entered = true;
    this.talkers.clear();
    this.talkingTo = undefined;
    this.#hears({ hears: joined.kind === "mix" ? "mix" : "tracks" });
  }

  /** Takes the place of the mix; false when the track there is somebody's. */
  placed(trackId: string, slot: SlotView | undefined, media: MediaStreamTrack | undefined): boolean {
    // A room that begins to mix says so by what is in a slot and nobody's.
    if (slot?.kind === "audio" && !slot.userId) this.#track.setId(trackId);
    if (trackId !== this.#track.id) return false;
    this.#put(media);
    return true;
  }

  /** Handles a message that is its business; false when it is not. */
  handle(message: ServerMessage): boolean {
    switch (message.type) {
      case "levels":
        this.#track.takeLevel(message.levels.find(({ bus }) => bus === "programme"));
        this.events.emit("levels", message.levels);
        return true;
      case "voice":
        this.voices.set(message.userId, message.voice);
        this.events.emit("voiceChanged", message.userId, message.voice);
        return true;
      case "listening":
        this.#hears({ hears: message.hears, ...(message.preFade ? { preFade: message.preFade } : {}) });
        return true;
      case "talkback":
        if (message.active) this.talkers.add(message.from);
        else this.talkers.delete(message.from);
        this.events.emit("talkback", message.from, message.active);
        return true;
      default:
        return false;
    }
  }

  /** Somebody went. Who talked to them alone is heard by nobody until they say to whom they talk then. */
  left(identity: string): void {
    this.voices.delete(identity);
  }

  /** The room was left. */
  close(): void {
    this.#track.take(undefined);
    this.player.update(this.#track);
  }

  #hears(listening: Listening): void {
    const before = this.listening;
    this.listening = listening;
    if (before.hears !== listening.hears || before.preFade !== listening.preFade) {
      this.events.emit("listeningChanged", listening);
    }
  }

  #put(media: MediaStreamTrack | undefined): void {
    if (!this.#track.take(media)) return;
    this.player.update(this.#track);
    this.events.emit("mixChanged", this.track);
  }
}
