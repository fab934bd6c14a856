/** Which part of a room each of the server's messages concerns. Media have had their look at it before. */
import { fromSignalling } from "./data.js";
import type { Emitter } from "./emitter.js";
import { CrosspointError } from "./errors.js";
import type { LocalParticipant } from "./local-participant.js";
import type { Publications } from "./publications.js";
import type { Roster } from "./roster.js";
import type { DisconnectReason, RoomEvents } from "./types.js";
import type { ConnectionStats, ServerMessage } from "./wire/index.js";

/** What messages reach. */
export interface DispatchHost {
  readonly events: Emitter<RoomEvents>;
  readonly local: LocalParticipant;
  readonly roster: Roster;
  readonly publications: Publications;
  deliver(payload: Uint8Array, from: string, topic: string | undefined, reliable: boolean): void;
  takeToken(token: string): void;
  takeStats(stats: ConnectionStats): void;
  takeRecording(active: boolean): void;
  moved(roomId: string): void;
  drain(deadlineMs: number, url: string | undefined): void;
  /** The server's end of the media connection is gone. */
  mediaLost(): void;
  end(reason: DisconnectReason, detail: string): void;
}

/** Hands a message to the part that it concerns. */
export function dispatch(message: ServerMessage, host: DispatchHost): void {
  const { local, roster, publications } = host;
  switch (message.type) {
    case "user-joined":
      return roster.arrived(message.user);
    case "user-left":
      return roster.left(message.userId, message.reason);
    case "published":
      return message.track.userId === local.identity ? publications.announce() : roster.published(message.track);
    case "unpublished":
      return roster.unpublished(message.trackId);
    case "muted":
      return (message.userId === local.identity ? publications : roster).takeMuted(message.trackId, message.muted);
    case "held":
      return (message.userId === local.identity ? publications : roster).takeHeld(message.trackId, message.held);
    case "updated":
      if (message.user.userId !== local.identity) return roster.updated(message.user);
      local.takeView(message.user);
      return host.events.emit("participantUpdated", local);
    case "speakers":
      return roster.speaking(message.speakers);
    case "connection-quality":
      return roster.qualities(message.users);
    default:
      return dispatchRest(message, host);
  }
}

/** What concerns the session rather than people and tracks. */
function dispatchRest(message: ServerMessage, host: DispatchHost): void {
  const { events } = host;
  switch (message.type) {
    case "stats":
      host.takeStats(message);
      return events.emit("serverStats", message);
    case "quality-warning":
      return events.emit("qualityWarning", { kind: message.kind, value: message.value, severity: message.severity });
    case "token":
      return host.takeToken(message.token);
    case "data":
      return host.deliver(fromSignalling(message.payload), message.from, message.topic, true);
    case "data-lost":
      return events.emit("dataLost", message.count);
    case "moved":
      return host.moved(message.roomId);
    case "kicked":
      events.emit("kicked", message.reason);
      return host.end(message.reason === "replaced" ? "replaced" : "kicked", message.reason);
    case "room-closed":
      events.emit("roomClosed", message.reason);
      return host.end("room-closed", message.reason);
    case "recording":
      host.takeRecording(message.active);
      return events.emit("recording", message.active);
    case "show":
      return events.emit("show", message.showId, message.event);
    case "draining":
      events.emit("draining", message.deadlineMs);
      return host.drain(message.deadlineMs, message.url);
    case "error":
      // An answer to nothing that was asked: the connection broke there, and waiting for ICE to notice takes 15 s.
      if (message.code === "media-unavailable") host.mediaLost();
      return events.emit("error", new CrosspointError(message.code, message.message, message.docs));
    default:
    // `joined` was handled before, `pong` and `answer` are replies; a newer server may say things unknown here.
  }
}
