/** The room: what applications hold. Puts the parts together and passes the server's messages to those they concern. */
import { AudioPlayer, type Playable } from "./audio-player.js";
import { type Payload, toBytes, toSignalling } from "./data.js";
import { type DispatchHost, dispatch } from "./dispatch.js";
import { CrosspointError } from "./errors.js";
import { LocalParticipant, toLocalTrack } from "./local-participant.js";
import { MixedRoom } from "./mixed-room.js";
import { Mixing } from "./mixing.js";
import { watchNetwork } from "./network.js";
import type { Participant } from "./participant.js";
import { SavedSession } from "./persist.js";
import { Publications } from "./publications.js";
import { policyOf } from "./reconnect.js";
import type { RemoteParticipant } from "./remote-participant.js";
import { RoomMedia } from "./room-media.js";
import { Roster } from "./roster.js";
import { reasonOf, Session, type SessionHost } from "./session.js";
import { closeError, SignalClient } from "./signal-client.js";
import { claimsOf } from "./token.js";
import type {
  ConnectionState,
  DataMessage,
  DisconnectReason,
  Logger,
  RoomKind,
  RoomOptions,
  RoomStats,
  SendOptions,
} from "./types.js";
import {
  type ClientMessage,
  CloseCode,
  type ConnectionStats,
  type Join,
  type Joined,
  PROTOCOL,
  type ServerMessage,
} from "./wire/index.js";

const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };
/** Bytes of one message; the server's own limit. */
const MAX_MESSAGE = 64 * 1024;
/**
 * A room that one is in.
 *
 * ```ts
 * const room = await Room.connect("wss://media.example.com", token);
 * room.on("trackPublished", (track) => track.kind === "video" && stage.append(track.attach()));
 * await room.localParticipant.setCameraEnabled(true);
 * ```
 */
export class Room extends MixedRoom {
  /** Oneself. */
  readonly localParticipant: LocalParticipant;

