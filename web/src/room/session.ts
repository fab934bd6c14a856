/** One visit to a room: the SDK's room and everything that the page shows of it, as signals. */
import {
  CrosspointError,
  createLocalTracks,
  type LocalTrack,
  type ReconnectStage,
  Room,
  type RoomKind,
} from "@crosspoint/client";
import { signal } from "@preact/signals";
import { notify } from "../components/toast";
import { moveTo } from "../lib/api";
import { choices, rememberRoom } from "../lib/choices";
import { type Claims, claimsOf } from "../lib/claims";
import { sentence } from "../lib/format";
import { roomPath } from "../lib/routes";
import { leaveSeat, type Seat, takeHandedOver, takeSeat } from "../lib/seat";
import { Chat } from "./chat";
import { OwnDevices } from "./devices";
import { type Ending, endingOf, refusalOf } from "./ending";
import { Mix } from "./mix";
import { announce } from "./notices";
import { People } from "./people";
import { StageView } from "./stage-view";
import { StatsHistory } from "./stats-history";

/** What is being repaired, and since when (milliseconds since 1970), or what was just now. */
export type Repair = { stage: ReconnectStage; since: number } | { back: "resumed" | "rejoined" };

/** The repair as it goes on: it began where the first one did. */
export function repairOf(stage: ReconnectStage, before: Repair | undefined): Repair {
  return { stage, since: before && "since" in before ? before.since : Date.now() };
}

/** How long good news stay, in milliseconds. */
const GOOD_NEWS = 3500;

export type Panel = "chat" | "people" | "stats";

/** One visit. */
export class RoomSession {
  readonly stage = signal<"connecting" | "live" | "over">("connecting");
  readonly repair = signal<Repair | undefined>(undefined);
  readonly ending = signal<Ending | undefined>(undefined);
  readonly roomId = signal("");
  readonly kind = signal<RoomKind>("forward");
  readonly recording = signal(false);
  readonly canPlayAudio = signal(true);
  readonly panel = signal<Panel | undefined>(undefined);
  readonly people = new People();
  readonly stats = new StatsHistory();
  readonly chat: Chat;
  readonly devices: OwnDevices;
  readonly view: StageView;
  readonly mix = new Mix();
  /** May one show or say anything here? */
  readonly publishes: boolean;
  /** Milliseconds since 1970. */
  since = 0;

  readonly #claims: Claims | undefined;
  #room: Room | undefined;
  #closed = false;
  #goodNews: ReturnType<typeof setTimeout> | undefined;

  constructor(
    room: string,
    private readonly seat: Seat,
  ) {
    this.roomId.value = room;
    const claims = claimsOf(seat.token);
    this.#claims = claims;
    this.publishes = claims?.publishes ?? true;
    this.chat = new Chat(room, ({ name, text }) => notify(`${name}: ${text}`));
    this.devices = new OwnDevices(this.people, () => this.roomId.value);
    this.view = new StageView(this.people);
  }

  /** A host of the room that one is in: moved to another one, the token may be no use there. */
  get isAdmin(): boolean {
    const { admin = false, room = "" } = this.#claims ?? {};
    return admin && (room === "" || room === this.roomId.value);
  }

  /** The token of a host, who may invite others; nobody else's is of any use for that. */
  get hostToken(): string | undefined {
    return this.isAdmin ? this.seat.token : undefined;
  }

  /** The SDK's room, once in. */
  get room(): Room | undefined {
    return this.#room;
  }

  /** Goes in. Whatever goes wrong ends in `ending`. */
  async start(): Promise<void> {
    const publish = await this.#capture();
    if (this.#closed) return stopAll(publish);
    const { token, kind, name, pin } = this.seat;
    try {
      const room = await Room.connect(location.origin, token, {
        // Who was moved comes back with the first room's token, by its name, and is led on to where they are now.
        room: this.#claims?.room || this.roomId.value,
        kind,
        levels: true,
        publish,
        persist: true,
        ...(name ? { name } : {}),
        ...(pin ? { pin } : {}),
        ...(isTelephone() ? { profile: "mobile" } : {}),
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

  /** Opens a side panel, or closes it when it is open. */
  toggle(panel: Panel | undefined): void {
    const next = this.panel.value === panel ? undefined : panel;
    this.panel.value = next;
    this.chat.look(next === "chat");
    this.stats.look(next === "stats");
  }

  /** Does something that needs an admin grant, and says when it was refused. */
  async moderate(action: (room: Room) => Promise<unknown>): Promise<void> {
    if (!this.#room) return;
    try {
      await action(this.#room);
    } catch (error) {
      notify(sentence((error as Error).message), "bad");
    }
  }

  /** Moves somebody to another room, and says when it was refused. */
  async move(identity: string, to: string, held: boolean): Promise<void> {
    const room = this.#room;
    if (!room) return;
    try {
      await room.move(identity, to, held || undefined);
    } catch (error) {
      if (!(error instanceof CrosspointError && error.code === "forbidden")) {
        return notify(sentence((error as Error).message), "bad");
      }
      // The token is for this room alone. Whoever operates the server may do it nevertheless.
      await moveTo(room.id, identity, to, held).catch(() => {
        notify(`You host this room only: to move somebody, you must be a host of ${to} as well.`, "bad");
      });
    }
  }

  #live(room: Room): void {
    this.#room = room;
    this.since = Date.now();
    if (room.id !== this.roomId.value) this.#moved(room, room.id);
    this.kind.value = room.kind;
    this.recording.value = room.recording;
    this.canPlayAudio.value = room.canPlayAudio;
    rememberRoom(room.id);
    this.people.follow(room);
    this.view.follow(room);
    this.devices.follow(room);
    this.mix.follow(room);
    this.chat.follow(room);
    this.stats.follow(room);
    announce(room);
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
      this.kind.value = room.kind;
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
    room.on("moved", (to) => this.#moved(room, to));
  }

  /** The visit goes on in another room: the address follows, the page stays. */
  #moved(room: Room, to: string): void {
    leaveSeat(this.roomId.value);
    this.roomId.value = to;
    this.kind.value = room.kind;
    takeSeat(to, this.seat);
    history.replaceState(null, "", roomPath(to));
    rememberRoom(to);
  }

  #over(ending: Ending): void {
    if (this.stage.value === "over") return;
    this.stats.stop();
    this.ending.value = ending;
    this.stage.value = "over";
  }

  /** The tracks to go in with: those that the lobby captured, or after a reload what was on. */
  async #capture(): Promise<LocalTrack[]> {
    if (!this.publishes) return [];
    const handedOver = takeHandedOver();
    if (handedOver.length > 0) return handedOver;
    const { microphone, camera } = this.seat;
    const { microphoneId, cameraId } = choices();
    const wanted = [
      microphone ? { audio: ideal(microphoneId) } : undefined,
      camera ? { video: ideal(cameraId) } : undefined,
    ].filter((one) => one !== undefined);
    const captured = await Promise.allSettled(wanted.map((one) => createLocalTracks(one)));
    return captured.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
  }
}

function ideal(deviceId: string): MediaTrackConstraints | true {
  return deviceId ? { deviceId: { ideal: deviceId } } : true;
}

function stopAll(tracks: readonly LocalTrack[]): void {
  for (const track of tracks) track.stop();
}

/** A telephone has little bandwidth and battery, whatever its screen. */
function isTelephone(): boolean {
  return /\b(Android.+Mobile|iPhone)\b/.test(navigator.userAgent);
}
