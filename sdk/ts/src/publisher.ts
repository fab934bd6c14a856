/**
 * What a peer connection to the server sends: one send-only m-line per local track, with its layers. m-lines of tracks that
 * are gone are taken for the next one of their shape, so that the description does not grow.
 */
import type { LocalTrack } from "./local-track.js";
import { activeEncodings, encodingsFor, isScreen, preferCodec } from "./simulcast.js";
import type { Logger } from "./types.js";
import type { Publish } from "./wire/index.js";

interface Sending {
  transceiver: RTCRtpTransceiver;
  /** Kind, rids and codec: an m-line can be used again for the same shape only. */
  shape: string;
  track: LocalTrack | undefined;
  /** Rids that no viewer wants, or `*`. */
  unwanted: ReadonlySet<string>;
  /** `setParameters` calls must not overlap. */
  pending: Promise<void>;
}

/** The sending half of a connection to the server. */
export class Publisher {
  #sendings: Sending[] = [];

  constructor(
    private readonly pc: RTCPeerConnection,
    private readonly profile: "default" | "mobile",
    private readonly logger: Logger,
  ) {}

  /** Prepares an m-line for a track; an offer must follow. */
  async add(track: LocalTrack): Promise<void> {
    const encodings = this.#encodings(track);
    const shape = [track.kind, encodings.map(({ rid }) => rid).join(), track.options.codec ?? ""].join("/");
    const free = this.#sendings.find((one) => !one.track && one.shape === shape && one.transceiver.mid !== null);
    if (free) {
      free.track = track;
      free.unwanted = new Set();
      free.transceiver.direction = "sendonly";
      await free.transceiver.sender.replaceTrack(track.media);
      await this.#tune(free, encodings);
      return;
    }
    const transceiver = this.pc.addTransceiver(track.media, { direction: "sendonly", sendEncodings: encodings });
    const preferred = preferredCodec(track);
    if (preferred) preferOn(transceiver, track.kind, preferred);
    const sending = { transceiver, shape, track, unwanted: new Set<string>(), pending: Promise.resolve() };
    this.#sendings.push(sending);
    if (track.muted || isScreen(track.source)) await this.#tune(sending);
  }

  /** Empties the m-line of a track; an offer must follow. */
  async remove(track: LocalTrack): Promise<void> {
    const sending = this.#of(track);
    if (!sending) return;
    sending.track = undefined;
    await sending.transceiver.sender.replaceTrack(null);
    if (sending.transceiver.mid === null) {
      // Never negotiated: nobody knows of it.
      sending.transceiver.stop();
      this.#sendings = this.#sendings.filter((one) => one !== sending);
    } else {
      sending.transceiver.direction = "inactive";
    }
  }

  /** Sends the track's present browser track. No offer is needed. */
  async replace(track: LocalTrack): Promise<void> {
    await this.#of(track)?.transceiver.sender.replaceTrack(track.media);
  }

  /** Starts or stops sending after the track's mute flag changed. */
  async applyMute(track: LocalTrack): Promise<void> {
    const sending = this.#of(track);
    if (sending) await this.#tune(sending);
  }

  /** Encodes only the layers that somebody wants. */
  async applyUnwanted(track: LocalTrack, unwanted: readonly string[]): Promise<void> {
    const sending = this.#of(track);
    if (!sending) return;
    sending.unwanted = new Set(unwanted);
    await this.#tune(sending);
  }

  /** What goes with an offer: every m-line that sends. Call it when the local description is set. */
  list(): Publish[] {
    return this.#sendings.flatMap(({ track, transceiver }) => {
      if (!track || transceiver.mid === null) return [];
      const { width, height } = track.media.getSettings();
      return {
        mid: transceiver.mid,
        source: track.source,
        ...(track.name ? { name: track.name } : {}),
        ...(track.muted ? { muted: true } : {}),
        ...(width && height ? { width, height } : {}),
      };
    });
  }

  /** The track on an m-line. */
  byMid(mid: string | null): LocalTrack | undefined {
    return mid === null ? undefined : this.#sendings.find(({ transceiver }) => transceiver.mid === mid)?.track;
  }

  /** Is this one of the m-lines that send? */
  owns(transceiver: RTCRtpTransceiver): boolean {
    return this.#sendings.some((one) => one.transceiver === transceiver);
  }

  #of(track: LocalTrack): Sending | undefined {
    return this.#sendings.find((one) => one.track === track);
  }

  #encodings(track: LocalTrack): RTCRtpEncodingParameters[] {
    const height = track.media.getSettings().height ?? 0;
    const request = { ...track.options, kind: track.kind, source: track.source, height, profile: this.profile };
    return encodingsFor(request);
  }

  /** Brings the sender's parameters to what is to be sent now. */
  #tune(sending: Sending, encodings?: RTCRtpEncodingParameters[]): Promise<void> {
    sending.pending = sending.pending.then(async () => {
      const { track, transceiver, unwanted } = sending;
      if (!track) return;
      const parameters = transceiver.sender.getParameters();
      const present = parameters.encodings ?? [];
      const active = activeEncodings(present, unwanted, track.muted);
      present.forEach((encoding, index) => {
        encoding.active = active[index] ?? true;
        const bitrate = encodings?.[index]?.maxBitrate;
        if (bitrate) encoding.maxBitrate = bitrate;
      });
      if (isScreen(track.source)) parameters.degradationPreference = "maintain-resolution";
      try {
        await transceiver.sender.setParameters(parameters);
      } catch (error) {
        // Older browsers know only some of it: sending more than needed is no reason to fail.
        this.logger.warn("the sender's parameters were not taken", error);
      }
    });
    return sending.pending;
  }
}

/** The codec that goes first in the offer. */
function preferredCodec({ kind, source, options }: LocalTrack): string | undefined {
  if (kind === "video") return options.codec && `video/${options.codec}`;
  // RFC 2198: each packet carries the voice of the one before again, so that a single loss is not heard.
  return (options.redundant ?? source === "microphone") ? "audio/red" : undefined;
}

function preferOn(transceiver: RTCRtpTransceiver, kind: "audio" | "video", mimeType: string): void {
  const known = globalThis.RTCRtpReceiver?.getCapabilities?.(kind)?.codecs;
  if (known && transceiver.setCodecPreferences) transceiver.setCodecPreferences(preferCodec(known, mimeType));
}
