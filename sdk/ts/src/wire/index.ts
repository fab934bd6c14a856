// Generated from core/model by `cargo run -p crosspoint-model --features typescript --example wire-types`.
// Do not edit: change the Rust types and generate again.

/** The version of the protocol that `join.protocol` names. */
export const PROTOCOL = 1;
/** The label of the data channel whose messages arrive in order and for certain. */
export const RELIABLE = "reliable";
/** The label of the data channel whose messages are sent once. */
export const LOSSY = "lossy";
/** Codes with which the signalling socket is closed (RFC 6455 §7.4). */
export const CloseCode = {
  POLICY: 1008,
  TOO_BIG: 1009,
  RESTART: 1012,
  REPLACED: 4000,
  KICKED: 4001,
  ROOM_CLOSED: 4002,
  SILENT: 4003,
  TOO_SLOW: 4004,
} as const;
/** Every code of an `error`. */
export const CODES = [
  "unauthorized",
  "token-expired",
  "forbidden",
  "identity-mismatch",
  "kicked",
  "room-locked",
  "wrong-pin",
  "room-full",
  "server-full",
  "draining",
  "room-not-found",
  "room-closed",
  "room-exists",
  "participant-not-found",
  "track-not-found",
  "session-not-found",
  "no-session",
  "not-ready",
  "offer-exists",
  "answer-exists",
  "stale-revision",
  "not-found",
  "already-joined",
  "not-joined",
  "malformed-message",
  "invalid-request",
  "invalid-sdp",
  "invalid-candidate",
  "negotiation-conflict",
  "precondition-failed",
  "precondition-required",
  "method-not-allowed",
  "unsupported-media-type",
  "message-too-large",
  "rate-limited",
  "protocol-unsupported",
  "too-many-tracks",
  "resume-failed",
  "media-unavailable",
  "recording-unavailable",
  "player-unavailable",
  "move-unavailable",
  "show-not-found",
  "show-exists",
  "show-closed",
  "call-not-found",
  "call-taken",
  "call-state",
  "lines-busy",
  "carrier-failed",
  "store-unavailable",
  "target-not-found",
  "internal",
] as const satisfies readonly Code[];

/** A signal of a mixer. */
export type Bus = "programme" | "hold";

/** Where the sound of a call is now. */
export type CallLink = "pending" | "connected" | "lost" | "conference";

/** What a screener notes of a call. In a change, what is absent stays. */
export type CallNotes = {
/** Of the caller. */
name?: string,
/** Where they call from. */
place?: string,
/** What they want to say. */
topic?: string,
/** For the staff. */
notes?: string,
/** 1 to 5; 0: none. */
rating?: number, };

/** The state of a call, in the order of its life. */
export type CallState = "ringing" | "screening" | "screened" | "waiting" | "next" | "on-air" | "hold" | "off" | "dropped";

/** A call as the staff of its show sees it. */
export type CallView = {
/** Which. */
callId: string,
/** Of which show. */
showId: string,
/** Its line on the desk, from 1; free lines are given again. */
line: number,
/** Its identity in rooms: `call-{callId}`. */
identity: string,
/** How it is connected. */
connectionType: ConnectionType,
/** The telephone company's name for it; absent: a browser. */
callSid?: string,
/** The telephone company. */
provider?: string,
/** The caller's number; absent: withheld, or a browser. */
number?: string,
/** What is known of that number from before. */
caller?: CallerView,
/** Where in its life it is. */
state: CallState,
/** Where its sound is. */
link: CallLink,
/** The room that it is in, or would be if it were connected; absent: it is over. */
activeRoom?: string,
/** What was noted. */
notes: CallNotes,
/** Taking the next call leaves it on the air. */
locked: boolean,
/** The identity of the screener who has it, or had it last. */
screener?: string,
/** The host wants it to be talked to again. */
returned: boolean,
/** The digits that the caller keyed in so far, the last 16. */
digits: string,
/** When it came, milliseconds since 1970. */
createdAt: number,
/** Since when it is in this state. */
stateSince: number,
/** When it was approved: those who wait longest go on the air first. */
approvedAt?: number,
/** When it first went on the air. */
airedAt?: number,
/** When it ended. */
endedAt?: number,
/** Why it ended. */
endReason?: string, };

