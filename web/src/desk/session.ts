/**
 * The sound of a desk: one visit to the rooms of a show, wherever the show places one. The address stays as it is, and who comes
 * and goes is told by the show's lists.
 */
import { createLocalTracks, type LocalTrack, type Room, type RoomOptions } from "@crosspoint/client";
import { signal } from "@preact/signals";
import { notify } from "../components/toast";
import { choices } from "../lib/choices";
import { adviceOn, ideal, problemOf } from "../lib/devices";
import { sentence } from "../lib/format";
import type { ShowSeat } from "../lib/show-seat";
import { OwnDevices } from "../room/devices";
import { warningText } from "../room/notices";
import { Visit } from "../room/visit";

/** A desk does not give up while a show is on, in seconds. */
const PATIENCE = 3600;

/** One visit. */
export class DeskSession extends Visit {
  /** Why the microphone could not be had. */
  readonly microphoneProblem = signal<{ title: string; text: string } | undefined>(undefined);
  readonly devices = new OwnDevices(this.people, () => "");

  constructor(
    private readonly seat: ShowSeat,
    /** Told of the fresh token that the server gives before the old one ends. */
    private readonly refreshed: (token: string) => void,
  ) {
    super(seat.room, seat.token);
  }

  /** Oneself. */
  get identity(): string {
    return this.seat.identity;
  }

  protected wishes(): RoomOptions {
    return { kind: "mix", reconnect: { maxSeconds: PATIENCE } };
  }

  protected entered(room: Room): void {
    room.on("qualityWarning", (warning) => {
      notify(warningText(warning), warning.severity === "clear" ? "good" : "warning", "quality");
    });
    room.on("localTrackPublished", () => {
      this.microphoneProblem.value = undefined;
    });
    room.on("tokenRefreshed", this.refreshed);
    room.on("draining", () => notify("The server is about to restart. You will be reconnected.", "warning"));
    room.on("error", ({ message }) => notify(sentence(message), "bad"));
  }

  /** The microphone. Without one the desk works too: one listens. */
  protected async capture(): Promise<LocalTrack[]> {
    const { microphone, microphoneId } = choices();
    if (!microphone) return [];
    try {
      // With echo cancellation, noise suppression and automatic gain: what the SDK asks for by itself.
      return await createLocalTracks({ audio: ideal(microphoneId) });
    } catch (error) {
      this.microphoneProblem.value = adviceOn(problemOf(error), "microphone");
      return [];
    }
  }
}
