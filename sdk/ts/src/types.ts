/**
 * What applications give to and get from a room: options, events, data and statistics. Types only, no code.
 */
import type { CrosspointError } from "./errors.js";
import type { LocalTrack } from "./local-track.js";
import type { MixTrack } from "./mix-track.js";
import type { Participant } from "./participant.js";
import type { RemoteParticipant } from "./remote-participant.js";
import type { RemoteTrack } from "./remote-track.js";
import type {
  ConnectionStats,
  Hears,
  Level,
  MediaKind,
  Quality,
  RoomKind,
  Severity,
  ShowEvent,
  Source,
  VoiceSettings,
  WarningKind,
} from "./wire/index.js";

export type {
  Bus,
  Hears,
  Level,
  MediaKind,
  Preference,
  Quality,
  RoomKind,
  Severity,
  Source,
  VoiceSettings,
  WarningKind,
} from "./wire/index.js";

/** Where a connection stands. */
export type ConnectionState = "connecting" | "connected" | "reconnecting" | "disconnected";

/** What is being repaired: the socket (media flows on), the media path (ICE restart), or everything (a new join). */
export type ReconnectStage = "signalling" | "media" | "rejoin";

/** Why a room ended for this client. */
export type DisconnectReason =
  /** `disconnect()` was called. */
  | "left"
  /** A newer connection of the same identity took over. */
  | "replaced"
  /** An admin put this identity out. */
  | "kicked"
  /** The room was closed. */
  | "room-closed"
  /** The server refused (bad token, room full, …); the error says why. */
  | "refused"
  /** The server could not be reached again in time. */
  | "unreachable";

/** Where a client writes what it does. `console` fits. */
export interface Logger {
  debug(...parts: unknown[]): void;
  info(...parts: unknown[]): void;
  warn(...parts: unknown[]): void;
  error(...parts: unknown[]): void;
}

/** How a track is published. */
export interface PublishOptions {
  /** What it shows. Default: `microphone` for audio, `camera` for video. */
  source?: Source;
  /** A name for the application. */
  name?: string;
  /** Send several sizes (rids h, m, l). Default: true for cameras, false for screens. */
  simulcast?: boolean;
  /** Bits per second of the best layer. Default: 2 Mbit/s camera, 4 Mbit/s screen; mobile profile 500 kbit/s. */
  maxBitrate?: number;
  /** Frames per second at most. */
  maxFramerate?: number;
  /** Preferred video codec, `VP8`, `VP9`, `H264` or `AV1`. Default: the browser's first choice. */
  codec?: string;
  /** Audio that carries each packet twice (RFC 2198), so that single losses are not heard. Default: for microphones. */
  redundant?: boolean;
  /** Begins muted. */
  muted?: boolean;
}

/** A track to publish and how: `room.connect(…, { publish: [{ track, source: "screen_share" }] })`. */
export interface PublishInit extends PublishOptions {
  /** The track. */
  track: MediaStreamTrack;
}

/** How a dropped connection is repaired. */
export interface ReconnectPolicy {
  /** Give up after so many seconds. Default 120. */
  maxSeconds: number;
  /** The first pause in milliseconds; each next one is twice as long. Default 200. */
  firstDelay: number;
  /** The longest pause in milliseconds. Default 5000. */
  maxDelay: number;
  /** How long ICE may stay `disconnected` before it is restarted, in milliseconds. Default 1000. */
  iceGrace: number;
}

/** What is received without being asked for. */
export interface AutoSubscribe {
  /** Voices: the server sends them unasked; `false` unsubscribes from each. Default true. */
  audio?: boolean;
  /** Video: `attached` (default) when an element is attached, `all` at once, `none` only by `subscribe()`. */
  video?: "attached" | "all" | "none";
}

/** What one hears of a room unasked. */
export interface Listening {
  /** `mix`: all voices in one stream, without one's own. `tracks`: each by itself. `hold` and `nothing` are for admins to set. */
  hears: Hears;
  /** Pre-fade listen: this participant as well, on the air or not. */
  preFade?: string;
}

/** Loudness over the last 100 ms. */
export type Levels = Pick<Level, "peak" | "rms" | "clip">;