/** What is known of a number from before. */
export type CallerView = {
/** E.164. */
number: string,
/** The name that was noted last. */
name: string,
/** Shown while it rings; empty: none. */
warning: string,
/** Calls of it are turned away. */
banned: boolean,
/** How often it has called, this call apart. */
calls: number,
/** How often it was on the air. */
timesOnAir: number,
/** When it called last before, milliseconds since 1970. */
lastCallAt?: number, };

/** A message of a client with its envelope. */
export type ClientFrame = {
/** Milliseconds since 1970 by the client's clock. Not trusted, not needed; echoed in `pong`. */
timestamp?: number,
/** A number that an `error` or `answer` to this message carries back. */
request?: number, } & ClientMessage;

/** What a client says. Unknown fields are ignored, unknown types refused. */
export type ClientMessage = { "type": "join" } & Join
  | { "type": "leave", }
  | { "type": "offer" } & Negotiation
  | { "type": "answer" } & Negotiation
  | { "type": "ice-candidate" } & Negotiation
  | { "type": "mute",
/** Whose; absent: one's own. */
userId?: string,
/** Which track. */
trackId?: TrackId,
/** Which source, where no track is named. */
source?: Source,
/** The new state. */
muted: boolean, }
  | { "type": "hold",
/** Whose. */
userId: string,
/** Which source; absent: all. */
source?: Source,
/** The new state. */
held: boolean, }
  | { "type": "subscribe",
/** Which. */
trackId: TrackId,
/** The width of the element that shows it, in device pixels. */
width?: number,
/** The height of the element that shows it, in device pixels. */
height?: number,
/** Never send a better layer than this rid. */
layer?: string,
/** Who gets bandwidth first: higher wins, 0 by default. */
priority?: number,
/** Keep the subscription but send nothing. */
paused?: boolean,
/** Audio: keep its slot however loud the others are. */
pinned?: boolean, }
  | { "type": "unsubscribe",
/** Which. */
trackId: TrackId, }
  | { "type": "prefer",
/** Which. */
trackId: TrackId,
/** The width of the element that shows it, in device pixels. */
width?: number,
/** The height of the element that shows it, in device pixels. */
height?: number,
/** Never send a better layer than this rid. */
layer?: string,
/** Who gets bandwidth first: higher wins, 0 by default. */
priority?: number,
/** Keep the subscription but send nothing. */
paused?: boolean,
/** Audio: keep its slot however loud the others are. */
pinned?: boolean, }
  | { "type": "update",
/** The name. */
name?: string,
/** Free text. */
metadata?: string,
/** Attributes to set; an empty value removes one. Names that begin with `crosspoint.` are refused. */
attributes?: { [key in string]: string }, }
  | { "type": "data",
/** To whom; absent: everybody else. */
to?: Array<string>,
/** What it is about. */
topic?: string,
/** Any JSON. */
payload: any, }
  | { "type": "kick",
/** Whom. */
userId: string,
/** Why; shown to them. */
reason?: string, }
  | { "type": "move",
/** Whom. */
userId: string,
/** Where to. */
to: string,
/** Held on arrival. */
muted?: boolean, }
  | { "type": "voice",
/** Whose. */
userId: string,
/** How. */
voice: VoiceSettings, }
  | { "type": "listen",
/** Who hears it; absent: oneself. */
userId?: string,
/** What. */
hears: Hears,
/** Pre-fade listen: this participant as well, on the air or not. */
preFade?: string, }
  | { "type": "talk",
/** To whom; absent: to the room again. */
to?: string, }
  | { "type": "close-room",
/** Why; shown to them. */
reason?: string, }
  | { "type": "start-recording", }
  | { "type": "stop-recording", }
  | { "type": "ping", };

/** Why something was refused. The word stands in JSON; the status is what HTTP doors answer. */
export type Code = "unauthorized" | "token-expired" | "forbidden" | "identity-mismatch" | "kicked" | "room-locked" | "wrong-pin" | "room-full" | "server-full" | "draining" | "room-not-found" | "room-closed" | "room-exists" | "participant-not-found" | "track-not-found" | "session-not-found" | "no-session" | "not-ready" | "offer-exists" | "answer-exists" | "stale-revision" | "not-found" | "already-joined" | "not-joined" | "malformed-message" | "invalid-request" | "invalid-sdp" | "invalid-candidate" | "negotiation-conflict" | "precondition-failed" | "precondition-required" | "method-not-allowed" | "unsupported-media-type" | "message-too-large" | "rate-limited" | "protocol-unsupported" | "too-many-tracks" | "resume-failed" | "media-unavailable" | "recording-unavailable" | "player-unavailable" | "move-unavailable" | "show-not-found" | "show-exists" | "show-closed" | "call-not-found" | "call-taken" | "call-state" | "lines-busy" | "carrier-failed" | "store-unavailable" | "target-not-found" | "internal";

