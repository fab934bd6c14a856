/**
 * What oneself publishes, and how far that is. In: what the local participant wants, the server's word about own tracks.
 * Out: work for the media, messages about mute flags, events about own tracks.
 */
import type { Emitter } from "./emitter.js";
import { CrosspointError } from "./errors.js";
import type { LocalParticipant, LocalParticipantHome, SelfUpdate } from "./local-participant.js";
import type { LocalTrack } from "./local-track.js";
import type { Media } from "./media.js";
import type { SignalClient } from "./signal-client.js";
import type { ConnectionState, DeviceFailure, Logger, RoomEvents, RoomKind } from "./types.js";

/** How long a published track may take to get its id, in milliseconds. */
const PUBLISH_WITHIN = 15_000;

/** What publications need of their room. */
export interface PublicationsHost {
  readonly events: Emitter<RoomEvents>;
  readonly signal: SignalClient;
  readonly logger: Logger;
  local(): LocalParticipant;
  media(): Media | undefined;
  kind(): RoomKind;
  state(): ConnectionState;
}

/** One's own tracks in the room. */
export class Publications implements LocalParticipantHome {
  /** Ids under which tracks were announced to the application. */
  #announced = new Map<LocalTrack, string>();

  constructor(private readonly host: PublicationsHost) {}

  /** Tells the application which of its tracks have their ids now. */
  announce(): void {
    for (const track of this.host.local().localTracks) {
      if (!track.id || this.#announced.get(track) === track.id) continue;
      this.#announced.set(track, track.id);
      this.host.events.emit("localTrackPublished", track);
    }
  }

  /** An admin muted one of one's own tracks. */
  takeMuted(id: string, muted: boolean): void {
    const track = this.host.local().byId(id);
    if (!track?.takeMuted(muted)) return;
    this.#background(this.host.media()?.muteChanged(track));
    this.host.events.emit("trackMuted", track, this.host.local());
  }

  /** The room's flag of one of one's own tracks. */
  takeHeld(id: string, held: boolean): void {
    const track = this.host.local().byId(id);
    if (track?.takeHeld(held)) this.host.events.emit("trackHeld", track, this.host.local());
  }

  async publish(track: LocalTrack): Promise<void> {
    const announced = this.#whenAnnounced(track);
    announced.catch(() => {});
    try {
      await this.host.media()?.publish(track);
    } catch (error) {
      // A rejoin that came between publishes it with everything else.
      const code = error instanceof CrosspointError ? error.code : undefined;
      if (code !== "closed" || this.host.state() !== "reconnecting") throw error;
    }
    this.announce();
    await announced;
  }

  async unpublish(track: LocalTrack): Promise<void> {
    this.#announced.delete(track);
    try {
      await this.host.media()?.unpublish(track);
    } finally {
      track.setId("");
      this.host.events.emit("localTrackUnpublished", track);
    }
  }

  async replaced(track: LocalTrack): Promise<void> {
    await this.host.media()?.replace(track);
  }

  async muteChanged(track: LocalTrack): Promise<void> {
    const { signal, events } = this.host;
    if (this.host.kind() !== "mesh" && track.id) signal.send({ type: "mute", trackId: track.id, muted: track.muted });
    await this.host.media()?.muteChanged(track);
    events.emit(track.muted ? "trackMuted" : "trackUnmuted", track, this.host.local());
  }

  ended(track: LocalTrack): void {
    this.host.events.emit("localTrackEnded", track);
    this.#background(this.unpublish(track));
  }

  update(change: SelfUpdate): Promise<void> {
    return this.host.signal.confirm({ type: "update", ...change });
  }

  deviceFailed(failure: DeviceFailure): void {
    this.host.events.emit("mediaDeviceError", failure);
  }

  #whenAnnounced(track: LocalTrack): Promise<void> {
    return new Promise((resolve, reject) => {
      const off = this.host.events.on("localTrackPublished", (published) => {
        if (published !== track) return;
        clearTimeout(timer);
        off();
        resolve();
      });
      const timer = setTimeout(() => {
        off();
        reject(new CrosspointError("timeout", "the server did not take the track in time"));
      }, PUBLISH_WITHIN);
    });
  }

  #background(work: Promise<void> | undefined): void {
    work?.catch((error) => this.host.logger.warn("media", error));
  }
}
