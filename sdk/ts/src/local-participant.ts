/** Oneself: publishing, devices, and what others see. */
import { type CaptureOptions, createLocalTrack, createScreenTracks, type ScreenOptions } from "./devices.js";
import { LocalTrack, type LocalTrackHome } from "./local-track.js";
import { Participant } from "./participant.js";
import type { DeviceFailure, PublishInit, PublishOptions, Source } from "./types.js";
import type { UserView } from "./wire/index.js";

/** What oneself needs of the room. */
export interface LocalParticipantHome extends LocalTrackHome {
  publish(track: LocalTrack): Promise<void>;
  unpublish(track: LocalTrack): Promise<void>;
  update(change: SelfUpdate): Promise<void>;
  deviceFailed(failure: DeviceFailure): void;
}

/** What one may change of what others see. */
export interface SelfUpdate {
  name?: string;
  metadata?: string;
  /** Attributes to set; an empty value removes one. */
  attributes?: Record<string, string>;
}

/** Oneself. */
export class LocalParticipant extends Participant {
  readonly isLocal = true;
  readonly #home: LocalParticipantHome;
  #published: LocalTrack[] = [];
  /** Captures that are under way: two quick clicks must not open a device twice. */
  #capturing = new Map<Source, Promise<LocalTrack | undefined>>();

  /** @internal */
  constructor(view: UserView, home: LocalParticipantHome) {
    super(view);
    this.#home = home;
  }

  /** Published tracks by id; those on their way have none yet, see `localTracks`. */
  get tracks(): ReadonlyMap<string, LocalTrack> {
    return new Map(this.#published.filter((track) => track.id).map((track) => [track.id, track]));
  }

  /** Every published track, also those on their way. */
  get localTracks(): readonly LocalTrack[] {
    return this.#published;
  }

  override track(source: Source): LocalTrack | undefined {
    return this.#published.find((track) => track.source === source);
  }

  /** Publishes a track. Resolves when the others can subscribe to it. */
  async publishTrack(media: MediaStreamTrack | LocalTrack, options?: PublishOptions): Promise<LocalTrack> {
    const track = media instanceof LocalTrack ? media : new LocalTrack(media, options);
    this.add(track);
    try {
      await this.#home.publish(track);
    } catch (error) {
      this.#forget(track);
      throw error;
    }
    return track;
  }

  /** Stops publishing a track, and its capture. */
  async unpublishTrack(track: LocalTrack): Promise<void> {
    if (!this.#forget(track)) return;
    await this.#home.unpublish(track);
    track.stop();
  }

  /** Publishes or unmutes the microphone, or mutes it: the device stays open, so that speaking again is instant. */
  setMicrophoneEnabled(on: boolean, options?: CaptureOptions): Promise<LocalTrack | undefined> {
    return this.#enable("microphone", on, () => createLocalTrack("audio", { source: "microphone", ...options }));
  }

  /** Publishes the camera, or stops it: its light goes out. */
  setCameraEnabled(on: boolean, options?: CaptureOptions): Promise<LocalTrack | undefined> {
    return this.#enable("camera", on, () => createLocalTrack("video", { source: "camera", ...options }));
  }

  /** Shares a screen, a window or a tab, with its sound if wanted; or stops that. */
  async setScreenShareEnabled(on: boolean, options?: ScreenOptions): Promise<LocalTrack | undefined> {
    return this.#enable("screen_share", on, async () => {
      const [video, audio] = (await createScreenTracks(options)).sort((a, b) => b.kind.localeCompare(a.kind));
      if (audio) this.publishTrack(audio).catch(() => audio.stop());
      return video as LocalTrack;
    });
  }

  /** Captures what is published of this kind from another device, without renegotiation. */
  async switchDevice(kind: "audioinput" | "videoinput", deviceId: string): Promise<void> {
    const source = kind === "audioinput" ? "microphone" : "camera";
    try {
      await this.track(source)?.switchDevice(deviceId);
    } catch (error) {
      this.#home.deviceFailed({ source, error: error as Error });
      throw error;
    }
  }

  /** Changes what others see of oneself; the token must allow it. */
  update(change: SelfUpdate): Promise<void> {
    return this.#home.update(change);
  }

  /** Takes a track among the published ones without negotiating. @internal */
  add(track: LocalTrack): void {
    if (this.#published.includes(track)) return;
    this.#published.push(track);
    track.settle({
      replaced: (one) => this.#home.replaced(one),
      muteChanged: (one) => this.#home.muteChanged(one),
      ended: (one) => {
        this.#forget(one);
        this.#home.ended(one);
      },
    });
  }

  /** @internal */
  byId(id: string): LocalTrack | undefined {
    return this.#published.find((track) => track.id === id);
  }

  /** The room is over: nothing is published any more. @internal */
  release(stopCaptures: boolean): void {
    for (const track of [...this.#published]) {
      this.#forget(track);
      if (stopCaptures) track.stop();
    }
  }

  async #enable(source: Source, on: boolean, capture: () => Promise<LocalTrack>): Promise<LocalTrack | undefined> {
    await this.#capturing.get(source)?.catch(() => {});
    const present = this.track(source);
    if (!on) {
      await this.#disable(source, present);
      return undefined;
    }
    if (present) {
      await present.unmute();
      return present;
    }
    const captured = this.#capture(source, capture);
    this.#capturing.set(source, captured);
    return captured.finally(() => this.#capturing.delete(source));
  }

  async #disable(source: Source, present: LocalTrack | undefined): Promise<void> {
    if (source === "microphone") {
      await present?.mute();
      return;
    }
    if (present) await this.unpublishTrack(present);
    const sound = source === "screen_share" ? this.track("screen_share_audio") : undefined;
    if (sound) await this.unpublishTrack(sound);
  }

  async #capture(source: Source, capture: () => Promise<LocalTrack>): Promise<LocalTrack> {
    let track: LocalTrack;
    try {
      track = await capture();
    } catch (error) {
      this.#home.deviceFailed({ source, error: error as Error });
      throw error;
    }
    return this.publishTrack(track);
  }

  #forget(track: LocalTrack): boolean {
    const index = this.#published.indexOf(track);
    if (index < 0) return false;
    this.#published.splice(index, 1);
    track.settle(undefined);
    return true;
  }
}

/** What an application may give to publish, as a local track. */
export function toLocalTrack(given: MediaStreamTrack | PublishInit | LocalTrack): LocalTrack {
  if (given instanceof LocalTrack) return given;
  if ("track" in given) {
    const { track, ...options } = given;
    return new LocalTrack(track, options);
  }
  return new LocalTrack(given);
}