/** How to join a room. */
export interface RoomOptions {
  /** The room. Default: the one the token is for. */
  room?: string;
  /** The kind of room to make if there is none yet: `forward` (default), `mix` (voices mixed by the server), `mesh`. */
  kind?: RoomKind;
  /** Get `levels` ten times a second, in rooms that mix. */
  levels?: boolean;
  /** Tracks to publish with the join itself: one round trip. */
  publish?: readonly (MediaStreamTrack | PublishInit | LocalTrack)[];
  /** Neither send nor receive video. */
  audioOnly?: boolean;
  /** `mobile`: 500 kbit/s and two layers at most. */
  profile?: "default" | "mobile";
  /** What is received without being asked for. */
  autoSubscribe?: AutoSubscribe;
  /** Tell the server the size and visibility of attached elements (default true). */
  adaptiveStream?: boolean;
  /** Play received audio by itself in hidden elements, where there is a DOM (default true). */
  playAudio?: boolean;
  /** `relay`: only through TURN, the server's or that of `iceServers`; joining takes one round trip more with the server's. */
  iceTransportPolicy?: RTCIceTransportPolicy;
  /** Servers for `RTCConfiguration.iceServers`. The server's own are added once nothing direct works, in mesh rooms at once. */
  iceServers?: RTCIceServer[];
  /** The room's PIN, where it has one. */
  pin?: string;
  /** The name that others see; needs the right to update oneself. Default: the token's. */
  name?: string;
  /** How a dropped connection is repaired; `false`: not at all. */
  reconnect?: Partial<ReconnectPolicy> | false;
  /** Keep the session over a page reload (`sessionStorage`). */
  persist?: boolean;
  /** Gives a fresh token when a rejoin needs one. The server also sends fresh tokens by itself. */
  refreshToken?: () => Promise<string>;
  /** Milliseconds that joining may take. Default 15000. */
  timeout?: number;
  /** Seconds between two `stats` events with the client's own statistics; 0 (default): none. */
  statsInterval?: number;
  /** Where to write what happens. Default: nowhere. */
  logger?: Logger;
}

/** How a message goes. */
export interface SendOptions {
  /** In order and for certain (default), or once. */
  reliable?: boolean;
  /** Identities of the receivers. Default: everybody else. */
  to?: readonly string[];
  /** What it is about. */
  topic?: string;
}

/** A message that came. */
export interface DataMessage {
  /** The sender's identity. */
  from: string;
  /** The sender, if still here. */
  participant: RemoteParticipant | undefined;
  /** What it is about. */
  topic: string | undefined;
  /** Came over the reliable channel (or over signalling). */
  reliable: boolean;
  /** The bytes. */
  payload: Uint8Array;
  /** The bytes as UTF-8 text. */
  text(): string;
  /** The bytes as JSON; throws when they are none. */
  json<T = unknown>(): T;
}

/** Which device failed at what. */
export interface DeviceFailure {
  /** What was asked for. */
  source: Source;
  /** What the browser said: `NotAllowedError`, `NotFoundError`, `NotReadableError`, … */
  error: Error;
}

/** A connection that became bad, worse, or good again. */
export interface QualityWarning {
  /** What. */
  kind: WarningKind;
  /** Percent for `packet-loss`, else milliseconds. */
  value: number;
  /** `clear`, `warning` or `critical`. */
  severity: Severity;
}

/** One track in one direction over the last interval. */
export interface TrackStats {
  /** `TR_…`; empty while a published track has none yet. */
  trackId: string;
  /** Whose; empty: the room's mix. */
  userId: string;
  /** Sent or received. */
  direction: "send" | "receive";
  kind: MediaKind;
  source: Source | undefined;
  /** The simulcast rid, when sending layers; each layer has a row. */
  rid: string | undefined;
  /** `VP8`, `opus`, … */
  codec: string | undefined;
  /** Bits per second of payload. */
  bitrate: number;
  /** Frames per second (video). */
  fps: number | undefined;
  width: number | undefined;
  height: number | undefined;
  /** Percent of packets lost. */
  loss: number;
  /** Milliseconds. */
  jitter: number | undefined;
  /** Round trip in milliseconds, where RTCP tells it. */
  rtt: number | undefined;
  /** Frames decoded or encoded in all. */
  frames: number | undefined;
  /** Received audio: energy since the beginning (W3C `totalAudioEnergy`). */
  audioEnergy: number | undefined;
}

/** A connection's way in words: straight or through a relay (TURN), and what the network sees of it from here. */
export type PathWay = `${"Direct" | "Relayed"}, ${"UDP" | "TCP" | "TLS"}`;

/** A connection's way through the network (W3C webrtc-stats, the candidate pair in use). */
export interface PathStats {
  /** The way in words. */
  way: PathWay;
  /** Of one's own candidate: `host`, `srflx` and `prflx` are direct, `relay` goes through TURN. */
  type: "host" | "srflx" | "prflx" | "relay" | "unknown";
  /** Of the candidates: `udp` or `tcp`; a relay speaks `udp` to the other end. */
  protocol: string;
  /** How the relay is reached: `udp`, `tcp` or `tls`; absent without one. */
  relayProtocol: string | undefined;
  /** Of the other end; absent where the browser hides it. */
  remoteAddress: string | undefined;
  remotePort: number | undefined;
  /** Milliseconds. */
  rtt: number | undefined;
  /** What the browser believes it can send, bits per second. */
  availableOutgoingBitrate: number | undefined;
  /** The other participant in a mesh room; absent: the server. */
  userId: string | undefined;
}

