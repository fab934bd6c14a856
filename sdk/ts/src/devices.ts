/** Cameras, microphones and screens as local tracks. The only file that asks the browser for devices. */
import { CrosspointError } from "./errors.js";
import { LocalTrack } from "./local-track.js";
import type { MediaKind, PublishOptions } from "./types.js";

/** How to capture from a device. */
export interface CaptureOptions extends PublishOptions {
  /** Which one. Default: the browser's choice. */
  deviceId?: string;
  /** More wishes; they stand before the defaults. */
  constraints?: MediaTrackConstraints;
}

/** How to capture a screen, a window or a tab. */
export interface ScreenOptions extends PublishOptions {
  /** With its sound, where browser and user give it. */
  audio?: boolean;
  /** What matters: `detail` (default) and `text` sharpness, `motion` smoothness. */
  contentHint?: "detail" | "motion" | "text";
  /** More wishes for the picture. */
  constraints?: MediaTrackConstraints;
}

/** What is asked of a device when the application says nothing. */
export function constraintsOf(kind: MediaKind): MediaTrackConstraints {
  return kind === "audio"
    ? { echoCancellation: true, noiseSuppression: true, autoGainControl: true }
    : { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
}

/** Captures camera and microphone with one question to the user. */
export async function createLocalTracks(wanted: {
  audio?: boolean | MediaTrackConstraints;
  video?: boolean | MediaTrackConstraints;
}): Promise<LocalTrack[]> {
  const asked = { audio: constraintsFor("audio", wanted.audio), video: constraintsFor("video", wanted.video) };
  const stream = await devices().getUserMedia(asked);
  return stream.getTracks().map((media) => {
    const constraints = asked[media.kind as MediaKind];
    return new LocalTrack(media, {}, typeof constraints === "object" ? constraints : undefined);
  });
}

/** Captures from one device. */
export async function createLocalTrack(kind: MediaKind, options: CaptureOptions = {}): Promise<LocalTrack> {
  const { deviceId, constraints, ...publish } = options;
  const asked = { ...constraintsOf(kind), ...(deviceId ? { deviceId: { exact: deviceId } } : {}), ...constraints };
  const stream = await devices().getUserMedia({ [kind]: asked });
  const media = stream.getTracks()[0];
  if (!media) throw new CrosspointError("unsupported", `the browser gave no ${kind} track`);
  return new LocalTrack(media, publish, asked);
}

/** Captures a screen, a window or a tab: one video track, and one for its sound if there is any. */
export async function createScreenTracks(options: ScreenOptions = {}): Promise<LocalTrack[]> {
  const { audio = false, contentHint = "detail", constraints, ...publish } = options;
  const stream = await devices().getDisplayMedia({
    video: { frameRate: { ideal: 30 }, ...constraints },
    // Processing made for voices would spoil music.
    audio: audio && { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  });
  return stream.getTracks().map((media) => {
    if (media.kind === "audio") return new LocalTrack(media, { source: "screen_share_audio" });
    media.contentHint = contentHint;
    return new LocalTrack(media, { source: "screen_share", ...publish });
  });
}

/** The devices there are. Their labels are empty until the user has allowed one of them. */
export async function listDevices(kind?: MediaDeviceKind): Promise<MediaDeviceInfo[]> {
  const all = await devices().enumerateDevices();
  return kind ? all.filter((device) => device.kind === kind) : all;
}

function constraintsFor(kind: MediaKind, wanted: boolean | MediaTrackConstraints | undefined) {
  if (!wanted) return false;
  return { ...constraintsOf(kind), ...(wanted === true ? {} : wanted) };
}

function devices(): MediaDevices {
  const present = globalThis.navigator?.mediaDevices;
  if (!present) throw new CrosspointError("unsupported", "no devices here: the page must come over https or localhost");
  return present;
}
