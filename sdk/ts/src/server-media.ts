/**
 * Media through the server: ONE peer connection with one's own tracks (send-only m-lines) and slots (receive-only m-lines)
 * through which the server switches what it sends. In: local tracks, messages about slots, layers and negotiation.
 * Out: offers, the place of each received track, data frames, the state of the path.
 */
import { DataChannels, encodeFrame } from "./data.js";
import { watchFlow } from "./flow.js";
import { hasPath, PathWatch } from "./ice.js";
import type { LocalTrack } from "./local-track.js";
import type { Media, MediaHost } from "./media.js";
import { Negotiator } from "./negotiation.js";
import { PlayoutDepth } from "./playout.js";
import { PathProof } from "./proof.js";
import { Publisher } from "./publisher.js";
import { iceGraceOf } from "./reconnect.js";
import { configuration } from "./relays.js";
import { type SlotChange, SlotTable } from "./slots.js";
import { StatsReader } from "./stats.js";
import type { MediaKind, PathStats, TrackStats } from "./types.js";
import type { IceServer, Joined, Publish, ServerMessage, SessionDescription } from "./wire/index.js";

/** Slots of the first offer. The server asks for more (`slots-wanted`) when there is more to see and hear. */
const FIRST_SLOTS = { audio: 2, video: 2 };
const FIRST_SLOTS_AUDIO_ONLY = { audio: 4, video: 0 };
/** The mix is all that is heard where the room makes one. */
const FIRST_SLOTS_MIX = 1;
/** What the server may ask for at most: a faulty one must not fill the browser's memory. */
const MAX_SLOTS = 64;

/**
 * How long after the answer a direct way may take before the server's relays are tried as well, in milliseconds. UDP needs one
 * round trip and TCP two, with checks 50 ms apart (RFC 8445 §14.2): on a line with 300 ms all is decided in well below a
 * second. Longer than this nobody wants to wait for sound.
 */
const DIRECT_WITHIN = 1500;
/** The same for relays that were known at the start: with TLS they take eight round trips. Then their credentials are too old. */
const RELAYED_WITHIN = 4000;

/** Media of a `forward` or `mix` room. */
export class ServerMedia implements Media {
  readonly #pc: RTCPeerConnection;
  readonly #publisher: Publisher;
  readonly #negotiator: Negotiator;
  readonly #channels: DataChannels;
  readonly #slots = new SlotTable();
  readonly #receiving: Record<MediaKind, RTCRtpTransceiver[]> = { audio: [], video: [] };
  readonly #stats = new StatsReader();
  readonly #depth = new PlayoutDepth();
  readonly #watch: PathWatch;
  readonly #unwatchFlow: () => void;
  readonly #proof: PathProof;
  /** Those of the server's ICE servers that the peer connection has. */
  #iceServers: readonly IceServer[];
  #pathTimer: ReturnType<typeof setTimeout> | undefined;
  /** Candidates wait until the answer tells whether the server wants them. */
  #candidates: RTCIceCandidate[] | undefined = [];
  #offered = false;

