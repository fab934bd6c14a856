/** The room: what applications hold. Puts the parts together and passes the server's messages to those they concern. */
import { AudioPlayer } from "./audio-player.js";
import { decodeFrame, fromSignalling, type Payload, toBytes, toSignalling } from "./data.js";
import { Emitter } from "./emitter.js";
import { CrosspointError } from "./errors.js";
import { LocalParticipant, toLocalTrack } from "./local-participant.js";
import type { Media, MediaHost } from "./media.js";
import { MESH_TOPIC, MeshMedia } from "./mesh.js";
import type { Participant } from "./participant.js";
import { SavedSession } from "./persist.js";
import { Publications } from "./publications.js";
import { DEFAULT_POLICY } from "./reconnect.js";
import type { RemoteParticipant } from "./remote-participant.js";
import type { RemoteTrack } from "./remote-track.js";
import { Roster } from "./roster.js";
import { ServerMedia } from "./server-media.js";
import { Session, type SessionHost } from "./session.js";
import { closeError, SignalClient } from "./signal-client.js";
import { claimsOf } from "./token.js";
import type {
  ConnectionState,
  DataMessage,
  DisconnectReason,
  Logger,
  ReconnectPolicy,
  RoomEvents,
  RoomKind,
  RoomOptions,
  RoomStats,
  SendOptions,
  Source,
} from "./types.js";
import {
  type ClientMessage,
  type ConnectionStats,
  type Join,
  type Joined,
  PROTOCOL,
  type ServerMessage,
  type TrackView,
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
export class Room extends Emitter<RoomEvents> {
  /** Oneself. */
  readonly localParticipant: LocalParticipant;

  readonly #options: RoomOptions;
  readonly #logger: Logger;
  readonly #signal: SignalClient;
  readonly #session: Session;
  readonly #saved: SavedSession;
  readonly #player: AudioPlayer;
  readonly #roster: Roster;
  readonly #publications: Publications;
  #media: Media | undefined;
  /** Media made for the join that is under way. */
  #offered: ServerMedia | undefined;
  #settling: Promise<void> = Promise.resolve();
  #state: ConnectionState = "connecting";
  #id: string;
  #kind: RoomKind = "forward";
  #metadata = "";
  #recording = false;
  #moving = false;
  #serverStats: ConnectionStats | undefined;
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
      room.#finish();
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
      media: () => this.#media,
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
    this.#roster = new Roster(this, this.localParticipant, this.#trackHome(), this.#player);
    const timeout = options.timeout ?? 15_000;
    this.#session = new Session(
      url,
      token,
      this.#signal,
      this.#sessionHost(),
      policyOf(options),
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
    if (await this.#media?.send(bytes, reliable, to, topic)) return;
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
    const { tracks, paths } = (await this.#media?.getStats()) ?? { tracks: [], paths: [] };
    for (const row of tracks) {
      const track = this.#roster.track(row.trackId);
      if (!track) continue;
      row.userId = track.participant.identity;
      row.source = track.source;
    }
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

  /** Puts somebody out, until their token expires; needs an admin grant, as all that follows. */
  kick(identity: string, reason?: string): Promise<void> {
    return this.#signal.confirm({ type: "kick", userId: identity, ...(reason === undefined ? {} : { reason }) });
  }

  /** Mutes somebody: one track, one source, or all. */
  mute(identity: string, muted: boolean, which: { trackId?: string; source?: Source } = {}): Promise<void> {
    return this.#signal.confirm({ type: "mute", userId: identity, muted, ...which });
  }

  /** Sets the room's flag on somebody's tracks: only an admin clears it again. */
  hold(identity: string, held: boolean, source?: Source): Promise<void> {
    return this.#signal.confirm({ type: "hold", userId: identity, held, ...(source ? { source } : {}) });
  }

  /** Moves somebody to another room; their connection stays. */
  move(identity: string, to: string, muted?: boolean): Promise<void> {
    return this.#signal.confirm({ type: "move", userId: identity, to, ...(muted === undefined ? {} : { muted }) });
  }

  /** Closes the room for everybody. */
  close(reason?: string): Promise<void> {
    return this.#signal.confirm({ type: "close-room", ...(reason === undefined ? {} : { reason }) });
  }

  /** Records the room; needs the right to record. */
  startRecording(): Promise<void> {
    return this.#signal.confirm({ type: "start-recording" });
  }

  /** Stops recording. */
  stopRecording(): Promise<void> {
    return this.#signal.confirm({ type: "stop-recording" });
  }

  async #start(): Promise<void> {
    const { publish = [], statsInterval = 0 } = this.#options;
    for (const given of publish) this.localParticipant.add(toLocalTrack(given));
    this.#signal.on("message", (message) => this.#receive(message));
    this.#signal.on("closed", (code, reason) => {
      this.#media?.suspend();
      this.#session.lost(closeError(code, reason));
    });
    await this.#session.start();
    globalThis.addEventListener?.("pagehide", this.#onPageHide);
    globalThis.addEventListener?.("online", this.#onOnline);
    if (statsInterval > 0) {
      this.#statsTimer = setInterval(async () => this.emit("stats", await this.getStats()), statsInterval * 1000);
    }
    this.#setState("connected");
    this.emit("connected");
  }

  #receive(message: ServerMessage): void {
    if (message.type === "joined") return this.#joined(message);
    if (this.#media?.handle(message)) return;
    const { localParticipant: local } = this;
    const roster = this.#roster;
    switch (message.type) {
      case "user-joined":
        return roster.arrived(message.user);
      case "user-left":
        return roster.left(message.userId, message.reason);
      case "published":
        return message.track.userId === local.identity
          ? this.#publications.announce()
          : roster.published(message.track);
      case "unpublished":
        return roster.unpublished(message.trackId);
      case "muted":
        return message.userId === local.identity
          ? this.#publications.takeMuted(message.trackId, message.muted)
          : roster.muted(message.trackId, message.muted);
      case "held":
        return message.userId === local.identity
          ? this.#publications.takeHeld(message.trackId, message.held)
          : roster.held(message.trackId, message.held);
      case "updated":
        if (message.user.userId !== local.identity) return roster.updated(message.user);
        local.takeView(message.user);
        return this.emit("participantUpdated", local);
      case "speakers":
        return roster.speaking(message.speakers);
      case "connection-quality":
        return roster.qualities(message.users);
      default:
        this.#receiveRest(message);
    }
  }

  /** What concerns the session rather than people and tracks. */
  #receiveRest(message: ServerMessage): void {
    switch (message.type) {
      case "stats":
        this.#serverStats = message;
        return this.emit("serverStats", message);
      case "quality-warning":
        return this.emit("qualityWarning", { kind: message.kind, value: message.value, severity: message.severity });
      case "token":
        this.#session.token = message.token;
        return;
      case "data":
        return this.#deliver(fromSignalling(message.payload), message.from, message.topic, true);
      case "data-lost":
        return this.emit("dataLost", message.count);
      case "moved":
        this.#moving = true;
        this.#id = message.roomId;
        return;
      case "kicked":
        this.emit("kicked", message.reason);
        return this.#end(message.reason === "replaced" ? "replaced" : "kicked", message.reason);
      case "room-closed":
        this.emit("roomClosed", message.reason);
        return this.#end("room-closed", message.reason);
      case "recording":
        this.#recording = message.active;
        return this.emit("recording", message.active);
      case "draining":
        return this.#drain(message.deadlineMs, message.url);
      case "error": {
        const error = new CrosspointError(message.code, message.message, message.docs);
        this.#logger.warn("refused", error);
        return this.emit("error", error);
      }
      default:
    }
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

    const begin = this.#chooseMedia(joined, moved);
    this.#roster.sync(joined.users, joined.tracks);
    const settled = this.#media?.joined(joined);
    this.#publications.announce();
    for (const { trackId, userId, held } of joined.tracks)
      if (userId === local.identity) this.#publications.takeHeld(trackId, held);
    this.#settling = Promise.all([settled, begin]).then(() => {});
    this.#settling.catch(() => {});

    if (joined.resumed && !this.#anew) this.#signal.flush();
    else {
      this.#signal.forget();
      this.#roster.announceAll();
      const { name } = this.#options;
      if (name !== undefined && name !== claimsOf(this.#session.token).name)
        this.#signal.send({ type: "update", name });
    }
    if (moved) this.emit("moved", joined.roomId);
  }

  /** Did the last `joined` come with new media? */
  #anew = true;

  /** Keeps the media, or makes those that the room's kind needs; returns what an offer outside of the join waits for. */
  #chooseMedia(joined: Joined, moved: boolean): Promise<void> | undefined {
    const offered = this.#offered;
    this.#offered = undefined;
    const mesh = joined.kind === "mesh";
    const kept = moved || joined.resumed;
    this.#anew = !(kept && !offered && this.#media && this.#media instanceof MeshMedia === mesh);
    if (!this.#anew) return undefined;

    this.#media?.close();
    this.#roster.forgetPlaces();
    if (mesh) {
      offered?.close();
      this.#media = new MeshMedia(this.#mediaHost(), this.localParticipant.localTracks);
      return undefined;
    }
    if (offered) {
      this.#media = offered;
      return undefined;
    }
    const media = new ServerMedia(this.#mediaHost(), joined.iceServers);
    this.#media = media;
    return media.begin(this.localParticipant.localTracks);
  }

  #deliver(payload: Uint8Array, from: string, topic: string | undefined, reliable: boolean): void {
    if (topic === MESH_TOPIC && this.#media instanceof MeshMedia) return this.#media.takeList(from, parse(payload));
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
    this.emit("draining", deadline);
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

  #sessionHost(): SessionHost {
    return {
      baseJoin: () => this.#baseJoin(),
      offer: () => this.#offer(),
      settled: () => this.#settling,
      refreshToken: this.#options.refreshToken,
      restartIce: async () => this.#media?.restartIce(),
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
    const { kind, pin } = this.#options;
    return {
      protocol: PROTOCOL,
      roomId: this.#id,
      features: ["perfect-negotiation"],
      ...(kind ? { kind } : {}),
      ...(pin === undefined ? {} : { pin }),
    };
  }

  /** The offer of a join. None for a mesh, nor where only the server knows the relays without which nothing goes. */
  async #offer(): Promise<Partial<Join>> {
    const { kind, iceTransportPolicy, iceServers } = this.#options;
    this.#offered?.close();
    this.#offered = undefined;
    if ((this.#media ? this.#kind : kind) === "mesh") return { kind: "mesh" };
    if (iceTransportPolicy === "relay" && !iceServers) return { kind: kind ?? "forward" };
    const media = new ServerMedia(this.#mediaHost(), []);
    this.#offered = media;
    return media.first(this.localParticipant.localTracks);
  }

  #mediaHost(): MediaHost {
    const room = this;
    return {
      options: this.#options,
      logger: this.#logger,
      identity: () => this.localParticipant.identity,
      exchange: async (offer, publish) => {
        const reply = await this.#signal.ask({ type: "offer", roomId: this.#id, data: offer, publish }, 15_000);
        if (reply.type !== "answer") throw new CrosspointError("internal", `a reply of type ${reply.type} to an offer`);
        return reply.data;
      },
      relay: (type, data, to) => {
        const target = to === undefined ? {} : { targetUserId: to };
        this.#signal.send({ type, roomId: this.#id, data, ...target });
      },
      received: (frame, reliable, from) => {
        const message = decodeFrame(frame);
        if (message) this.#deliver(message.payload, from ?? message.header.from ?? "", message.header.topic, reliable);
      },
      pathChanged(state) {
        // The path of media that were replaced meanwhile is nobody's concern.
        if (room.#media === undefined || room.#media instanceof MeshMedia) return;
        room.#session.pathChanged(state);
      },
      placed: (trackId, slot, media) => this.#roster.placed(trackId, slot, media),
      published: (userId: string, tracks: TrackView[]) => this.#roster.syncTracks(userId, tracks),
    };
  }

  #trackHome() {
    const room = this;
    const { autoSubscribe = {}, adaptiveStream = true } = this.#options;
    return {
      send: (message: ClientMessage) => this.#signal.send(message),
      elementsChanged: (track: RemoteTrack) => this.#player.update(track),
      volumeChanged: (track: RemoteTrack) => this.#player.volumeChanged(track),
      autoSubscribe,
      adaptiveStream,
      get subscribes() {
        return room.#kind !== "mesh";
      },
    };
  }

  #onPageHide = (event: Event): void => {
    // A page that may come back from the cache, or that reloads and resumes, has not left.
    if (this.#options.persist || (event as PageTransitionEvent).persisted) return;
    if (this.#signal.joined) this.#signal.send({ type: "leave" });
  };

  #onOnline = (): void => this.#session.hurry();

  #end(reason: DisconnectReason, detail: string): void {
    if (this.#state === "disconnected") return;
    this.#saved.clear();
    this.#finish();
    this.emit("disconnected", reason, detail);
  }

  #finish(): void {
    this.#setState("disconnected");
    globalThis.removeEventListener?.("pagehide", this.#onPageHide);
    globalThis.removeEventListener?.("online", this.#onOnline);
    clearInterval(this.#statsTimer);
    this.#session.close();
    this.#offered?.close();
    this.#media?.close();
    this.#media = undefined;
    this.#roster.close();
    this.#player.close();
    this.localParticipant.stopAll();
  }

  #setState(state: ConnectionState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.emit("stateChanged", state);
  }
}

function policyOf({ reconnect }: RoomOptions): ReconnectPolicy | undefined {
  return reconnect === false ? undefined : { ...DEFAULT_POLICY, ...reconnect };
}

function reasonOf({ code }: CrosspointError): DisconnectReason {
  if (code === "kicked") return "kicked";
  if (code === "room-closed") return "room-closed";
  return code === "unreachable" || code === "timeout" || code === "closed" ? "unreachable" : "refused";
}

function ownView({ identity, name, metadata, attributes, joinedAt }: LocalParticipant) {
  return { userId: identity, name, metadata, attributes: { ...attributes }, joinedAt };
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return undefined;
  }
}
