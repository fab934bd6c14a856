/** What local and remote participants have in common: who they are and how they do. */
import type { Track } from "./track.js";
import type { Quality, Source } from "./types.js";
import type { UserView } from "./wire/index.js";

/** The level of silence in dBov (RFC 6464). */
const SILENCE = -127;

/** One identity in the room. */
export abstract class Participant {
  /** Is this oneself? */
  abstract readonly isLocal: boolean;
  /** Published tracks by id. */
  abstract readonly tracks: ReadonlyMap<string, Track>;

  #view: UserView;
  #level: number | undefined;
  #quality: Quality = "excellent";

  /** @internal */
  constructor(view: UserView) {
    this.#view = view;
  }

  /** The `sub` of the token; unique in the room. */
  get identity(): string {
    return this.#view.userId;
  }

  /** The name to show; the identity when there is none. */
  get name(): string {
    return this.#view.name || this.#view.userId;
  }

  /** Free text of the application. */
  get metadata(): string {
    return this.#view.metadata;
  }

  /** Attributes of the application, and of the server (`crosspoint.…`). */
  get attributes(): Readonly<Record<string, string>> {
    return this.#view.attributes;
  }

  /** When it joined, milliseconds since 1970. */
  get joinedAt(): number {
    return this.#view.joinedAt;
  }

  /** Does it speak now? */
  get isSpeaking(): boolean {
    return this.#level !== undefined;
  }

  /** How loud it speaks: dBov, from −127 (silence) to 0. */
  get audioLevel(): number {
    return this.#level ?? SILENCE;
  }

  /** How good its connection is. */
  get quality(): Quality {
    return this.#quality;
  }

  /** Its track of this source, if it publishes one. */
  track(source: Source): Track | undefined {
    for (const track of this.tracks.values()) if (track.source === source) return track;
    return undefined;
  }

  /** @internal */
  takeView(view: UserView): void {
    this.#view = view;
  }

  /** @internal */
  takeLevel(level: number | undefined): void {
    this.#level = level;
  }

  /** @internal */
  takeQuality(quality: Quality): void {
    this.#quality = quality;
  }
}
