/** Somebody else in the room. */
import { Participant } from "./participant.js";
import type { RemoteTrack } from "./remote-track.js";
import type { Source } from "./types.js";

/** Somebody else in the room. */
export class RemoteParticipant extends Participant {
  readonly isLocal = false;
  readonly #tracks = new Map<string, RemoteTrack>();

  get tracks(): ReadonlyMap<string, RemoteTrack> {
    return this.#tracks;
  }

  override track(source: Source): RemoteTrack | undefined {
    return super.track(source) as RemoteTrack | undefined;
  }

  /** @internal */
  addTrack(track: RemoteTrack): void {
    this.#tracks.set(track.id, track);
  }

  /** @internal */
  removeTrack(id: string): void {
    this.#tracks.delete(id);
  }
}
