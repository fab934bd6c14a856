/** What a room needs of its media, whether it goes through the server or from browser to browser. */
import type { LocalTrack } from "./local-track.js";
import type { Relays } from "./relays.js";
import type { Logger, PathStats, RoomOptions, TrackStats } from "./types.js";
import type { Joined, Publish, ServerMessage, SessionDescription, SlotView, TrackView } from "./wire/index.js";

/** How the media path is: up, silent (it may mend itself), in need of an ICE restart, beyond repair. */
export type PathState = "connected" | "silent" | "trouble" | "failed";

/** Which track a row of the statistics is about. */
export interface TrackOwner {
  trackId: string;
  userId: string;
  source: TrackStats["source"];
}

/** What media tell their room. */
export interface MediaHost {
  readonly options: RoomOptions;
  readonly logger: Logger;
  /** The server's relays. */
  readonly relays: Relays;
  /** One's own identity. */
  identity(): string;
  /** Sends an offer to the server and gives the answer. */
  exchange(offer: SessionDescription, publish: Publish[]): Promise<SessionDescription>;
  /** Sends a description or a candidate to the server, or in a mesh room to a participant. */
  relay(type: "offer" | "answer" | "ice-candidate", data: unknown, to?: string): void;
  /** A data-channel frame came; `from` in mesh rooms, where no server stamps it. */
  received(frame: Uint8Array, reliable: boolean, from?: string): void;
  /** The state of the media path is another. */
  pathChanged(state: PathState): void;
  /** A track is in another place, or nowhere: `media` is what the browser gives for it. */
  placed(trackId: string, slot: SlotView | undefined, media: MediaStreamTrack | undefined): void;
  /** Mesh rooms: what a participant publishes, all of it. */
  published(userId: string, tracks: TrackView[]): void;
}

/** Media through the server (`ServerMedia`) or from browser to browser (`MeshMedia`). */
export interface Media {
  /** Takes over what a `joined` says: the answer, slots, who is there. */
  joined(joined: Joined): Promise<void>;
  /** The socket is gone for now. */
  suspend(): void;
  /** Handles a message that is its business; false when it is not. */
  handle(message: ServerMessage): boolean;
  publish(track: LocalTrack): Promise<void>;
  unpublish(track: LocalTrack): Promise<void>;
  replace(track: LocalTrack): Promise<void>;
  muteChanged(track: LocalTrack): Promise<void>;
  /** Sends data where a channel is open; false where there is none. */
  send(
    payload: Uint8Array,
    reliable: boolean,
    to: readonly string[] | undefined,
    topic: string | undefined,
  ): Promise<boolean>;
  getStats(): Promise<{ tracks: TrackStats[]; paths: PathStats[] }>;
  /** Mends the media path without a new connection. */
  restartIce(): Promise<void>;
  /** The machine's network is another one: a path that is silent is in trouble. */
  networkChanged(): void;
  close(): void;
}
