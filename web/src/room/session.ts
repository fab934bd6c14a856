/** One visit to a room: the SDK's room and everything that the page shows of it, as signals. */
import {
  CrosspointError,
  createLocalTracks,
  type LocalTrack,
  type Room,
  type RoomKind,
  type RoomOptions,
} from "@crosspoint/client";
import { signal } from "@preact/signals";
import { notify } from "../components/toast";
import { moveTo } from "../lib/api";
import { choices, rememberRoom } from "../lib/choices";
import { type Claims, claimsOf } from "../lib/claims";
import { ideal } from "../lib/devices";
import { sentence } from "../lib/format";
import { roomPath } from "../lib/routes";
import { leaveSeat, type Seat, takeHandedOver, takeSeat } from "../lib/seat";
import { Chat } from "./chat";
import { OwnDevices } from "./devices";
import { announce } from "./notices";
import { StageView } from "./stage-view";
import { Visit } from "./visit";

export type Panel = "chat" | "people" | "stats";

/** One visit. */
export class RoomSession extends Visit {
  readonly kind = signal<RoomKind>("forward");
  readonly panel = signal<Panel | undefined>(undefined);
  readonly chat: Chat;
  readonly devices = new OwnDevices(this.people, () => this.roomId.value);
  readonly view = new StageView(this.people);
  /** May one show or say anything here? */
  readonly publishes: boolean;
  /** Milliseconds since 1970. */
  since = 0;

  readonly #claims: Claims | undefined;

  constructor(
    room: string,
    private readonly seat: Seat,
  ) {
    super(room, seat.token);
    this.#claims = claimsOf(seat.token);
    this.publishes = this.#claims?.publishes ?? true;
    this.chat = new Chat(room, ({ name, text }) => notify(`${name}: ${text}`));
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

  /** Opens a side panel, or closes it when it is open. */
  toggle(panel: Panel | undefined): void {
    const next = this.panel.value === panel ? undefined : panel;
    this.panel.value = next;
    this.chat.look(next === "chat");
    this.stats.look(next === "stats");
  }

  /** Does something that needs an admin grant, and says when it was refused. */
  async moderate(action: (room: Room) => Promise<unknown>): Promise<void> {
    if (!this.room) return;
    try {
      await action(this.room);
    } catch (error) {
      notify(sentence((error as Error).message), "bad");
    }
  }

  /** Moves somebody to another room, and says when it was refused. */
  async move(identity: string, to: string, held: boolean): Promise<void> {
    const { room } = this;
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

  protected wishes(): RoomOptions {
    const { kind, name, pin } = this.seat;
    return {
      kind,
      ...(name ? { name } : {}),
      ...(pin ? { pin } : {}),
      ...(isTelephone() ? { profile: "mobile" } : {}),
    };
  }

  protected entered(room: Room): void {
    this.since = Date.now();
    this.kind.value = room.kind;
    rememberRoom(room.id);
    this.view.follow(room);
    this.chat.follow(room);
    announce(room);
    room.on("reconnected", () => {
      this.kind.value = room.kind;
    });
  }

  /** The address follows, the page stays. */
  protected override moved(room: Room, to: string): void {
    leaveSeat(this.roomId.value);
    super.moved(room, to);
    this.kind.value = room.kind;
    takeSeat(to, this.seat);
    history.replaceState(null, "", roomPath(to));
    rememberRoom(to);
  }

  /** The tracks to go in with: those that the lobby captured, or after a reload what was on. */
  protected async capture(): Promise<LocalTrack[]> {
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

/** A telephone has little bandwidth and battery, whatever its screen. */
function isTelephone(): boolean {
  return /\b(Android.+Mobile|iPhone)\b/.test(navigator.userAgent);
}
