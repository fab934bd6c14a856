/**
 * One guest in a room, for tests: joins with the SDK, shows who is there, and tells what arrives. Tests call it through
 * `window.guest`.
 */
import * as crosspoint from "/sdk/index.js";
import { tones, trace } from "./ear.js";

/** Every peer connection that the page makes, so that tests see when a new one appears. */
const connections = [];
window.RTCPeerConnection = class extends window.RTCPeerConnection {
  constructor(...given) {
    super(...given);
    connections.push(this);
  }
};

/** Events of the room, as they came: `{name, ...what it says}`. */
const events = [];
let room;

const HEARD = {
  connected: () => ({}),
  reconnecting: (stage) => ({ stage }),
  reconnected: (resumed) => ({ resumed }),
  disconnected: (reason, detail) => ({ reason, detail }),
  participantJoined: (who) => ({ who: who.identity }),
  participantLeft: (who, reason) => ({ who: who.identity, reason }),
  trackPublished: (track, who) => ({ who: who.identity, source: track.source }),
  trackUnpublished: (track, who) => ({ who: who.identity, source: track.source }),
  trackMuted: (track, who) => ({ who: who.identity, source: track.source }),
  trackUnmuted: (track, who) => ({ who: who.identity, source: track.source }),
  trackHeld: (track, who) => ({ who: who.identity, source: track.source, held: track.held }),
  activeSpeakers: (speakers) => ({ speakers: speakers.map(({ identity }) => identity) }),
  data: (message) => ({
    from: message.from,
    topic: message.topic,
    reliable: message.reliable,
    text: message.text(),
  }),
  kicked: (reason) => ({ reason }),
  moved: (to) => ({ to }),
  listeningChanged: ({ hears, preFade }) => ({ hears, preFade }),
  voiceChanged: (who, { gain }) => ({ who, gain }),
  talkback: (from, active) => ({ from, active }),
  error: (error) => ({ code: error.code, message: error.message }),
};

/** A voice that speaks without a pause, where the fake microphone only beeps now and then. */
function tone(frequency) {
  const context = new AudioContext();
  const oscillator = new OscillatorNode(context, { frequency });
  const out = context.createMediaStreamDestination();
  oscillator.connect(new GainNode(context, { gain: 0.5 })).connect(out);
  oscillator.start();
  return out.stream.getAudioTracks()[0];
}

/** Captures the fake devices; `tone`: a steady voice of that frequency in place of the microphone. */
async function capture({ audio = true, video = true, width = 320, height = 180, fps = 15, tone: frequency } = {}) {
  if (frequency) return [tone(frequency), ...(video ? await capture({ audio: false, width, height, fps }) : [])];
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: audio && { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
    video: video && { width: { exact: width }, height: { exact: height }, frameRate: fps },
  });
  return stream.getTracks();
}

/** Joins. `media: false` publishes nothing; `simulcast` sends three layers. */
async function join(url, token, { media = {}, simulcast = false, codec, show = true, room: options = {} } = {}) {
  const tracks = media ? await capture(media) : [];
  const publish = tracks.map((track) => (track.kind === "video" ? { track, simulcast, codec } : track));
  try {
    room = await crosspoint.Room.connect(url, token, { publish, timeout: 10_000, ...options });
  } catch (error) {
    return { refused: error.code, message: error.message };
  }
  for (const [name, told] of Object.entries(HEARD)) {
    room.on(name, (...given) => events.push({ name, ...told(...given) }));
  }
  if (show) {
    for (const who of room.participants.values()) for (const track of who.tracks.values()) put(track);
    room.on("trackPublished", put);
    room.on("trackUnpublished", (track) => {
      for (const element of track.detach()) element.remove();
    });
  }
  return {};
}

function put(track) {
  if (track.kind !== "video") return;
  const element = track.attach();
  element.id = `${track.participant.identity}-${track.source}`;
  document.getElementById(element.id)?.remove();
  element.muted = true;
  document.getElementById("stage").append(element);
}

function trackOf(identity, source) {
  return room?.participants.get(identity)?.track(source);
}

/** What has arrived of a track, or nothing. */
async function received(identity, source) {
  const track = trackOf(identity, source);
  const media = track?.mediaStreamTrack;
  if (!media) return undefined;
  for (const connection of connections) {
    const receiver = connection.getReceivers().find((one) => one.track === media);
    if (!receiver || connection.connectionState === "closed") continue;
    const stats = await receiver.getStats();
    for (const row of stats.values()) {
      if (row.type !== "inbound-rtp") continue;
      return {
        codec: stats.get(row.codecId)?.mimeType,
        frames: row.framesDecoded ?? 0,
        width: row.frameWidth ?? 0,
        height: row.frameHeight ?? 0,
        energy: row.totalAudioEnergy ?? 0,
        samples: row.totalSamplesReceived ?? 0,
        concealed: row.concealedSamples ?? 0,
        packets: row.packetsReceived,
        keyFrames: row.keyFramesDecoded,
        freezes: row.freezeCount,
        layer: track.layer,
        paused: track.paused,
      };
    }
  }
  return undefined;
}