/** One's own connection as the server sees it, every 5 s. */
export type ConnectionStats = {
/** Round trip in milliseconds, once measured. */
roundTrip?: number,
/** From the client to the server. */
up: FlowStats,
/** From the server to the client. */
down: FlowStats,
/** What the way to the client carries, bits per second, once estimated. */
estimate?: number,
/** The network path in use: `udp` or `tcp`. */
path?: string, };

/** How a call is connected. */
export type ConnectionType = "media-stream" | "webrtc";

/** The header of a data-channel message: binary frames are a 16-bit big-endian length, this header as JSON, the payload. */
export type DataHeader = {
/** To whom; absent: everybody else. Only from clients. */
to?: Array<string>,
/** From whom. Only from the server, which stamps it. */
from?: string,
/** What it is about. */
topic?: string, };

/** One direction of a connection over the last 5 s. */
export type FlowStats = {
/** Bits per second of media payload. */
bitrate: number,
/** Packets per second. */
packets: number,
/** Percent lost. */
loss: number,
/** Milliseconds (RFC 3550 §6.4.1). */
jitter: number, };

/** What sound of the room comes to a leg unasked. */
export type Hears = "tracks" | "mix" | "hold" | "nothing";

/** The W3C `RTCIceServer` dictionary. */
export type IceServer = {
/** `stun:`, `turn:` and `turns:` addresses. */
urls: Array<string>,
/** Of `turn:`. */
username?: string,
/** Of `turn:`. */
credential?: string, };

/** Who a participant is: the `sub` of its token. Unique within a room. */
export type Identity = string;

/** What a client asks for when it comes. */
export type Join = {
/** The protocol's version; absent: 1 (hand-written clients). */
protocol?: number,
/** The room. */
roomId: string,
/** Must be the token's `sub` when given. */
userId?: string,
/** The kind of room to make if there is none yet. Absent: `mesh` without an offer, `forward` with one. */
kind?: RoomKind,
/** The browser's offer: own tracks and receive-only slots. One round trip: the answer comes in `joined`. */
offer?: SessionDescription,
/** What is sent on the offer's m-lines. */
publish?: Array<Publish>,
/** What the client can do: `perfect-negotiation` (mesh rooms: glare is its own business), `levels` (rooms that mix:
 * it wants `levels`). */
features?: Array<string>,
/** The room's PIN, where it has one. */
pin?: string,
/** The `resume` of an earlier `joined`: take that session up again. */
resume?: string,
/** With `resume`: the last `seq` that was received; later reliable messages are sent again. */
lastSeq?: number, };

/** The whole state of a room, for who has just come (or come back). */
export type Joined = {
/** The room. */
roomId: string,
/** Oneself. */
userId: string,
/** What the room is. */
kind: RoomKind,
/** The room's mix, as it stands in slots; absent where the room does not mix. */
mix?: TrackId,
/** How voices are treated that are not treated as usual, by identity. */
voices?: { [key in string]: VoiceSettings },
/** The identities of the others, never oneself. */
participants: Array<string>,
/** The others in full. */
users: Array<UserView>,
/** The tracks of the others, and one's own. */
tracks: Array<TrackView>,
/** What is in which receiving m-line. */
slots: Array<SlotView>,
/** For `RTCConfiguration.iceServers`. */
iceServers: Array<IceServer>,
/** To the offer in `join`. */
answer?: SessionDescription,
/** Presented in the next `join` within `resumeSeconds` of a dropped socket, it takes this session up again. */
resume: string,
/** How long a dropped session waits. */
resumeSeconds: number,
/** Was a session taken up again (media never stopped), or is this a new one? */
resumed: boolean,
/** Free text of the room. */
metadata: string, };

/** Loudness of one thing that a mixer has. */
export type Level = {
/** Whose voice; absent: a bus. */
userId?: string,
/** Which bus, where it is no voice. */
bus?: Bus,
/** The highest sample, dBFS, −127 to 0. */
peak: number,
/** Root mean square, dBFS (a full-scale sine: −3). */
rms: number,
/** Did it reach full scale? */
clip: boolean, };

