/**
 * What a visit to a room and the sound of a desk have in common: going in, being repaired, being moved, and the end. In: a token
 * and what to go in with. Out: signals. See `session.ts` here and in `desk/` for what each does besides.
 */
import { CrosspointError, type LocalTrack, type ReconnectStage, Room, type RoomOptions } from "@crosspoint/client";
import { signal } from "@preact/signals";
import { claimsOf } from "../lib/claims";
import type { OwnDevices } from "./devices";
import { type Ending, endingOf, refusalOf } from "./ending";
import { Mix } from "./mix";
import { People } from "./people";
import { StatsHistory } from "./stats-history";

/** What is being repaired, and since when (milliseconds since 1970), or what was just now. */
export type Repair = { stage: ReconnectStage; since: number } | { back: "resumed" | "rejoined" };

/** How long good news stay, in milliseconds. */
const GOOD_NEWS = 3000;

export abstract class Visit {
  readonly stage = signal<"connecting" | "live" | "over">("connecting");
  readonly repair = signal<Repair | undefined>(undefined);
  readonly ending = signal<Ending | undefined>(undefined);
  /** The room that one is in now. */
  readonly roomId = signal("");
  readonly recording = signal(false);
  readonly canPlayAudio = signal(true);
  readonly people = new People();
  readonly stats = new StatsHistory();
  readonly mix = new Mix();
  abstract readonly devices: OwnDevices;

  #room: Room | undefined;
  #closed = false;
  #goodNews: ReturnType<typeof setTimeout> | undefined;

  constructor(
    room: string,
    private readonly token: string,
  ) {
    this.roomId.value = room;
  }

  /** The SDK's room, once in. */
  get room(): Room | undefined {
    return this.#room;
  }

  /** Goes in. Whatever goes wrong ends in `ending`. */
  async start(): Promise<void> {
    const publish = await this.capture();
    if (this.#closed) return stopAll(publish);
    try {
      const room = await Room.connect(location.origin, this.token, {
        // Who was moved comes back with the first room's token, by its name, and is led on to where they are now.
        room: claimsOf(this.token)?.room || this.roomId.value,
        levels: true,
        publish,
        persist: true,
        ...this.wishes(),
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

  /** The tracks to go in with. */
  protected abstract capture(): Promise<LocalTrack[]>;

  /** How to go in, besides what is so for all. */
  protected abstract wishes(): RoomOptions;

  /** In: what else follows the room begins to. */
  protected abstract entered(room: Room): void;

  /** The visit goes on in another room. */
  protected moved(room: Room, to: string): void {
    this.roomId.value = to;
    this.recording.value = room.recording;
  }

  #live(room: Room): void {
    this.#room = room;
    if (room.id !== this.roomId.value) this.moved(room, room.id);
    this.recording.value = room.recording;
    this.canPlayAudio.value = room.canPlayAudio;
    for (const part of [this.people, this.devices, this.mix, this.stats]) part.follow(room);
    this.entered(room);
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
    room.on("moved", (to) => this.moved(room, to));
  }

  #over(ending: Ending): void {
    if (this.stage.value === "over") return;
    this.stats.stop();
    this.ending.value = ending;
    this.stage.value = "over";
  }
}

/** The repair as it goes on: it began where the first one did. */
export function repairOf(stage: ReconnectStage, before: Repair | undefined): Repair {
  return { stage, since: before && "since" in before ? before.since : Date.now() };
}

function stopAll(tracks: readonly LocalTrack[]): void {
  for (const track of tracks) track.stop();
}
