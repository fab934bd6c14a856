/**
 * The media that a room has: through the server or from browser to browser, whichever the room's kind needs; made for a join, kept
 * over a resume and a move. In: what a `joined` says. Out: offers, the media in use, and what comes over them for the room's parts.
 */
import { decodeFrame } from "./data.js";
import { CrosspointError } from "./errors.js";
import type { LocalParticipant } from "./local-participant.js";
import type { Media, MediaHost, PathState } from "./media.js";
import { MESH_TOPIC, MeshMedia } from "./mesh.js";
import type { Mixing } from "./mixing.js";
import { noRelay, Relays } from "./relays.js";
import type { Roster } from "./roster.js";
import { ServerMedia } from "./server-media.js";
import type { SignalClient } from "./signal-client.js";
import type { Logger, RoomKind, RoomOptions } from "./types.js";
import type { Join, Joined } from "./wire/index.js";

/** An answer to an offer may take this long, in milliseconds. */
const ANSWER_TIMEOUT = 15_000;

/** The room around its media. */
export interface MediaRoom {
  readonly options: RoomOptions;
  readonly logger: Logger;
  readonly local: LocalParticipant;
  readonly signal: SignalClient;
  readonly roster: Roster;
  readonly mixing: Mixing;
  /** The room's id now. */
  id(): string;
  deliver(payload: Uint8Array, from: string, topic: string | undefined, reliable: boolean): void;
  /** How the path to the server is. */
  pathChanged(state: PathState): void;
}

/** The media of one room. */
export class RoomMedia {
  #current: Media | undefined;
  /** Made for the join that is under way. */
  #offered: ServerMedia | undefined;
  #anew = true;
  readonly #relays: Relays;
  readonly #host: MediaHost;

  constructor(private readonly room: MediaRoom) {
    this.#relays = new Relays(room.options);
    this.#host = this.#makeHost();
  }

  /** The media in use. */
  get current(): Media | undefined {
    return this.#current;
  }

  /** Did the last `joined` come with new media? */
  get anew(): boolean {
    return this.#anew;
  }

  /** The offer of a join. None for a mesh, nor where only the server knows the relays without which nothing goes. */
  async offer(present: RoomKind): Promise<Partial<Join>> {
    const { kind: wanted } = this.room.options;
    const kind = this.#current ? present : wanted;
    this.#offered?.close();
    this.#offered = undefined;
    if (kind === "mesh") return { kind };
    if (this.#relays.awaited) return { kind: wanted ?? "forward" };
    const media = new ServerMedia(this.#host, kind === "mix");
    this.#offered = media;
    return media.first(this.room.local.localTracks);
  }

  /** Keeps the media, or makes those that the room's kind needs; returns what an offer outside of the join waits for. */
  choose(joined: Joined, moved: boolean): Promise<void> | undefined {
    this.#relays.take(joined.iceServers);
    const offered = this.#offered;
    this.#offered = undefined;
    const mesh = joined.kind === "mesh";
    const kept = moved || joined.resumed;
    this.#anew = !(kept && !offered && this.#current && this.#current instanceof MeshMedia === mesh);
    if (!this.#anew) return undefined;

    this.#current?.close();
    this.#current = undefined;
    this.room.roster.forgetPlaces();
    if (this.#relays.missing) {
      offered?.close();
      return Promise.reject(noRelay());
    }
    if (mesh) {
      offered?.close();
      this.#current = new MeshMedia(this.#host, this.room.local.localTracks);
      return undefined;
    }
    if (offered) {
      this.#current = offered;
      return undefined;
    }
    const media = new ServerMedia(this.#host, joined.kind === "mix");
    this.#current = media;
    return media.begin(this.room.local.localTracks);
  }

  /** Mesh rooms: takes what somebody publishes; false where a message is no such list. */
  takeList(topic: string | undefined, from: string, payload: Uint8Array): boolean {
    if (topic !== MESH_TOPIC || !(this.#current instanceof MeshMedia)) return false;
    this.#current.takeList(from, parse(payload));
    return true;
  }

  close(): void {
    this.#offered?.close();
    this.#current?.close();
    this.#current = undefined;
  }

  #makeHost(): MediaHost {
    const { room } = this;
    const { options, logger, local, signal, roster, mixing } = room;
    return {
      options,
      logger,
      relays: this.#relays,
      identity: () => local.identity,
      exchange: async (offer, publish) => {
        const reply = await signal.ask({ type: "offer", roomId: room.id(), data: offer, publish }, ANSWER_TIMEOUT);
        if (reply.type !== "answer") throw new CrosspointError("internal", `a reply of type ${reply.type} to an offer`);
        return reply.data;
      },
      relay: (type, data, to) => {
        const target = to === undefined ? {} : { targetUserId: to };
        signal.send({ type, roomId: room.id(), data, ...target });
      },
      received: (frame, reliable, from) => {
        const message = decodeFrame(frame);
        if (message) room.deliver(message.payload, from ?? message.header.from ?? "", message.header.topic, reliable);
      },
      pathChanged: (state) => {
        // The path of media that were replaced meanwhile is nobody's concern.
        if (this.#current instanceof ServerMedia) room.pathChanged(state);
      },
      placed: (trackId, slot, media) => {
        if (!mixing.placed(trackId, slot, media)) roster.placed(trackId, slot, media);
      },
      published: (userId, tracks) => roster.syncTracks(userId, tracks),
    };
  }
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return undefined;
  }
}
