/** How a video track is encoded: layers, bit rates, sizes. Pure functions of what is captured and asked for. */
import type { MediaKind, PublishOptions, Source } from "./types.js";

/** What decides about the encodings of a track. */
export interface EncodingRequest extends PublishOptions {
  kind: MediaKind;
  source: Source;
  /** Pixels of the capture; 0 when unknown. */
  height: number;
  /** `mobile`: 500 kbit/s and two layers at most. */
  profile: "default" | "mobile";
}

const CAMERA_BITRATE = 2_000_000;
const MOBILE_BITRATE = 500_000;
const SCREEN_BITRATE = 4_000_000;
/** Smaller layers as parts of the best one's bit rate: 2 Mbit/s → 500 kbit/s → 150 kbit/s. */
const LAYERS = [
  { rid: "h", scale: 1, part: 1 },
  { rid: "m", scale: 2, part: 0.25 },
  { rid: "l", scale: 4, part: 0.075 },
] as const;
/** Below this many lines a layer is not worth its overhead. */
const MIN_LAYER_HEIGHT = 160;
/** Speech in Opus, and music of a shared screen. */
const VOICE_BITRATE = 48_000;
const SCREEN_AUDIO_BITRATE = 128_000;

/** Is this source shown pixel for pixel, so that sharpness matters more than smoothness? */
export function isScreen(source: Source): boolean {
  return source === "screen_share" || source === "desktop";
}

/**
 * The `sendEncodings` of a track, smallest layer first: Chromium gives the last encoding what is left of the bit rate, whatever
 * its size. The server knows the rids by name.
 */
export function encodingsFor(request: EncodingRequest): RTCRtpEncodingParameters[] {
  if (request.kind === "audio") {
    const usual = request.source === "screen_share_audio" ? SCREEN_AUDIO_BITRATE : VOICE_BITRATE;
    return [{ maxBitrate: request.maxBitrate ?? usual }];
  }
  const best = bestBitrate(request);
  const framerate = request.maxFramerate ? { maxFramerate: request.maxFramerate } : {};
  if (!(request.simulcast ?? !isScreen(request.source))) return [{ maxBitrate: best, ...framerate }];

  const layers = LAYERS.slice(0, layerCount(request));
  if (layers.length === 1) return [{ maxBitrate: best, ...framerate }];
  return [...layers].reverse().map(({ rid, scale, part }) => ({
    rid,
    active: true,
    scaleResolutionDownBy: scale,
    // Two layers on a phone: half the width needs more than the usual quarter to look like anything.
    maxBitrate: Math.round(best * (request.profile === "mobile" && rid === "m" ? 0.3 : part)),
    ...framerate,
  }));
}

function bestBitrate(request: EncodingRequest): number {
  const usual = isScreen(request.source) ? SCREEN_BITRATE : CAMERA_BITRATE;
  const wanted = request.maxBitrate ?? smaller(usual, request);
  return request.profile === "mobile" ? Math.min(wanted, MOBILE_BITRATE) : wanted;
}

/** A small camera picture does not need what 720 lines need. */
function smaller(usual: number, request: EncodingRequest): number {
  if (isScreen(request.source) || request.height === 0 || request.height >= 720) return usual;
  return Math.max(150_000, Math.round(usual * (request.height / 720) ** 1.5));
}

function layerCount(request: EncodingRequest): number {
  const most = request.profile === "mobile" ? 2 : LAYERS.length;
  const height = request.height || 720;
  const useful = LAYERS.filter(({ scale }) => scale === 1 || height / scale >= MIN_LAYER_HEIGHT).length;
  return Math.min(most, useful);
}

/** The codecs of the browser with `name` (`VP8`, `AV1`, …) first; helpers such as rtx stay behind in their order. */
export function preferCodec<C extends { mimeType: string }>(codecs: readonly C[], mimeType: string): C[] {
  const wanted = mimeType.toLowerCase();
  const is = (codec: C) => codec.mimeType.toLowerCase() === wanted;
  return [...codecs.filter(is), ...codecs.filter((codec) => !is(codec))];
}

/**
 * Which encodings are to be sent now. Not those of a muted track; not those that nobody wants (`layers` message: rids, or
 * `*` for all of a track without layers).
 */
export function activeEncodings(
  encodings: readonly RTCRtpEncodingParameters[],
  unwanted: ReadonlySet<string>,
  muted: boolean,
): boolean[] {
  return encodings.map(({ rid }) => !muted && !unwanted.has("*") && !(rid !== undefined && unwanted.has(rid)));
}
