/**
 * Camera and microphone before joining. In: toggles and choices. Out: tracks to show and to take along, and what is wrong
 * when there is none.
 */
import { createLocalTracks, type LocalTrack } from "@crosspoint/client";
import { signal } from "@preact/signals";
import { choices, choose } from "../lib/choices";
import { type DeviceProblem, ideal, problemOf, refreshDevices } from "../lib/devices";

type Kind = "audio" | "video";

/** One of the two devices. */
export class PreviewDevice {
  /** Is it to be on? */
  readonly on = signal(false);
  readonly track = signal<LocalTrack | undefined>(undefined);
  readonly problem = signal<DeviceProblem | undefined>(undefined);
  /** The browser is being asked. */
  readonly asking = signal(false);
  #capturing: Promise<void> | undefined;

  constructor(
    private readonly kind: Kind,
    private readonly remember: (on: boolean) => void,
    private readonly rememberDevice: (id: string) => void,
  ) {}

  /** The device in use. */
  get deviceId(): string {
    return this.track.value?.mediaStreamTrack?.getSettings().deviceId ?? "";
  }

  /** Turns it on or off, and remembers that. */
  async set(on: boolean): Promise<void> {
    this.remember(on);
    this.on.value = on;
    if (!on) this.release();
    else if (!this.track.value) await this.capture();
  }

  /** Captures, if the browser and the user allow it. Who asks meanwhile waits for the same answer. */
  capture(): Promise<void> {
    this.#capturing ??= this.#capture().finally(() => {
      this.#capturing = undefined;
    });
    return this.#capturing;
  }

  /** Captures from another device. */
  async switchTo(id: string): Promise<void> {
    this.rememberDevice(id);
    const track = this.track.value;
    if (!track) return this.set(true);
    try {
      await track.switchDevice(id);
      // The same object with another device inside: shown anew.
      this.track.value = undefined;
      this.track.value = track;
      this.problem.value = undefined;
    } catch (error) {
      this.fail(error);
    }
  }

  /** Takes a captured track. One that comes too late is let go. */
  take(track: LocalTrack): void {
    if (!this.on.value) {
      track.stop();
      return;
    }
    this.track.value?.stop();
    this.track.value = track;
    this.problem.value = undefined;
    track.mediaStreamTrack?.addEventListener("ended", () => {
      if (this.track.value === track) this.fail(new DOMException("unplugged", "NotFoundError"));
    });
  }

  /** It cannot be had. */
  fail(error: unknown): void {
    this.release();
    this.problem.value = problemOf(error);
    this.on.value = false;
  }

  /** Gives the track away, without stopping it. */
  handOver(): LocalTrack | undefined {
    const track = this.track.value;
    this.track.value = undefined;
    return track;
  }

  /** Lets the device go: its light goes out. */
  release(): void {
    this.track.value?.stop();
    this.track.value = undefined;
  }

  async #capture(): Promise<void> {
    const wanted = this.kind === "audio" ? choices().microphoneId : choices().cameraId;
    this.asking.value = true;
    try {
      const [track] = await createLocalTracks({ [this.kind]: ideal(wanted) });
      if (track) this.take(track);
    } catch (error) {
      this.fail(error);
    } finally {
      this.asking.value = false;
      void refreshDevices();
    }
  }
}

/** Both devices. */
export class Preview {
  readonly microphone = new PreviewDevice(
    "audio",
    (microphone) => choose({ microphone }),
    (microphoneId) => choose({ microphoneId }),
  );
  readonly camera = new PreviewDevice(
    "video",
    (camera) => choose({ camera }),
    (cameraId) => choose({ cameraId }),
  );
  #closed = false;

  /** Turns on what was on last time, with one question for both. */
  async start(): Promise<void> {
    const { microphone, camera, microphoneId, cameraId } = choices();
    this.microphone.on.value = microphone;
    this.camera.on.value = camera;
    if (microphone && camera) await this.#captureBoth(microphoneId, cameraId);
    else if (microphone) await this.microphone.capture();
    else if (camera) await this.camera.capture();
    if (this.#closed) this.close();
    await refreshDevices();
  }

  /** Gives the tracks away. */
  handOver(): LocalTrack[] {
    return [this.microphone.handOver(), this.camera.handOver()].filter((track) => track !== undefined);
  }

  /** Lets everything go. */
  close(): void {
    this.#closed = true;
    this.microphone.release();
    this.camera.release();
  }

  async #captureBoth(microphoneId: string, cameraId: string): Promise<void> {
    const { microphone, camera } = this;
    microphone.asking.value = camera.asking.value = true;
    try {
      const tracks = await createLocalTracks({ audio: ideal(microphoneId), video: ideal(cameraId) });
      for (const track of tracks) (track.kind === "audio" ? microphone : camera).take(track);
    } catch {
      // One of the two is missing or forbidden: the other may do.
      await microphone.capture();
      await camera.capture();
    } finally {
      microphone.asking.value = camera.asking.value = false;
    }
  }
}
