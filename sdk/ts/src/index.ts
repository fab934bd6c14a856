/**
 * `@crosspoint/client`: join rooms of a Crosspoint server from a browser.
 *
 * Begin at `Room`. Options, events and statistics stand in `types.ts`, the wire's types in `wire/`.
 */
export type { Payload } from "./data.js";
export {
  type CaptureOptions,
  createLocalTrack,
  createLocalTracks,
  createScreenTracks,
  listDevices,
  type ScreenOptions,
} from "./devices.js";
export { Emitter } from "./emitter.js";
export { CrosspointError, type ErrorCode } from "./errors.js";
export { LocalParticipant, type SelfUpdate } from "./local-participant.js";
export { LocalTrack } from "./local-track.js";
export { MixTrack } from "./mix-track.js";
export { Participant } from "./participant.js";
export { RemoteParticipant } from "./remote-participant.js";
export { RemoteTrack } from "./remote-track.js";
export { Room } from "./room.js";
export { Track } from "./track.js";
export type * from "./types.js";
export type {
  CallerView,
  CallLink,
  CallNotes,
  CallState,
  CallView,
  Code,
  ConnectionStats,
  ConnectionType,
  FlowStats,
  LineReport,
  LobbySource,
  ShowEvent,
  ShowMedia,
  ShowRole,
  ShowSettings,
  ShowView,
  StaffView,
} from "./wire/index.js";
export { CloseCode } from "./wire/index.js";