/** How the telephone line of a call does. Volatile: told once a second, never kept. */
export type LineReport = {
/** Which call. */
callId: string,
/** Sound that waits at the telephone company to be played to the caller, milliseconds. */
backlogMs: number,
/** What the jitter buffer for the caller's voice holds, milliseconds. */
bufferMs: number,
/** How irregular the caller's frames come, milliseconds. */
jitterMs: number,
/** Frames of the caller that had to be made up or were left out, so far. */
concealed: number, };

/** What those in the lobby hear. */
export type LobbySource = "programme" | "file" | "silence";

/** Sound or picture (W3C `MediaStreamTrack.kind`). */
export type MediaKind = "audio" | "video";

/** An offer, an answer or a candidate, between a client and the server, or in a mesh room between two clients. */
export type Negotiation = {
/** The room. */
roomId?: string,
/** The sender. The server stamps it; what a client writes here is ignored. */
userId?: string,
/** The receiver in a mesh room; absent: the server. */
targetUserId?: string,
/** The browser's own `RTCSessionDescription` or `RTCIceCandidate` object, as it is. */
data: any,
/** With an offer to the server: what is sent on its m-lines (all of them, also those of earlier offers). */
publish?: Array<Publish>, };

/** What a viewer wants of a video track. */
export type Preference = {
/** The width of the element that shows it, in device pixels. */
width?: number,
/** The height of the element that shows it, in device pixels. */
height?: number,
/** Never send a better layer than this rid. */
layer?: string,
/** Who gets bandwidth first: higher wins, 0 by default. */
priority?: number,
/** Keep the subscription but send nothing. */
paused?: boolean,
/** Audio: keep its slot however loud the others are. */
pinned?: boolean, };

/** A track that a client is about to send on an m-line of its offer. */
export type Publish = {
/** The m-line (`RTCRtpTransceiver.mid`) in the offer that goes with this. */
mid: string,
/** What it shows. */
source: Source,
/** A name for the application. */
name?: string,
/** Begins muted. */
muted?: boolean,
/** Width in pixels of the best layer. */
width?: number,
/** Height in pixels of the best layer. */
height?: number, };

/** How good a connection is, at a glance. */
export type Quality = "excellent" | "good" | "poor" | "lost";

/** What newcomers of a room get by default. */
export type RoomKind = "forward" | "mix" | "mesh";

/** A message of the server with its envelope. */
export type ServerFrame = {
/** The number of a reliable message; give the last one in `join.lastSeq` to get the later ones again. */
seq?: number,
/** The `request` of the message that this answers. */
request?: number,
/** Milliseconds since 1970 by the server's clock. */
timestamp?: number, } & ServerMessage;