  readonly #options: RoomOptions;
  readonly #logger: Logger;
  readonly #signal: SignalClient;
  readonly #session: Session;
  readonly #saved: SavedSession;
  readonly #player: AudioPlayer;
  readonly #roster: Roster;
  protected readonly mixing: Mixing;
  readonly #publications: Publications;
  readonly #media: RoomMedia;
  readonly #dispatchHost: DispatchHost;
  #settling: Promise<void> = Promise.resolve();
  #state: ConnectionState = "connecting";
  #id: string;
  #kind: RoomKind = "forward";
  #metadata = "";
  #recording = false;
  #moving = false;
  #serverStats: ConnectionStats | undefined;
  #unwatchNetwork: (() => void) | undefined;
  #statsTimer: ReturnType<typeof setInterval> | undefined;
  /**
   * Joins a room. `url` is the server's address (`https://…` or `wss://…`, with or without `/ws/webrtc`).
   * Rejects with a `CrosspointError` that says what was refused.
   */
  static async connect(url: string, token: string, options: RoomOptions = {}): Promise<Room> {
    const room = new Room(url, token, options);
    try {
      await room.#start();
    } catch (error) {
      // A join that came to nothing must not leave its place behind.
      if (room.#signal.joined) room.#signal.send({ type: "leave" });
      // The application may try again with the same tracks.
      room.#finish(false);
      throw error;
    }
    return room;
  }

  private constructor(url: string, token: string, options: RoomOptions) {
    super();
    const claims = claimsOf(token);
    this.#options = options;
    this.#logger = options.logger ?? SILENT;
    this.#id = options.room ?? claims.video?.room ?? "";
    this.#signal = new SignalClient(this.#logger);
    this.#publications = new Publications({
      events: this,
      signal: this.#signal,
      logger: this.#logger,
      local: () => this.localParticipant,
      media: () => this.#media.current,
      kind: () => this.#kind,
      state: () => this.#state,
    });
    this.localParticipant = new LocalParticipant(
      {
        userId: claims.sub ?? "",
        name: options.name ?? claims.name ?? "",
        metadata: claims.metadata ?? "",
        attributes: claims.attributes ?? {},
        joinedAt: Date.now(),
      },
      this.#publications,
    );
    this.#saved = new SavedSession(options.persist ?? false, this.#id, claims.sub ?? "");
    this.#player = new AudioPlayer(options.playAudio ?? true, (can) => this.emit("audioPlaybackChanged", can));
    this.mixing = new Mixing(this, this.#trackHome(), this.#player);
    this.#roster = new Roster(this, this.localParticipant, this.#trackHome(), this.#player);
    this.#media = this.#makeMedia();
    this.on("participantLeft", ({ identity }) => this.mixing.left(identity));
    this.#dispatchHost = this.#makeDispatchHost();
    const timeout = options.timeout ?? 15_000;
    this.#session = new Session(
      url,
      token,
      this.#signal,
      this.#sessionHost(),
      policyOf(options.reconnect),
      timeout,
      this.#logger,
    );
    this.#session.resume = this.#saved.take();
  }

  /** The room's id. */
  get id(): string {
    return this.#id;
  }

  /** What the room is. */
  get kind(): RoomKind {
    return this.#kind;
  }

  /** Where the connection stands. */
  get state(): ConnectionState {
    return this.#state;
  }

  /** Free text of the room. */
  get metadata(): string {
    return this.#metadata;
  }

  /** Is the room being recorded? */
  get recording(): boolean {
    return this.#recording;
  }

  /** The others by identity; never oneself. */
  get participants(): ReadonlyMap<string, RemoteParticipant> {
    return this.#roster.participants;
  }

  /** Who speaks, loudest first. */
  get activeSpeakers(): readonly Participant[] {
    return this.#roster.speakers;
  }

  /** May sound play? If not, call `startAudio` from a click. */
  get canPlayAudio(): boolean {
    return this.#player.canPlay;
  }

  /** Plays the received sound; call it from a click where the browser forbids sound before one. */
  startAudio(): Promise<void> {
    return this.#player.start();
  }

  /** Sends a message to everybody else, or to those named in `options.to`. Text goes as UTF-8, objects as JSON. */
  async send(payload: Payload, options: SendOptions = {}): Promise<void> {
    const { reliable = true, to, topic } = options;
    const bytes = toBytes(payload);
    if (bytes.length > MAX_MESSAGE) {
      throw new CrosspointError("message-too-large", `${bytes.length} bytes; a message may have ${MAX_MESSAGE}`);
    }
    if (this.#state === "disconnected") throw new CrosspointError("closed", "the room was left");
    if (await this.#media.current?.send(bytes, reliable, to, topic)) return;
    // No channel is open yet, or again: signalling carries it.
    this.#signal.send({
      type: "data",
      payload: toSignalling(payload),
      ...(to ? { to: [...to] } : {}),
      ...(topic === undefined ? {} : { topic }),
    });
  }

  /** Statistics; rates are over the time since the last call. */
  async getStats(): Promise<RoomStats> {
    const { tracks: rows, paths } = (await this.#media.current?.getStats()) ?? { tracks: [], paths: [] };
    const tracks = rows.filter((row) => {
      if (row.direction === "send") return true;
      // m-lines that are left over from tracks that ended have nothing to tell.
      if (row.trackId === this.mix?.id) return true;
      const track = this.#roster.track(row.trackId);
      row.userId = track?.participant.identity ?? "";
      row.source = track?.source;
      return track !== undefined;
    });
    const sum = (direction: "send" | "receive") =>
      tracks.reduce((total, row) => total + (row.direction === direction ? row.bitrate : 0), 0);
    const server = this.#serverStats;
    return { timestamp: Date.now(), up: sum("send"), down: sum("receive"), paths, tracks, server };
  }

  /** Leaves, and stops every capture that is published. */
  async disconnect(): Promise<void> {
    if (this.#state === "disconnected") return;
    if (this.#signal.joined) this.#signal.send({ type: "leave" });
    this.#end("left", "");
  }

  protected confirm(message: ClientMessage): Promise<void> {
    return this.#signal.confirm(message);
  }

  async #start(): Promise<void> {
    const { publish = [], statsInterval = 0 } = this.#options;
    for (const given of publish) this.localParticipant.add(toLocalTrack(given));
    this.#signal.on("message", (message) => this.#receive(message));
    this.#signal.on("closed", (code, reason) => {
      this.#media.current?.suspend();
      if (code === CloseCode.SILENT) this.#media.current?.networkChanged();
      if (code === CloseCode.REPLACED) this.#end("replaced", reason);
      else this.#session.lost(closeError(code, reason), code === CloseCode.SILENT);
    });
    await this.#session.start();
    globalThis.addEventListener?.("pagehide", this.#onPageHide);
    this.#unwatchNetwork = watchNetwork(() => {
      this.#session.networkChanged();
      this.#media.current?.networkChanged();
    });
    if (statsInterval > 0) {
      this.#statsTimer = setInterval(async () => this.emit("stats", await this.getStats()), statsInterval * 1000);
    }
    this.#setState("connected");
    this.emit("connected");
  }

  #receive(message: ServerMessage): void {
    if (message.type === "joined") this.#joined(message);
    else if (!this.#media.current?.handle(message) && !this.mixing.handle(message))
      dispatch(message, this.#dispatchHost);
  }

  /** The whole state: after joining, after a resume, after a move. */
  #joined(joined: Joined): void {
    const { localParticipant: local } = this;
    this.#id = joined.roomId;
    this.#kind = joined.kind;
    this.#metadata = joined.metadata;
    this.#session.resume = joined.resume;
    this.#saved.save(joined.resume);
    if (local.identity !== joined.userId) local.takeView({ ...ownView(local), userId: joined.userId });
    const moved = this.#moving;
    this.#moving = false;

    const begin = this.#media.choose(joined, moved);
    const goesOn = joined.resumed && !this.#media.anew;
    this.mixing.joined(joined, joined.resumed && !moved, moved);
    this.#roster.sync(joined.users, joined.tracks, goesOn);
    const settled = this.#media.current?.joined(joined);
    this.#publications.announce();
    for (const { trackId, userId, held } of joined.tracks)
      if (userId === local.identity) this.#publications.takeHeld(trackId, held);
    this.#settling = Promise.all([settled, begin]).then(() => {});
    this.#settling.catch(() => {});

    if (goesOn) this.#signal.flush();
    else {
      this.#signal.forget();
      this.#roster.announceAll(joined.resumed);
      const { name } = this.#options;
      if (name !== undefined && name !== claimsOf(this.#session.token).name)
        this.#signal.send({ type: "update", name });
    }
    if (moved || !joined.resumed) this.#listenAgain(joined.kind);
    if (moved) this.emit("moved", joined.roomId);
  }

  /** A choice of what one hears ends with the session that it was made in, and with a move. */
  #listenAgain(kind: RoomKind): void {
    // Who wants no voices unasked does not want them mixed either.
    const refuses = kind === "mix" && this.#options.autoSubscribe?.audio === false;
    const hears = this.mixing.chosen ?? (refuses ? "tracks" : undefined);
    if (hears) this.#signal.send({ type: "listen", hears });
  }

  #deliver(payload: Uint8Array, from: string, topic: string | undefined, reliable: boolean): void {
    if (this.#media.takeList(topic, from, payload)) return;
    const message: DataMessage = {
      from,
      participant: this.#roster.participants.get(from),
      topic,
      reliable,
      payload,
      text: () => new TextDecoder().decode(payload),
      json: <T>() => JSON.parse(new TextDecoder().decode(payload)) as T,
    };
    this.emit("data", message);
  }

  /** The server goes down. With another address everybody moves on, but not in the same moment. */
  #drain(deadline: number, url: string | undefined): void {
    if (!url) return;
    setTimeout(
      () => {
        if (this.#state === "disconnected") return;
        this.#signal.send({ type: "leave" });
        this.#session.url = url;
        this.#session.resume = undefined;
        this.#session.rejoin();
      },
      Math.random() * Math.min(deadline / 2, 3000),
    );
  }

  #makeDispatchHost(): DispatchHost {
    return {
      events: this,
      local: this.localParticipant,
      roster: this.#roster,
      publications: this.#publications,
      deliver: (...message) => this.#deliver(...message),
      takeToken: (token) => {
        this.#session.token = token;
        this.emit("tokenRefreshed", token);
      },
      takeStats: (stats) => {
        this.#serverStats = stats;
      },
      takeRecording: (active) => {
        this.#recording = active;
      },
      moved: (roomId) => {
        this.#moving = true;
        this.#id = roomId;
      },
      drain: (deadline, url) => this.#drain(deadline, url),
      mediaLost: () => this.#session.rejoin(),
      end: (reason, detail) => this.#end(reason, detail),
    };
  }

  #sessionHost(): SessionHost {
    return {
      baseJoin: () => this.#baseJoin(),
      offer: () => this.#media.offer(this.#kind),
      settled: () => this.#settling,
      refreshToken: this.#options.refreshToken,
      restartIce: async () => this.#media.current?.restartIce(),
      reconnecting: (stage) => {
        this.#setState("reconnecting");
        this.emit("reconnecting", stage);
      },
      reconnected: (resumed) => {
        this.#setState("connected");
        this.emit("reconnected", resumed);
      },
      ended: (error) => this.#end(reasonOf(error), error.message),
    };
  }

  #baseJoin(): Join {
    const { kind, pin, levels } = this.#options;
    return {
      protocol: PROTOCOL,
      roomId: this.#id,
      features: ["perfect-negotiation", ...(levels ? ["levels"] : [])],
      ...(kind ? { kind } : {}),
      ...(pin === undefined ? {} : { pin }),
    };
  }

  #makeMedia(): RoomMedia {
    return new RoomMedia({
      options: this.#options,
      logger: this.#logger,
      local: this.localParticipant,
      signal: this.#signal,
      roster: this.#roster,
      mixing: this.mixing,
      id: () => this.#id,
      deliver: (...message) => this.#deliver(...message),
      pathChanged: (state) => this.#session.pathChanged(state),
    });
  }

  #trackHome() {
    const room = this;
    const { autoSubscribe = {}, adaptiveStream = true } = this.#options;
    return {
      send: (message: ClientMessage) => this.#signal.send(message),
      elementsChanged: (track: Playable) => this.#player.update(track),
      volumeChanged: (track: Playable) => this.#player.volumeChanged(track),
      autoSubscribe,
      adaptiveStream,
      get subscribes() {
        return room.#kind !== "mesh";
      },
      get hearsVoices() {
        return room.mixing.listening.hears === "tracks";
      },
    };
  }

  #onPageHide = (event: Event): void => {
    // A page that may come back from the cache, or that reloads and resumes, has not left.
    if (this.#options.persist || (event as PageTransitionEvent).persisted) return;
    if (this.#signal.joined) this.#signal.send({ type: "leave" });
  };

  #end(reason: DisconnectReason, detail: string): void {
    if (this.#state === "disconnected") return;
    this.#saved.clear();
    this.#finish(true);
    this.emit("disconnected", reason, detail);
  }

  #finish(stopCaptures: boolean): void {
    this.#setState("disconnected");
    globalThis.removeEventListener?.("pagehide", this.#onPageHide);
    this.#unwatchNetwork?.();
    clearInterval(this.#statsTimer);
    this.#session.close();
    this.#media.close();
    this.#roster.close();
    this.mixing.close();
    this.#player.close();
    this.localParticipant.release(stopCaptures);
  }

  #setState(state: ConnectionState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.emit("stateChanged", state);
  }
}

function ownView({ identity, name, metadata, attributes, joinedAt }: LocalParticipant) {
  return { userId: identity, name, metadata, attributes: { ...attributes }, joinedAt };
}