/** Everything that `getStats` tells. Rates are over the time since the last call. */
export interface RoomStats {
  /** Milliseconds since 1970. */
  timestamp: number;
  /** Bits per second in all. */
  up: number;
  /** Bits per second in all. */
  down: number;
  /** One path to the server, or one to each participant in a mesh room. */
  paths: PathStats[];
  tracks: TrackStats[];
  /** What the server measured last. */
  server: ConnectionStats | undefined;
}

/** Events of a room and their arguments: `room.on("trackSubscribed", (track, participant) => …)`. */
export interface RoomEvents {
  /** Joined. `Room.connect` resolves at the same time. */
  connected: [];
  /** Something broke and is being repaired. Media may well flow on in stage `signalling`. */
  reconnecting: [stage: ReconnectStage];
  /** Repaired. `resumed`: the session went on; else it is a new one. */
  reconnected: [resumed: boolean];
  /** Over. Nothing follows. */
  disconnected: [reason: DisconnectReason, detail: string];
  /** Any change of `room.state`. */
  stateChanged: [state: ConnectionState];
  participantJoined: [participant: RemoteParticipant];
  /** `left`, `disconnected`, `kicked` or `moved`. */
  participantLeft: [participant: RemoteParticipant, reason: string];
  /** Name, metadata or attributes changed, one's own included. */
  participantUpdated: [participant: Participant];
  /** Somebody published; it can be subscribed to. */
  trackPublished: [track: RemoteTrack, participant: RemoteParticipant];
  trackUnpublished: [track: RemoteTrack, participant: RemoteParticipant];
  /** Media of a track arrives: `track.mediaStreamTrack` is set. Also when it changes to another one. */
  trackSubscribed: [track: RemoteTrack, participant: RemoteParticipant];
  /** Media of a track arrives no more. */
  trackUnsubscribed: [track: RemoteTrack, participant: RemoteParticipant];
  /** The layer that is sent changed, or the server paused or resumed it. */
  trackStreamChanged: [track: RemoteTrack, participant: RemoteParticipant];
  trackMuted: [track: RemoteTrack | LocalTrack, participant: Participant];
  trackUnmuted: [track: RemoteTrack | LocalTrack, participant: Participant];
  /** The room's flag changed; see `track.held`. */
  trackHeld: [track: RemoteTrack | LocalTrack, participant: Participant];
  /** A track of one's own is published: it has its id now. */
  localTrackPublished: [track: LocalTrack];
  localTrackUnpublished: [track: LocalTrack];
  /** A track of one's own ended by itself (device unplugged, sharing stopped). It was unpublished. */
  localTrackEnded: [track: LocalTrack];
  /** Who speaks, loudest first; oneself may be among them. */
  activeSpeakers: [speakers: Participant[]];
  /** Media of the room's mix arrive, change, or arrive no more. */
  mixChanged: [mix: MixTrack | undefined];
  /** What one hears unasked is something else now. */
  listeningChanged: [listening: Listening];
  /** How somebody's voice is treated before it is mixed, one's own included. */
  voiceChanged: [identity: string, voice: VoiceSettings];
  /** How loud voices and buses are that are not silent, ten times a second while there is sound; see `RoomOptions.levels`. */
  levels: [levels: readonly Level[]];
  /** Somebody talks to oneself alone (`active`), or no more. */
  talkback: [from: string, active: boolean];
  connectionQuality: [participant: Participant, quality: Quality];
  /** One's own connection became bad, worse, or good again. */
  qualityWarning: [warning: QualityWarning];
  /** The server's view of one's own connection, every 5 s. */
  serverStats: [stats: ConnectionStats];
  /** The client's statistics, every `statsInterval` seconds. */
  stats: [stats: RoomStats];
  data: [message: DataMessage];
  /** So many reliable messages could not be delivered to this client. */
  dataLost: [count: number];
  /** An admin moved this client; `room.id` and everything else is the new room's. */
  moved: [roomId: string];
  kicked: [reason: string];
  roomClosed: [reason: string];
  recording: [active: boolean];
  /** Something happened in a show of whose staff this client is. */
  show: [showId: string, event: ShowEvent];
  /** The server gave a fresh token before the old one ends. The room uses it by itself; whoever uses it elsewhere takes it. */
  tokenRefreshed: [token: string];
  /** The server goes down in so many milliseconds; the client finds its way by itself. */
  draining: [deadlineMs: number];
  mediaDeviceError: [failure: DeviceFailure];
  /** May audio play? When false, call `room.startAudio()` from a click. */
  audioPlaybackChanged: [canPlay: boolean];
  /** The server refused something that no call waits for. */
  error: [error: CrosspointError];
}
