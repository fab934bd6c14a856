/** The room's mix: what a room that mixes makes of its voices, without one's own. A track that is nobody's. */
import type { Playable } from "./audio-player.js";
import { Track } from "./track.js";
import type { Levels, Source } from "./types.js";

/** What the mix needs of its room. */
export interface MixTrackHome {
  /** Elements came or went: the room's own player steps back or in. */
  elementsChanged(track: Playable): void;
  volumeChanged(track: Playable): void;
}

/** The mix of a room. It plays by itself like every sound; `attach` plays it in an element of yours instead. */
export class MixTrack extends Track {
  readonly kind = "audio";
  readonly source: Source = "other";
  readonly name = "mix";
  readonly muted = false;
  readonly held = false;
  #id = "";
  #volume = 1;
  #level: Levels | undefined;

  /** @internal */
  constructor(private readonly home: MixTrackHome) {
    super();
  }

  get id(): string {
    return this.#id;
  }

  /** How loud it plays, 0 to 1. */
  get volume(): number {
    return this.#volume;
  }

  /** How loud the programme is, where `levels` are on; absent while it is silent. */
  get level(): Levels | undefined {
    return this.#level;
  }

  /** How loud it plays, 0 to 1. */
  setVolume(volume: number): void {
    this.#volume = Math.min(1, Math.max(0, volume));
    for (const element of this.elements) element.volume = this.#volume;
    this.home.volumeChanged(this);
  }

  /** After a move it is another room's. @internal */
  setId(id: string): void {
    this.#id = id;
  }

  /** Returns whether it is another. @internal */
  take(media: MediaStreamTrack | undefined): boolean {
    if (this.mediaStreamTrack === media) return false;
    this.setMedia(media);
    return true;
  }

  /** @internal */
  takeLevel(level: Levels | undefined): void {
    this.#level = level;
  }

  protected override onAttached(element: HTMLMediaElement): void {
    element.volume = this.#volume;
    this.home.elementsChanged(this);
  }

  protected override onDetached(): void {
    this.home.elementsChanged(this);
  }
}
