/**
 * The sound of a desk: one visit to the rooms of a show, wherever the show places one. Made of the same parts as a visit to a
 * room, but the address stays, and who comes and goes is told by the show's lists.
 */
import { CrosspointError, createLocalTracks, type LocalTrack, Room } from "@crosspoint/client";
import { signal } from "@preact/signals";
import { notify } from "../components/toast";
import { choices } from "../lib/choices";
import { claimsOf } from "../lib/claims";
import { adviceOn, problemOf } from "../lib/devices";
import { sentence } from "../lib/format";
import type { ShowSeat } from "../lib/show-seat";
import { OwnDevices } from "../room/devices";
import { type Ending, endingOf, refusalOf } from "../room/ending";
import { Mix } from "../room/mix";
import { warningText } from "../room/notices";
import { People } from "../room/people";
import { type Repair, repairOf } from "../room/session";
import { StatsHistory } from "../room/stats-history";

/** How long good news stay, in milliseconds. */
const GOOD_NEWS = 2500;
/** A desk does not give up while a show is on, in seconds. */
const PATIENCE = 3600;

/** One visit. */
export class DeskSession {
  readonly stage = signal<"connecting" | "live" | "over">("connecting");
  readonly repair = signal<Repair | undefined>(undefined);
  readonly ending = signal<Ending | undefined>(undefined);
  /** The room that one is in now. */
  readonly roomId = signal("");
  readonly recording = signal(false);
  readonly canPlayAudio = signal(true);
  /** Why the microphone could not be had. */
  readonly microphoneProblem = signal<{ title: string; text: string } | undefined>(undefined);
  readonly people = new People();
  readonly stats = new StatsHistory();
  readonly mix = new Mix();
  readonly devices: OwnDevices;

  #room: Room | undefined;
  #closed = false;
  #goodNews: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly seat: ShowSeat,
    /** Told of the fresh token that the server gives before the old one ends. */
    private readonly refreshed: (token: string) => void,
  ) {
    this.roomId.value = seat.room;
    this.devices = new OwnDevices(this.people, () => "");
  }

  /** Oneself. */
  get identity(): string {
    return this.seat.identity;
  }

  /** The SDK's room, once in. */
  get room(): Room | undefined {
    return this.#room;
  }

  /** Goes in. Whatever goes wrong ends in `ending`. */
  async start(): Promise<void> {
    const publish = await this.#capture();
    if (this.#closed) return stopAll(publish);
    try {
      const room = await Room.connect(location.origin, this.seat.token, {
        // Who was moved comes back by the first room's name, and is led on to where they are now.
        room: claimsOf(this.seat.token)?.room || this.seat.room,
        kind: "mix",
        levels: true,
        publish,
        persist: true,
        reconnect: { maxSeconds: PATIENCE },
      });
      if (this.#closed) return void room.disconnect();
      this.#live(room);
    } catch (error) {
      stopAll(publish);
      const code = error instanceof CrosspointError ? error.code : "internal";
      this.#over(refusalOf(code, (error as Error).message));
    }
  }

  /** Leaves by one's own will. */
  leave(): void {
    const room = this.#room;
    this.#over(endingOf("left", ""));
    void room?.disconnect();
  }

  /** The page goes away. */
  close(): void {
    this.#closed = true;
    this.stats.stop();
    clearTimeout(this.#goodNews);
    void this.#room?.disconnect();
    this.#room = undefined;
  }

  #live(room: Room): void {
    this.#room = room;
    this.roomId.value = room.id;
    this.recording.value = room.recording;
    this.canPlayAudio.value = room.canPlayAudio;
    this.people.follow(room);
    this.devices.follow(room);
    this.mix.follow(room);
    this.stats.follow(room);
    this.#listen(room);
    this.stage.value = "live";
  }

  #listen(room: Room): void {
    room.on("reconnecting", (stage) => {
      clearTimeout(this.#goodNews);
      this.repair.value = repairOf(stage, this.repair.value);
    });
    room.on("reconnected", (resumed) => {
      this.repair.value = { back: resumed ? "resumed" : "rejoined" };
      this.#goodNews = setTimeout(() => {
        this.repair.value = undefined;
      }, GOOD_NEWS);
    });
    room.on("disconnected", (reason, detail) => this.#over(endingOf(reason, detail)));
    room.on("audioPlaybackChanged", (can) => {
      this.canPlayAudio.value = can;
    });
    room.on("recording", (active) => {
      this.recording.value = active;
    });
    room.on("moved", (to) => {
      this.roomId.value = to;
      this.recording.value = room.recording;
    });
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

  #over(ending: Ending): void {
    if (this.stage.value === "over") return;
    this.stats.stop();
    this.ending.value = ending;
    this.stage.value = "over";
  }

  /** The microphone. Without one the desk works too: one listens. */
  async #capture(): Promise<LocalTrack[]> {
    const { microphone, microphoneId } = choices();
    if (!microphone) return [];
    try {
      // With echo cancellation, noise suppression and automatic gain: what the SDK asks for by itself.
      return await createLocalTracks({ audio: microphoneId ? { deviceId: { ideal: microphoneId } } : true });
    } catch (error) {
      this.microphoneProblem.value = adviceOn(problemOf(error), "microphone");
      return [];
    }
  }
}

function stopAll(tracks: readonly LocalTrack[]): void {
  for (const track of tracks) track.stop();
}
