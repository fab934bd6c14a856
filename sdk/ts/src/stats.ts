/**
 * The browser's statistics in one shape. In: `RTCStatsReport`s of one peer connection, one after the other. Out: rows with
 * rates over the time between two of them (W3C webrtc-stats).
 */
import type { TrackOwner } from "./media.js";
import type { PathStats, PathWay, TrackStats } from "./types.js";

/** A row of a report. The DOM's types leave most fields out. */
// biome-ignore lint/suspicious/noExplicitAny: fields of webrtc-stats differ by type and browser
type Row = Record<string, any>;

interface Counters {
  timestamp: number;
  bytes: number;
  packets: number;
  lost: number;
  frames: number;
}

/** Reads the statistics of one peer connection. */
export class StatsReader {
  #before = new Map<string, Counters>();

  /** Rows for every m-line of which `ownerOf` knows the track. */
  read(
    report: ReadonlyMap<string, Row>,
    ownerOf: (mid: string, direction: "send" | "receive") => TrackOwner | undefined,
  ): { tracks: TrackStats[]; paths: PathStats[] } {
    const tracks: TrackStats[] = [];
    const now = new Map<string, Counters>();
    for (const row of report.values()) {
      const direction = row.type === "outbound-rtp" ? "send" : row.type === "inbound-rtp" ? "receive" : undefined;
      if (!direction || typeof row.mid !== "string") continue;
      const owner = ownerOf(row.mid, direction);
      if (!owner?.trackId && direction === "receive") continue;
      if (!owner) continue;
      const remote: Row = report.get(row.remoteId) ?? {};
      const counters = countersOf(row, remote, direction);
      // A slot that shows another track now must not count what it carried before.
      const key = `${row.id}/${owner.trackId}`;
      now.set(key, counters);
      tracks.push(toTrack(row, remote, report, owner, direction, counters, this.#before.get(key)));
    }
    this.#before = now;
    return { tracks, paths: pathsOf(report) };
  }
}

function countersOf(row: Row, remote: Row, direction: "send" | "receive"): Counters {
  const sends = direction === "send";
  return {
    timestamp: row.timestamp,
    bytes: (sends ? row.bytesSent : row.bytesReceived) ?? 0,
    packets: (sends ? row.packetsSent : row.packetsReceived) ?? 0,
    lost: (sends ? remote.packetsLost : row.packetsLost) ?? 0,
    frames: (sends ? row.framesEncoded : row.framesDecoded) ?? 0,
  };
}

function toTrack(
  row: Row,
  remote: Row,
  report: ReadonlyMap<string, Row>,
  owner: TrackOwner,
  direction: "send" | "receive",
  now: Counters,
  before: Counters | undefined,
): TrackStats {
  const seconds = before ? (now.timestamp - before.timestamp) / 1000 : 0;
  const rate = (field: "bytes" | "frames") => (before && seconds > 0 ? (now[field] - before[field]) / seconds : 0);
  const lost = Math.max(0, now.lost - (before?.lost ?? 0));
  const packets = Math.max(0, now.packets - (before?.packets ?? 0));
  // What was sent includes what got lost; what was received does not.
  const expected = direction === "send" ? packets : packets + lost;
  const codec: string | undefined = report.get(row.codecId)?.mimeType;
  const video = row.kind === "video";
  const jitter = direction === "send" ? remote.jitter : row.jitter;
  const rtt = remote.roundTripTime;
  return {
    ...owner,
    direction,
    kind: row.kind,
    rid: row.rid,
    codec: codec?.split("/")[1],
    bitrate: Math.max(0, rate("bytes") * 8),
    fps: video ? (row.framesPerSecond ?? rate("frames")) : undefined,
    width: row.frameWidth,
    height: row.frameHeight,
    loss: expected > 0 ? Math.min(100, (lost / expected) * 100) : 0,
    jitter: milliseconds(jitter),
    rtt: milliseconds(rtt),
    frames: video ? now.frames : undefined,
    audioEnergy: row.totalAudioEnergy,
  };
}

/** The candidate pairs in use: one, with everything bundled. */
export function pairsInUse(report: ReadonlyMap<string, Row>): Row[] {
  const pairs = new Set<string>();
  for (const row of report.values()) {
    if (row.type === "transport" && row.selectedCandidatePairId) pairs.add(row.selectedCandidatePairId);
    // Firefox has no transport row.
    if (row.type === "candidate-pair" && row.selected) pairs.add(row.id);
  }
  return [...pairs].flatMap((id) => report.get(id) ?? []);
}

function pathsOf(report: ReadonlyMap<string, Row>): PathStats[] {
  return pairsInUse(report).flatMap((pair) => {
    const local = report.get(pair.localCandidateId);
    if (!local) return [];
    const remote: Row = report.get(pair.remoteCandidateId) ?? {};
    return {
      way: wayOf(local),
      type: typeOf(local),
      protocol: local.protocol ?? "unknown",
      relayProtocol: local.relayProtocol,
      remoteAddress: remote.address ?? remote.ip,
      remotePort: remote.port,
      rtt: milliseconds(pair.currentRoundTripTime),
      availableOutgoingBitrate: pair.availableOutgoingBitrate,
      userId: undefined,
    };
  });
}

/**
 * Where a relay's own address is not the one that it is seen with, the browser takes what comes back for a new candidate
 * (`prflx`, RFC 8445 §7.2.5.3.1): how the relay is reached tells that there is one.
 */
function typeOf(local: Row): PathStats["type"] {
  return local.relayProtocol ? "relay" : (local.candidateType ?? "unknown");
}

function wayOf(local: Row): PathWay {
  const relayed = typeOf(local) === "relay";
  const protocol = relayed ? local.relayProtocol : local.protocol;
  const shown = protocol === "tcp" ? "TCP" : protocol === "tls" ? "TLS" : "UDP";
  return `${relayed ? "Relayed" : "Direct"}, ${shown}`;
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}