/** What the server says. */
export type ServerMessage = { "type": "joined" } & Joined
  | { "type": "user-joined",
/** Who. */
userId: string,
/** In full. */
user: UserView, }
  | { "type": "user-left",
/** Who. */
userId: string,
/** `left`, `disconnected`, `kicked` or `moved`. */
reason: string, }
  | { "type": "published",
/** The track. */
track: TrackView, }
  | { "type": "unpublished",
/** Which. */
trackId: TrackId,
/** Whose. */
userId: string, }
  | { "type": "slots",
/** The lines that changed. */
slots: Array<SlotView>, }
  | { "type": "slots-wanted",
/** Audio lines in all. */
audio: number,
/** Video lines in all. */
video: number, }
  | { "type": "layers",
/** The track. */
trackId: TrackId,
/** The rids that nobody wants; empty: all are wanted. Without simulcast, `*`: nobody wants the track. */
unwanted: Array<string>, }
  | { "type": "muted",
/** Whose. */
userId: string,
/** Which track. */
trackId: TrackId,
/** The flag. */
muted: boolean, }
  | { "type": "held",
/** Whose. */
userId: string,
/** Which track. */
trackId: TrackId,
/** The flag. */
held: boolean, }
  | { "type": "updated",
/** The new state. */
user: UserView, }
  | { "type": "speakers",
/** Loudest first; empty: nobody. */
speakers: Array<Speaker>, }
  | { "type": "levels",
/** Those that are not silent; empty: all have fallen silent. */
levels: Array<Level>, }
  | { "type": "voice",
/** Whose. */
userId: string,
/** How. */
voice: VoiceSettings, }
  | { "type": "listening",
/** What. */
hears: Hears,
/** Pre-fade listen: this participant as well. */
preFade?: string, }
  | { "type": "talkback",
/** Who. */
from: string,
/** Do they? */
active: boolean, }
  | { "type": "connection-quality",
/** Those that changed. */
users: Array<UserQuality>, }
  | { "type": "stats" } & ConnectionStats
  | { "type": "quality-warning",
/** What. */
kind: WarningKind,
/** How much, in the unit of the kind. */
value: number,
/** How bad. */
severity: Severity, }
  | { "type": "token",
/** The JWT. */
token: string, }
  | { "type": "offer" } & Negotiation
  | { "type": "answer" } & Negotiation
  | { "type": "ice-candidate" } & Negotiation
  | { "type": "data",
/** From whom. */
from: string,
/** What it is about. */
topic?: string,
/** Any JSON. */
payload: any, }
  | { "type": "data-lost",
/** How many. */
count: number, }
  | { "type": "moved",
/** Where. */
roomId: string, }
  | { "type": "kicked",
/** `replaced` when a newer connection of this identity took over, else what the admin wrote. */
reason: string, }
  | { "type": "room-closed",
/** Why. */
reason: string, }
  | { "type": "recording",
/** Yes or no. */
active: boolean, }
  | { "type": "show",
/** Which show. */
showId: string,
/** What. In a field of its own: it has a `seq` besides that of the frame. */
event: ShowEvent, }
  | { "type": "draining",
/** Milliseconds until everybody is cut off. */
deadlineMs: number,
/** Where to; absent: the same address. */
url?: string, }
  | { "type": "error",
/** What kind. */
code: Code,
/** What exactly, for a person. */
message: string,
/** Where to read about it. */
docs: string, }
  | { "type": "pong", };

/** The browser's `RTCSessionDescription`. */
export type SessionDescription = {
/** `offer`, `answer`, `pranswer` or `rollback`. */
type: string,
/** The description (RFC 8866); absent in a rollback. */
sdp: string, };

/** How bad it is. */
export type Severity = "clear" | "warning" | "critical";

/** What the staff of a show is told, as it happens. The first is always a [`ShowEvent::Snapshot`]. */
export type ShowEvent = { "event": "snapshot",
/** The number of the last event that it holds. */
seq: number,
/** The show. */
show: ShowView,
/** Its calls that are not over, and the last 50 that are. */
calls: Array<CallView>,
/** Who is there. */
staff: Array<StaffView>, } | { "event": "call",
/** Counts the events of this show, kept ones only. */
seq: number,
/** When, milliseconds since 1970. */
at: number,
/** What happened: `rang`, `picked-up`, `screened`, `approved`, `made-next`, `aired`, `held`, `returned`, `dropped`, `ended`,
 * `locked`, `unlocked`, `noted`, `keyed`, `connected`, `lost`, `in-conference`. */
what: string,
/** Who did it: an identity; absent: the caller, or the server itself. */
by?: string,
/** As it is now. */
call: CallView, } | { "event": "show",
/** As in `call`. */
seq: number,
/** When, milliseconds since 1970. */
at: number,
/** What happened: `made`, `opened`, `closed`, `changed`, `switched`, `ended`. */
what: string,
/** Who did it. */
by?: string,
/** As it is now. */
show: ShowView, } | { "event": "staff",
/** Who is there now. */
staff: Array<StaffView>, } | { "event": "lines",
/** Those that are connected. */
lines: Array<LineReport>, };

/** Who carries the sound of a show's telephones. */
export type ShowMedia = "crosspoint" | "conference";

/** What somebody may do in a show (the token's attribute `crosspoint.role`). */
export type ShowRole = "host" | "screener" | "guest";

/** What can be set of a show. What is absent when one is made is as [`ShowSettings::default`] has it. */
export type ShowSettings = {
/** For people, at most 200 bytes. */
title: string,
/** The telephone numbers that lead here, in E.164 (`+14155550100`). Empty: the calls that no other open show has the number of. */
numbers: Array<string>,
/** Calls at once; more telephones wait in the company's conference, and more guests are told that all lines are busy. */
lines: number,
/** What those in the lobby hear. */
lobby: LobbySource,
/** The file, where that is one. */
lobbyFile?: string,
/** Taking the next call drops the one on the air, unless it is locked. Otherwise that one goes on hold. */
takeDropsPrevious: boolean,
/** How the voices of callers are treated. */
callerVoice: VoiceSettings, };

