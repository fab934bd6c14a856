/** Ear and mouth of the simulated telephone in the page: microphone, loudspeaker, and the audio worklet between them. */
import { signal } from "@preact/signals";
import { type DeviceProblem, problemOf, refreshDevices } from "../../lib/devices";
import { LINE_RATE, loudness } from "./pcm";
import { sound } from "./tones";
import worklet from "./worklet.ts?worker&url";

const WISHES: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** A handset that is taken off the hook. */
export class Handset {
  /** Why there is no microphone; absent: there is one. */
  readonly problem = signal<DeviceProblem | undefined>(undefined);
  /** The browser holds the sound back until somebody clicks. */
  readonly silent = signal(false);
  /** How loud it was last, in dBFS. */
  readonly levels = { heard: -127, said: -127 };

  readonly #node: AudioWorkletNode;
  #media: MediaStream | undefined;
  #source: MediaStreamAudioSourceNode | undefined;
  #muted = false;

  private constructor(
    private readonly context: AudioContext,
    said: (frame: ArrayBuffer) => void,
  ) {
    this.#node = new AudioWorkletNode(context, "handset", { outputChannelCount: [1], channelCount: 1 });
    this.#node.port.onmessage = ({ data }: MessageEvent<ArrayBuffer>) => {
      this.levels.said = loudness(data);
      said(data);
    };
    this.#node.connect(context.destination);
    context.onstatechange = () => this.#look();
  }

  /** Takes it off the hook. Without a microphone one can still listen: `problem` says why. `said`: frames for the line. */
  static async open(deviceId: string, said: (frame: ArrayBuffer) => void): Promise<Handset> {
    const captured = await capture(deviceId);
    const media = captured instanceof MediaStream ? captured : undefined;
    const context = contextFor(media);
    try {
      await context.audioWorklet.addModule(worklet);
    } catch (error) {
      stop(media);
      await context.close();
      throw error;
    }
    const handset = new Handset(context, said);
    if (media) handset.#take(media);
    else handset.problem.value = problemOf(captured);
    void refreshDevices();
    void handset.resume();
    return handset;
  }

  /** The microphone in use. */
  get deviceId(): string {
    return this.#media?.getAudioTracks()[0]?.getSettings().deviceId ?? "";
  }

  /** Takes another microphone, or tries again. */
  async choose(deviceId: string): Promise<void> {
    const captured = await capture(deviceId);
    if (this.context.state === "closed") return stop(captured);
    if (captured instanceof MediaStream) this.#take(captured);
    else this.problem.value = problemOf(captured);
    void refreshDevices();
  }

  /** Says nothing, or speaks again. */
  mute(muted: boolean): void {
    this.#muted = muted;
    for (const track of this.#media?.getAudioTracks() ?? []) track.enabled = !muted;
  }

  /** Plays a frame from the line. */
  play(frame: ArrayBuffer): void {
    this.levels.heard = loudness(frame);
    this.#node.port.postMessage(frame, [frame]);
  }

  /** Lets a key be heard. */
  key(key: string): void {
    sound(this.context, key);
  }

  /** Sound on: to be called from a click where the browser asks for one. */
  async resume(): Promise<void> {
    this.#look();
    await this.context.resume().catch(() => {});
    this.#look();
  }

  /** Puts it back on the hook. */
  close(): void {
    this.#node.port.onmessage = null;
    this.#node.disconnect();
    this.#source?.disconnect();
    stop(this.#media);
    if (this.context.state !== "closed") void this.context.close();
  }

  #take(media: MediaStream): void {
    try {
      const source = this.context.createMediaStreamSource(media);
      this.#source?.disconnect();
      stop(this.#media);
      source.connect(this.#node);
      this.#source = source;
      this.#media = media;
      this.problem.value = undefined;
      this.mute(this.#muted);
    } catch (error) {
      stop(media);
      this.problem.value = problemOf(error);
    }
  }

  #look(): void {
    this.silent.value = this.context.state === "suspended";
  }
}

/** The microphone, or why there is none. */
async function capture(deviceId: string): Promise<MediaStream | unknown> {
  try {
    const audio = deviceId ? { ...WISHES, deviceId: { ideal: deviceId } } : WISHES;
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    return error;
  }
}

/** At the line's rate, where the browser takes a microphone into that; else at its own, and the worklet changes the rate. */
function contextFor(media: MediaStream | undefined): AudioContext {
  const context = new AudioContext({ sampleRate: LINE_RATE, latencyHint: "interactive" });
  try {
    if (media) context.createMediaStreamSource(media).disconnect();
    return context;
  } catch {
    void context.close();
    return new AudioContext({ latencyHint: "interactive" });
  }
}

function stop(media: unknown): void {
  if (!(media instanceof MediaStream)) return;
  for (const track of media.getTracks()) track.stop();
}
