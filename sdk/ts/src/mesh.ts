/** Media of a mesh room: one peer connection to each other participant; the server only relays. */
import { encodeFrame } from "./data.js";
import type { LocalTrack } from "./local-track.js";
import type { Media, MediaHost, PathState } from "./media.js";
import { type MeshDescription, MeshPeer, type MeshPeerHost } from "./mesh-peer.js";
import { iceGraceOf } from "./reconnect.js";
import { configuration } from "./relays.js";
import type { PathStats, TrackStats } from "./types.js";
import type { IceServer, Joined, Negotiation, Publish, ServerMessage } from "./wire/index.js";

/** The topic of messages by which clients of this package tell each other mute flags. */
export const MESH_TOPIC = "crosspoint.tracks";

/** Media of a `mesh` room. */
export class MeshMedia implements Media {
  readonly #peers = new Map<string, MeshPeer>();
  /** Descriptions and candidates of one participant are worked through in order. */
  readonly #order = new Map<string, Promise<void>>();
  #tracks: LocalTrack[];
  #iceServers: readonly IceServer[] = [];
  #ids = 0;

  constructor(
    private readonly host: MediaHost,
    tracks: readonly LocalTrack[],
    private readonly makeConnection = (settings: RTCConfiguration) => new RTCPeerConnection(settings),
  ) {
    this.#tracks = [...tracks];
    for (const track of tracks) this.#name(track);
  }

  async joined(joined: Joined): Promise<void> {
    this.#iceServers = joined.iceServers;
    for (const id of [...this.#peers.keys()]) if (!joined.participants.includes(id)) this.#drop(id);
    for (const id of joined.participants) {
      const peer = this.#peers.get(id);
      if (peer) peer.resume();
      // Who was there when this client came gets its offer.
      else this.#make(id, true);
    }
  }

  suspend(): void {
    for (const peer of this.#peers.values()) peer.suspend();
  }

  handle(message: ServerMessage): boolean {
    switch (message.type) {
      case "user-joined":
        this.#arrived(message.userId);
        return false;
      case "user-left":
        this.#drop(message.userId);
        return false;
      case "offer":
      case "answer":
      case "ice-candidate":
        this.#negotiate(message);
        return true;
      default:
        return false;
    }
  }

  async publish(track: LocalTrack): Promise<void> {
    this.#name(track);
    this.#tracks.push(track);
    for (const peer of this.#peers.values()) peer.add(track);
  }

  async unpublish(track: LocalTrack): Promise<void> {
    this.#tracks = this.#tracks.filter((one) => one !== track);
    for (const peer of this.#peers.values()) peer.remove(track);
  }

  async replace(track: LocalTrack): Promise<void> {
    await Promise.all([...this.#peers.values()].map((peer) => peer.replace(track)));
  }

  /** The browser sends silence and black; the others are told over the data channel, since the server knows no tracks. */
  async muteChanged(): Promise<void> {
    for (const peer of this.#peers.values()) {
      if (!peer.isOpen(true)) continue;
      const list = new TextEncoder().encode(JSON.stringify(peer.list()));
      await peer.send(encodeFrame({ topic: MESH_TOPIC }, list), true);
    }
  }

  /** Takes the list of tracks that another client of this package sent. */
  takeList(from: string, list: unknown): void {
    if (Array.isArray(list)) this.#peers.get(from)?.takeList(list as Publish[]);
  }

  async send(
    payload: Uint8Array,
    reliable: boolean,
    to: readonly string[] | undefined,
    topic: string | undefined,
  ): Promise<boolean> {
    const receivers = [...this.#peers.values()].filter(({ userId }) => to?.includes(userId) ?? true);
    if (!receivers.every((peer) => peer.isOpen(reliable))) return false;
    const frame = encodeFrame(topic === undefined ? {} : { topic }, payload);
    await Promise.all(receivers.map((peer) => peer.send(frame, reliable)));
    return true;
  }

  async getStats(): Promise<{ tracks: TrackStats[]; paths: PathStats[] }> {
    const all = await Promise.all([...this.#peers.values()].map((peer) => peer.getStats()));
    return { tracks: all.flatMap(({ tracks }) => tracks), paths: all.flatMap(({ paths }) => paths) };
  }

  async restartIce(): Promise<void> {
    for (const peer of this.#peers.values()) peer.restartIce();
  }

  networkChanged(): void {
    for (const peer of this.#peers.values()) peer.networkChanged();
  }

  close(): void {
    for (const id of [...this.#peers.keys()]) this.#drop(id);
  }

  /** Somebody came, or came anew: then the old connection leads nowhere. */
  #arrived(userId: string): void {
    this.#drop(userId);
    this.#make(userId, false);
  }

  #negotiate(message: { type: "offer" | "answer" | "ice-candidate" } & Negotiation): void {
    const { type, userId, data } = message;
    if (!userId || typeof data !== "object" || data === null) return;
    const before = this.#order.get(userId) ?? Promise.resolve();
    const work = before.then(async () => {
      if (type === "ice-candidate") return this.#peers.get(userId)?.candidate(data as RTCIceCandidateInit);
      await this.#peerFor(userId, data as MeshDescription)?.describe(data as MeshDescription);
    });
    this.#order.set(
      userId,
      work.catch((error) => this.host.logger.warn("a description was not taken", error)),
    );
  }

  #peerFor(userId: string, description: MeshDescription): MeshPeer | undefined {
    const present = this.#peers.get(userId);
    if (description.type !== "offer") return present;
    if (present && !present.isNewEnd(description)) return present;
    this.#drop(userId);
    return this.#make(userId, false);
  }

  #make(userId: string, initiates: boolean): MeshPeer {
    const peer = new MeshPeer(userId, this.#hostOf(userId), this.#tracks, initiates);
    this.#peers.set(userId, peer);
    return peer;
  }

  #hostOf(userId: string): MeshPeerHost {
    const { host } = this;
    return {
      logger: host.logger,
      configuration: () => configuration(host.options, this.#iceServers),
      profile: host.options.profile ?? "default",
      iceGrace: iceGraceOf(host.options.reconnect),
      identity: host.identity(),
      makeConnection: this.makeConnection,
      send: (type, data) => host.relay(type, data, userId),
      received: (frame, reliable) => host.received(frame, reliable, userId),
      pathChanged: (state) => this.#pathChanged(userId, state),
      published: (tracks) => {
        host.published(
          userId,
          tracks.map(({ view }) => view),
        );
        for (const { view, media } of tracks) {
          host.placed(view.trackId, { mid: view.mid, kind: view.kind, trackId: view.trackId, userId }, media);
        }
      },
    };
  }

  /** One bad connection is its own business: the room goes on with the others. */
  #pathChanged(userId: string, state: PathState): void {
    const peer = this.#peers.get(userId);
    if (state === "trouble") peer?.restartIce();
    // A second failure: the other end may be gone; its `user-left` or its new offer decides.
    if (state === "failed") peer?.restartIce();
  }

  #drop(userId: string): void {
    this.#peers.get(userId)?.close();
    if (this.#peers.delete(userId)) this.host.published(userId, []);
  }

  #name(track: LocalTrack): void {
    if (track.id) return;
    this.#ids += 1;
    track.setId(`${this.host.identity()}:${track.source}:${this.#ids}`);
  }
}
