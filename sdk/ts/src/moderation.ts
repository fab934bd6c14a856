/** What the holder of an admin grant may do in a room. Each call resolves when the server took it, and rejects when not. */
import { Emitter } from "./emitter.js";
import type { RoomEvents, Source } from "./types.js";
import type { ClientMessage } from "./wire/index.js";

/** The part of a room that needs an admin grant. */
export abstract class ModeratedRoom extends Emitter<RoomEvents> {
  /** Puts somebody out, until their token expires. */
  kick(identity: string, reason?: string): Promise<void> {
    return this.confirm({ type: "kick", userId: identity, ...(reason === undefined ? {} : { reason }) });
  }

  /** Mutes somebody: one track, one source, or all. They can unmute themselves; nobody else can open a microphone. */
  mute(identity: string, muted: boolean, which: { trackId?: string; source?: Source } = {}): Promise<void> {
    return this.confirm({ type: "mute", userId: identity, muted, ...which });
  }

  /** Sets the room's flag on somebody's tracks: only an admin clears it again. */
  hold(identity: string, held: boolean, source?: Source): Promise<void> {
    return this.confirm({ type: "hold", userId: identity, held, ...(source ? { source } : {}) });
  }

  /** Moves somebody to another room, held on arrival if `muted`; their connection stays. */
  move(identity: string, to: string, muted?: boolean): Promise<void> {
    return this.confirm({ type: "move", userId: identity, to, ...(muted === undefined ? {} : { muted }) });
  }

  /** Closes the room for everybody. */
  close(reason?: string): Promise<void> {
    return this.confirm({ type: "close-room", ...(reason === undefined ? {} : { reason }) });
  }

  /** Records the room; needs the right to record. */
  startRecording(): Promise<void> {
    return this.confirm({ type: "start-recording" });
  }

  /** Stops recording. */
  stopRecording(): Promise<void> {
    return this.confirm({ type: "stop-recording" });
  }

  /** Sends what the server answers only when it refuses. */
  protected abstract confirm(message: ClientMessage): Promise<void>;
}
