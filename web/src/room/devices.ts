/** One's own microphone, camera and screen in the room: what is on, what is on its way, and how to change it. */
import type { LocalTrack, Room, Source } from "@crosspoint/client";
import { type Signal, signal } from "@preact/signals";
import { notify } from "../components/toast";
import { choices, choose } from "../lib/choices";
import { adviceOn, problemOf, refreshDevices } from "../lib/devices";
import { updateSeat } from "../lib/seat";
import { noteToggle } from "./notices";
import type { People } from "./people";

/** One's own devices. */
export class OwnDevices {
  /** A change is under way: the button waits. */
  readonly busy: Record<"microphone" | "camera" | "screen_share", Signal<boolean>> = {
    microphone: signal(false),
    camera: signal(false),
    screen_share: signal(false),
  };
  #room: Room | undefined;

  constructor(
    private readonly people: People,
    private readonly seatOf: () => string,
  ) {}

  /** Can this browser share screens? Telephones cannot. */
  readonly canShare = typeof globalThis.navigator?.mediaDevices?.getDisplayMedia === "function";

  follow(room: Room): void {
    this.#room = room;
    room.on("localTrackEnded", (track) => {
      if (track.source === "screen_share") notify("You stopped sharing your screen.");
      else if (track.source !== "screen_share_audio") notify("Your device was unplugged.", "warning");
    });
    void refreshDevices();
  }

  track(source: Source): LocalTrack | undefined {
    return this.people.self?.track(source) as LocalTrack | undefined;
  }

  get microphoneOn(): boolean {
    const track = this.track("microphone");
    return track !== undefined && !track.muted;
  }

  get cameraOn(): boolean {
    return this.track("camera") !== undefined;
  }

  get sharing(): boolean {
    return this.track("screen_share") !== undefined;
  }

  /** Does the room hold one's microphone back? */
  get held(): boolean {
    return this.track("microphone")?.held ?? false;
  }

  toggleMicrophone = (): Promise<void> => this.setMicrophone(!this.microphoneOn);

  setMicrophone(on: boolean): Promise<void> {
    noteToggle();
    return this.#change("microphone", async (room) => {
      await room.localParticipant.setMicrophoneEnabled(on, { constraints: prefer(choices().microphoneId) });
      this.#remember({ microphone: on });
    });
  }

  toggleCamera = (): Promise<void> =>
    this.#change("camera", async (room) => {
      const on = !this.cameraOn;
      await room.localParticipant.setCameraEnabled(on, { constraints: prefer(choices().cameraId) });
      this.#remember({ camera: on });
    });

  toggleScreen = (): Promise<void> =>
    this.#change("screen_share", async (room) => {
      await room.localParticipant.setScreenShareEnabled(!this.sharing, { audio: true });
    });

  /** Takes another device; turns it on if it was off. */
  async choose(kind: "microphone" | "camera", id: string): Promise<void> {
    choose(kind === "microphone" ? { microphoneId: id } : { cameraId: id });
    const on = this.track(kind) !== undefined;
    if (!on) return kind === "microphone" ? this.setMicrophone(true) : this.toggleCamera();
    await this.#change(kind, async (room) => {
      await room.localParticipant.switchDevice(kind === "microphone" ? "audioinput" : "videoinput", id);
    });
  }

  /** The device in use. */
  deviceId(kind: "microphone" | "camera"): string {
    return this.track(kind)?.mediaStreamTrack?.getSettings().deviceId ?? "";
  }

  async #change(
    source: "microphone" | "camera" | "screen_share",
    change: (room: Room) => Promise<unknown>,
  ): Promise<void> {
    const busy = this.busy[source];
    if (!this.#room || busy.value) return;
    busy.value = true;
    try {
      await change(this.#room);
    } catch (error) {
      this.#complain(source, error);
    } finally {
      busy.value = false;
      this.people.selfChanged();
      void refreshDevices();
    }
  }

  #complain(source: "microphone" | "camera" | "screen_share", error: unknown): void {
    const name = (error as Error).name;
    if (source === "screen_share") {
      // Who closes the browser's question has changed their mind: nothing to tell.
      if (name !== "NotAllowedError" && name !== "AbortError") notify("The screen could not be shared.", "bad");
      return;
    }
    const { title, text } = adviceOn(problemOf(error), source);
    notify(name === "CrosspointError" ? (error as Error).message : `${title}. ${text}`, "bad");
  }

  #remember(change: { microphone?: boolean; camera?: boolean }): void {
    choose(change);
    updateSeat(this.seatOf(), change);
  }
}

function prefer(deviceId: string): MediaTrackConstraints {
  return deviceId ? { deviceId: { ideal: deviceId } } : {};
}
