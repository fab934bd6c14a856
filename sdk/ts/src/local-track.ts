/** A track of one's own: captured here, published or not. */
import { constraintsOf } from "./devices.js";
import { Track } from "./track.js";
import type { MediaKind, PublishOptions, Source } from "./types.js";

/** How late the server's echo of one's own toggle may come, in milliseconds. */
const ECHO = 2000;

/** Who carries out what a published track asks for. */
export interface LocalTrackHome {
  /** Sends another browser track in its place. */
  replaced(track: LocalTrack): Promise<void>;
  /** Stops or starts sending, and tells the others. */
  muteChanged(track: LocalTrack): Promise<void>;
  /** The capture ended by itself: a device was unplugged, or sharing stopped in the browser's own bar. */
  ended(track: LocalTrack): void;
}

/** A track of one's own. */
export class LocalTrack extends Track {
  readonly kind: MediaKind;
  readonly source: Source;
  readonly name: string;
  /** How it is to be published. */
  readonly options: PublishOptions;

  #id = "";
  #muted: boolean;
  #held = false;
  #toggled = 0;
  #home: LocalTrackHome | undefined;
  #constraints: MediaTrackConstraints | undefined;

  /** Wraps a browser track. `constraints` are those it was captured with; `switchDevice` keeps them. */
  constructor(media: MediaStreamTrack, options: PublishOptions = {}, constraints?: MediaTrackConstraints) {
    super();
    this.kind = media.kind as MediaKind;
    this.source = options.source ?? (this.kind === "audio" ? "microphone" : "camera");
    this.name = options.name ?? "";
    this.options = options;
    this.#muted = options.muted ?? false;
    this.#constraints = constraints;
    this.#take(media);
  }

  get id(): string {
    return this.#id;
  }

  get muted(): boolean {
    return this.#muted;
  }

  get held(): boolean {
    return this.#held;
  }

  /** The browser's track. */
  get media(): MediaStreamTrack {
    return this.mediaStreamTrack as MediaStreamTrack;
  }

  /** Stops sending. The device stays open, so that unmuting is instant. */
  mute(): Promise<void> {
    return this.#setMuted(true);
  }

  /** Sends again. */
  unmute(): Promise<void> {
    return this.#setMuted(false);
  }

  /** Sends another browser track in place of this one, without renegotiation. The old one is stopped. */
  async replace(media: MediaStreamTrack): Promise<void> {
    if (media.kind !== this.kind) throw new TypeError(`cannot replace ${this.kind} by ${media.kind}`);
    const old = this.media;
    this.#take(media);
    await this.#home?.replaced(this);
    if (old !== media) old.stop();
  }

  /** Captures from another device in place of this one. */
  async switchDevice(deviceId: string): Promise<void> {
    const constraints = { ...constraintsOf(this.kind), ...this.#constraints, deviceId: { exact: deviceId } };
    const stream = await navigator.mediaDevices.getUserMedia({ [this.kind]: constraints });
    const media = stream.getTracks()[0];
    if (media) await this.replace(media);
  }

  /** Ends the capture. A published track is to be unpublished instead. */
  stop(): void {
    this.media.stop();
  }

  /** @internal */
  settle(home: LocalTrackHome | undefined): void {
    this.#home = home;
  }

  /** @internal */
  setId(id: string): void {
    this.#id = id;
  }

  /**
   * Takes over an admin's mute; returns whether anything changed. Nobody but the user opens a microphone: that the server
   * tells `false` changes nothing. Nor does the late echo of a toggle that was toggled back meanwhile.
   * @internal
   */
  takeMuted(muted: boolean): boolean {
    if (!muted || Date.now() - this.#toggled < ECHO) return false;
    return this.#change(true);
  }

  /** @internal */
  takeHeld(held: boolean): boolean {
    const changed = this.#held !== held;
    this.#held = held;
    return changed;
  }

  #take(media: MediaStreamTrack): void {
    media.enabled = !this.#muted;
    media.addEventListener("ended", () => {
      if (media === this.media) this.#home?.ended(this);
    });
    this.setMedia(media);
  }

  async #setMuted(muted: boolean): Promise<void> {
    if (!this.#change(muted)) return;
    this.#toggled = Date.now();
    await this.#home?.muteChanged(this);
  }

  #change(muted: boolean): boolean {
    if (this.#muted === muted) return false;
    this.#muted = muted;
    this.media.enabled = !muted;
    return true;
  }
}