/** A show as its staff sees it. */
export type ShowView = {
/** Its name in paths and rooms (`episodeId`): 1 to 64 of `a-z`, `0-9`, `-`. */
showId: string,
/** What can be set of it. */
settings: ShowSettings,
/** Does it take calls? A closed one tells callers so. */
open: boolean,
/** Who carries the sound of its telephones. */
media: ShowMedia,
/** With this, keyed in on a telephone, a host gets into the conference. Staff only. */
pin: string,
/** The room with host, callers on the air and callers waiting: `live-{showId}`. */
liveRoom: string,
/** The room of those who wait to be answered: `lobby-{showId}`. */
lobbyRoom: string,
/** The room of screeners who talk to nobody: `desk-{showId}`. */
deskRoom: string,
/** When it was made, milliseconds since 1970. */
createdAt: number,
/** When it ended. */
endedAt?: number, };

/** A receiving m-line of a subscriber and what is in it. */
export type SlotView = {
/** The m-line (W3C `RTCRtpTransceiver.mid`). */
mid: string,
/** Sound or picture. */
kind: MediaKind,
/** The track in it, if any. */
trackId?: TrackId,
/** Who publishes that track. */
userId?: Identity,
/** The simulcast layer that is being sent; absent without simulcast. */
layer?: string,
/** The server sends nothing now: bandwidth is too small for even the lowest layer. */
paused?: boolean, };

/** What a track shows or lets hear. The snake-case words are LiveKit's, which tokens carry. */
export type Source = "microphone" | "camera" | "screen_share" | "screen_share_audio" | "avatar" | "desktop" | "phone" | "other";

/** Who speaks, loudest first. */
export type Speaker = {
/** Who. */
userId: string,
/** Through which track. */
trackId: TrackId,
/** Smoothed level in dBov (RFC 6464): 0 is full scale, −127 silence. */
level: number, };

/** Somebody of a show's staff who is there now. */
export type StaffView = {
/** Who. */
identity: string,
/** For people. */
name: string,
/** `host` or `screener`. */
role: ShowRole,
/** The room that they are in. */
room: string, };

/** A track as clients name it: `TR_` and the number of its [`TrackKey`]. */
export type TrackId = string;

/** A published track as others see it. */
export type TrackView = {
/** The track. */
trackId: TrackId,
/** Who publishes it. */
userId: Identity,
/** Sound or picture. */
kind: MediaKind,
/** What it shows. */
source: Source,
/** A name the publisher gave; may be empty. */
name: string,
/** The publisher's own flag. */
muted: boolean,
/** The room's flag; only an admin clears it. */
held: boolean,
/** The m-line it arrives on at the server (the publisher's `mid`). */
mid: string,
/** Width in pixels as announced; 0 when unknown. */
width: number,
/** Height in pixels as announced; 0 when unknown. */
height: number,
/** The simulcast rids, best first; empty without simulcast. */
layers: Array<string>, };

/** Somebody's connection. */
export type UserQuality = {
/** Who. */
userId: string,
/** How good. */
quality: Quality, };

/** A participant as others see it. */
export type UserView = {
/** The identity. */
userId: Identity,
/** The name to show; empty when the token has none. */
name: string,
/** Free text of the application. */
metadata: string,
/** Attributes of the application, and of the server (`crosspoint.…`). */
attributes: { [key in string]: string },
/** When it joined, milliseconds since 1970. */
joinedAt: number, };

/** How the voices of a participant are treated before they are mixed. */
export type VoiceSettings = {
/** Decibels, −60 to 24. −60 is silence. */
gain: number,
/** Bring speech to the same loudness, whoever speaks. */
autoGainControl: boolean,
/** Take rumble below 80 Hz away. */
highPass: boolean,
/** Close below this level (dBFS, −90 to 0). Absent: never. */
noiseGate?: number,
/** Take steady noise away. */
noiseSuppression: boolean,
/** While it speaks, the others go down by [`MixSettings::ducking`]. */
ducks: boolean, };

/** What a quality warning is about. */
export type WarningKind = "packet-loss" | "jitter" | "round-trip";