  constructor(
    private readonly host: MediaHost,
    private readonly mixed = false,
  ) {
    const { options, logger } = host;
    this.#iceServers = host.relays.forNewMedia();
    this.#pc = new RTCPeerConnection(configuration(options, this.#iceServers));
    this.#publisher = new Publisher(this.#pc, options.profile ?? "default", logger);
    const exchange = (offer: SessionDescription) => host.exchange(offer, this.#publisher.list());
    this.#negotiator = new Negotiator(this.#pc, exchange, logger, () => this.#useRelays());
    this.#channels = new DataChannels(this.#pc, (frame, reliable) => host.received(frame, reliable));
    this.#watch = new PathWatch(this.#pc, iceGraceOf(options.reconnect), (state) => host.pathChanged(state));
    this.#proof = new PathProof(this.#pc, (alive) => this.#watch.proven(alive));
    this.#unwatchFlow = watchFlow(
      () => this.#pc.getReceivers(),
      () => {
        host.pathChanged("silent");
        void this.#proof.begin();
      },
    );
    this.#pc.onicecandidate = ({ candidate }) => {
      if (candidate) this.#trickle(candidate);
    };
  }

  /** The offer that travels in `join`, with what is sent on its m-lines. */
  async first(tracks: readonly LocalTrack[]): Promise<{ offer: SessionDescription; publish: Publish[] }> {
    this.#offered = true;
    for (const track of tracks) await this.#publisher.add(track);
    this.#grow(this.#firstSlots());
    const offer = await this.#negotiator.first();
    return { offer, publish: this.#publisher.list() };
  }

  /** Offers at once over an open session, where `join` had no offer. */
  async begin(tracks: readonly LocalTrack[]): Promise<void> {
    this.#offered = true;
    for (const track of tracks) await this.#publisher.add(track);
    this.#grow(this.#firstSlots());
    await this.#negotiator.request();
    this.#answered();
  }

  async joined(joined: Joined): Promise<void> {
    this.#place(this.#slots.reset(joined.slots));
    this.#identify(joined.tracks);
    if (joined.answer && this.#pc.signalingState === "have-local-offer") {
      await this.#negotiator.accept(joined.answer);
      this.#answered();
    }
    if (this.#offered) this.#negotiator.resume();
  }

  suspend(): void {
    this.#negotiator.suspend();
  }

  handle(message: ServerMessage): boolean {
    switch (message.type) {
      case "slots":
        this.#place(this.#slots.apply(message.slots));
        return true;
      case "slots-wanted":
        if (this.#grow(message)) this.#background(this.#negotiator.request());
        return true;
      case "layers": {
        const track = this.#byId.get(message.trackId);
        if (track) this.#background(this.#publisher.applyUnwanted(track, message.unwanted));
        return true;
      }
      case "published":
        this.#identify([message.track]);
        return false;
      case "stats":
        this.#background(this.#depth.review(this.#receiving.audio.map(({ receiver }) => receiver)));
        return false;
      case "ice-candidate":
        this.#background(this.#pc.addIceCandidate(message.data as RTCIceCandidateInit));
        return true;
      default:
        return false;
    }
  }

  async publish(track: LocalTrack): Promise<void> {
    await this.#publisher.add(track);
    try {
      await this.#negotiator.request();
    } catch (error) {
      await this.#publisher.remove(track);
      throw error;
    }
  }

  async unpublish(track: LocalTrack): Promise<void> {
    this.#byId.delete(track.id);
    await this.#publisher.remove(track);
    await this.#negotiator.request();
  }

  replace(track: LocalTrack): Promise<void> {
    return this.#publisher.replace(track);
  }

  muteChanged(track: LocalTrack): Promise<void> {
    return this.#publisher.applyMute(track);
  }

  async send(
    payload: Uint8Array,
    reliable: boolean,
    to: readonly string[] | undefined,
    topic: string | undefined,
  ): Promise<boolean> {
    if (!this.#channels.isOpen(reliable)) return false;
    const header = { ...(to ? { to: [...to] } : {}), ...(topic === undefined ? {} : { topic }) };
    await this.#channels.send(encodeFrame(header, payload), reliable);
    return true;
  }

  async getStats(): Promise<{ tracks: TrackStats[]; paths: PathStats[] }> {
    return this.#stats.read(await this.#pc.getStats(), (mid, direction) => {
      if (direction === "receive") return { trackId: this.#slots.trackIn(mid) ?? "", userId: "", source: undefined };
      const track = this.#publisher.byMid(mid);
      return track && { trackId: track.id, userId: this.host.identity(), source: track.source };
    });
  }

  restartIce(): Promise<void> {
    this.#proof.restarting();
    return this.#negotiator.restartIce();
  }

  networkChanged(): void {
    this.#watch.networkChanged();
  }

  close(): void {
    clearTimeout(this.#pathTimer);
    this.#watch.close();
    this.#unwatchFlow();
    this.#proof.close();
    this.#negotiator.close();
    this.#pc.onicecandidate = null;
    this.#pc.close();
  }

  /** One's own tracks by the id that the server gave them. */
  readonly #byId = new Map<string, LocalTrack>();

  /** One's own m-lines get the ids of the tracks on them. */
  #identify(tracks: readonly { trackId: string; userId: string; mid: string }[]): void {
    for (const { trackId, userId, mid } of tracks) {
      if (userId !== this.host.identity()) continue;
      const track = this.#publisher.byMid(mid);
      if (!track) continue;
      track.setId(trackId);
      this.#byId.set(trackId, track);
    }
  }

  #firstSlots(): { audio: number; video: number } {
    const usual = this.host.options.audioOnly ? FIRST_SLOTS_AUDIO_ONLY : FIRST_SLOTS;
    return this.mixed ? { ...usual, audio: FIRST_SLOTS_MIX } : usual;
  }

  /** Adds receive-only m-lines up to the wanted numbers; returns whether there are new ones. */
  #grow(wanted: { audio: number; video: number }): boolean {
    let grown = false;
    for (const kind of ["audio", "video"] as const) {
      const count = kind === "video" && this.host.options.audioOnly ? 0 : Math.min(wanted[kind], MAX_SLOTS);
      while (this.#receiving[kind].length < count) {
        this.#receiving[kind].push(this.#pc.addTransceiver(kind, { direction: "recvonly" }));
        grown = true;
      }
    }
    return grown;
  }

  #place(changes: readonly SlotChange[]): void {
    for (const { trackId, slot } of changes) {
      const line = slot && this.#receiving[slot.kind].find(({ mid }) => mid === slot.mid);
      this.host.placed(trackId, slot, line?.receiver.track);
    }
  }

  /** A server that is ICE-lite (RFC 8445 §2.5) sends no checks, so that it has no use for candidates. */
  #answered(): void {
    const lite = /^a=ice-lite\s*$/m.test(this.#pc.remoteDescription?.sdp ?? "");
    const waiting = this.#candidates ?? [];
    this.#candidates = lite ? [] : undefined;
    this.#lite = lite;
    if (!lite) for (const candidate of waiting) this.host.relay("ice-candidate", candidate.toJSON());
    this.#awaitPath();
  }

  /** Restarts ICE, once, where the ways that the peer connection knows lead nowhere and the server has relays beside them. */
  #awaitPath(): void {
    const within = this.#iceServers.length > 0 ? RELAYED_WITHIN : DIRECT_WITHIN;
    this.#pathTimer = setTimeout(() => {
      const { relays, logger } = this.host;
      if (hasPath(this.#pc) || !relays.present || relays.servers === this.#iceServers) return;
      logger.info("nothing goes through so far: trying the server's relays");
      this.#background(this.restartIce());
    }, within);
  }

  /** Whatever makes an ICE restart necessary, the way that is left may be a relay. */
  #useRelays(): void {
    const { relays, options, logger } = this.host;
    const { servers } = relays;
    if (servers === this.#iceServers) return;
    try {
      this.#pc.setConfiguration(configuration(options, servers));
      this.#iceServers = servers;
      relays.need();
    } catch (error) {
      // An address that this browser does not take: the restart goes on with what it has.
      logger.warn("the server's ICE servers were not taken", error);
    }
  }

  #lite = false;

  #trickle(candidate: RTCIceCandidate): void {
    if (this.#lite) return;
    if (this.#candidates) this.#candidates.push(candidate);
    else this.host.relay("ice-candidate", candidate.toJSON());
  }

  #background(work: Promise<void>): void {
    work.catch((error) => this.host.logger.warn("media", error));
  }
}