/** Publishes a tone by WHIP (RFC 9725). */
async function whip(endpoint, token, frequency) {
  const connection = new RTCPeerConnection();
  connection.addTransceiver(tone(frequency), { direction: "sendonly" });
  await post(connection, endpoint, token);
}

/** Views by WHEP, and plays what comes. */
async function whep(endpoint, token) {
  const connection = new RTCPeerConnection();
  for (const kind of ["audio", "video"]) connection.addTransceiver(kind, { direction: "recvonly" });
  connection.ontrack = ({ track }) => {
    const element = document.createElement(track.kind);
    element.autoplay = true;
    element.srcObject = new MediaStream([track]);
    document.getElementById("stage").append(element);
  };
  await post(connection, endpoint, token);
}

async function post(connection, endpoint, token) {
  await connection.setLocalDescription();
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/sdp" };
  const answer = await fetch(endpoint, { method: "POST", headers, body: connection.localDescription.sdp });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  await connection.setRemoteDescription({ type: "answer", sdp: await answer.text() });
}

/** The streams of sound that arrive: how many packets each, where there are any. */
async function arriving() {
  const found = [];
  for (const connection of connections) {
    if (connection.connectionState === "closed") continue;
    for (const row of (await connection.getStats()).values()) {
      if (row.type === "inbound-rtp" && row.kind === "audio" && row.packetsReceived > 0)
        found.push(row.packetsReceived);
    }
  }
  return found;
}

/** Everything that is noted of a tone, by its frequency. */
const traces = {};

/** What is sent of a kind: a row for each layer, by rid. */
async function sent(kind) {
  const rows = {};
  for (const connection of connections) {
    if (connection.connectionState === "closed") continue;
    for (const row of (await connection.getStats()).values()) {
      if (row.type !== "outbound-rtp" || row.kind !== kind) continue;
      rows[row.rid ?? ""] = {
        frames: row.framesEncoded,
        width: row.frameWidth,
        active: row.active,
        bytes: row.bytesSent,
      };
    }
  }
  return rows;
}

/** Does this browser encode such video? */
function encodes(codec) {
  const known = RTCRtpSender.getCapabilities("video")?.codecs ?? [];
  return known.some(({ mimeType }) => mimeType.toLowerCase() === `video/${codec}`.toLowerCase());
}

/** The network paths in use. */
async function paths() {
  const found = [];
  const ways = (await room?.getStats())?.paths ?? [];
  for (const connection of connections) {
    if (connection.connectionState !== "connected") continue;
    const stats = await connection.getStats();
    for (const row of stats.values()) {
      if (row.type !== "transport" || !row.selectedCandidatePairId) continue;
      const pair = stats.get(row.selectedCandidatePairId);
      const local = stats.get(pair.localCandidateId);
      const remote = stats.get(pair.remoteCandidateId);
      found.push({
        protocol: local.protocol,
        way: ways.find((one) => one.remotePort === remote.port)?.way,
        type: local.candidateType,
        relayProtocol: local.relayProtocol,
        port: local.port,
        remotePort: remote.port,
        remoteAddress: remote.address,
        estimate: pair.availableOutgoingBitrate,
      });
    }
  }
  return found;
}

/** Every UDP port that ICE uses or may come to use. */
async function ports() {
  const found = [];
  for (const connection of connections) {
    for (const row of (await connection.getStats()).values()) {
      if (row.type !== "local-candidate" || row.protocol !== "udp") continue;
      // Behind a relay the socket's own port is the one to which a reflexive candidate is related.
      found.push(row.candidateType === "host" ? row.port : row.relatedPort);
    }
  }
  return [...new Set(found)];
}

/** Shows a track at another size. */
function resize(identity, source, width, height) {
  const element = document.getElementById(`${identity}-${source}`);
  element.style.width = `${width}px`;
  element.style.height = `${height}px`;
}

/** The identities of the others. */
function people() {
  return [...(room?.participants.keys() ?? [])].sort();
}

window.guest = {
  encodes,
  crosspoint,
  connections,
  events,
  capture,
  join,
  received,
  sent,
  paths,
  ports,
  resize,
  people,
  trackOf,
  whip,
  whep,
  arriving,
  traces,
  tones: (frequencies) => tones(connections, frequencies),
  trace: (frequency) => {
    traces[frequency] ??= trace(connections, frequency);
  },
  get room() {
    return room;
  },
};
