/**
 * One participant of a mesh room: a peer connection from browser to browser with the W3C's perfect negotiation
 * (https://www.w3.org/TR/webrtc/#perfect-negotiation-example). Of two peers one is polite: it gives way when offers cross.
 * Descriptions carry beside `type` and `sdp` what the tracks are (`publish`); clients that do not know it ignore it.
 */
import { DataChannels } from "./data.js";
import { PathWatch } from "./ice.js";
import type { LocalTrack } from "./local-track.js";
import type { PathState } from "./media.js";
import { encodingsFor } from "./simulcast.js";
import { StatsReader } from "./stats.js";
import type { Logger, MediaKind, PathStats, TrackStats } from "./types.js";
import type { Publish, TrackView } from "./wire/index.js";

/** A description as mesh clients of this package send it. */
export interface MeshDescription extends RTCSessionDescriptionInit {
  publish?: Publish[];
}

/** What a peer tells the mesh. */
export interface MeshPeerHost {
  readonly logger: Logger;
  /** With the latest credentials of relays: between browsers they are there from the start. */
  configuration(): RTCConfiguration;
  readonly profile: "default" | "mobile";
  readonly iceGrace: number;
  readonly identity: string;
  /** Makes a peer connection; tests give their own. */
  makeConnection(configuration: RTCConfiguration): RTCPeerConnection;
  send(type: "offer" | "answer" | "ice-candidate", data: unknown): void;
  received(frame: Uint8Array, reliable: boolean): void;
  pathChanged(state: PathState): void;
  /** All that this participant publishes, with the browser's tracks. */
  published(tracks: { view: TrackView; media: MediaStreamTrack }[]): void;
}

/** How long the one who was there first leaves the first offer to the newcomer, in milliseconds. */
const COURTESY = 1000;

/** The connection to one other participant. */
export class MeshPeer {
  readonly #pc: RTCPeerConnection;
  readonly #channels: DataChannels;
  readonly #stats = new StatsReader();
  readonly #senders = new Map<LocalTrack, RTCRtpSender>();
  readonly #streams = new Map<string, MediaStream>();
  readonly #watch: PathWatch;
  readonly #polite: boolean;
  #makingOffer = false;
  #ignoreOffer = false;
  #settingAnswer = false;
  #held: ReturnType<typeof setTimeout> | undefined;
  #remote: Publish[] = [];
  #origin: string | undefined;
  #suspended = false;
  #again = false;

  constructor(
    /** Who is at the other end. */
    readonly userId: string,
    private readonly host: MeshPeerHost,
    tracks: readonly LocalTrack[],
    /** Does this end make the first offer? The newcomer does. */
    initiates: boolean,
  ) {
    // Both ends know both names, so that both come to opposite results.
    this.#polite = host.identity < userId;
    this.#pc = host.makeConnection(host.configuration());
    this.#channels = new DataChannels(this.#pc, (frame, reliable) => host.received(frame, reliable), true);
    this.#watch = new PathWatch(this.#pc, host.iceGrace, (state) => host.pathChanged(state));
    if (!initiates) this.#held = setTimeout(() => this.hurry(), COURTESY);
    this.#pc.onnegotiationneeded = () => void this.#offer();
    this.#pc.onicecandidate = ({ candidate }) => {
      if (candidate) host.send("ice-candidate", candidate.toJSON());
    };
    this.#pc.ontrack = () => this.#tell();
    for (const track of tracks) this.add(track);
    if (initiates) this.#inviteMedia();
  }

  /** Sends a track to this participant. */
  add(track: LocalTrack): void {
    const sender = this.#pc.addTrack(track.media, this.#streamOf(track));
    this.#senders.set(track, sender);
    void this.#limit(track, sender);
  }

  /** Browsers keep lips and sound together within a stream (`a=msid`): a face and its voice, a screen and its sound. */
  #streamOf({ source }: LocalTrack): MediaStream {
    const scene = source.startsWith("screen_share") ? "screen" : "person";
    const stream = this.#streams.get(scene) ?? new MediaStream();
    this.#streams.set(scene, stream);
    return stream;
  }

  /** Sends it no more. */
  remove(track: LocalTrack): void {
    const sender = this.#senders.get(track);
    this.#senders.delete(track);
    if (sender) this.#pc.removeTrack(sender);
  }

  /** Sends the track's present browser track. */
  async replace(track: LocalTrack): Promise<void> {
    await this.#senders.get(track)?.replaceTrack(track.media);
  }

  /** What the other end is to know of the tracks that are sent to it. */
  list(): Publish[] {
    return this.#pc.getTransceivers().flatMap(({ mid, sender }) => {
      const track = [...this.#senders].find(([, one]) => one === sender)?.[0];
      if (!track || mid === null) return [];
      return {
        mid,
        source: track.source,
        muted: track.muted,
        ...(track.name ? { name: track.name } : {}),
      };
    });
  }

  /** Takes over what the other end says of its tracks outside of a negotiation: mute flags. */
  takeList(publish: Publish[]): void {
    this.#remote = publish;
    this.#tell();
  }

  /** Leaves the first offer to the other end no longer. */
  hurry(): void {
    clearTimeout(this.#held);
    this.#held = undefined;
    if (this.#again) void this.#offer();
  }

  /** Takes a description from the other end. */
  async describe(description: MeshDescription): Promise<void> {
    const pc = this.#pc;
    const offer = description.type === "offer";
    const ready = !this.#makingOffer && (pc.signalingState === "stable" || this.#settingAnswer);
    this.#ignoreOffer = !this.#polite && offer && !ready;
    if (this.#ignoreOffer) return;
    if (!offer && pc.signalingState !== "have-local-offer") return;

    this.#settingAnswer = !offer;
    try {
      await pc.setRemoteDescription({ type: description.type, sdp: description.sdp });
    } finally {
      this.#settingAnswer = false;
    }
    this.#origin = originOf(description.sdp);
    if (description.publish) this.#remote = description.publish;
    if (offer) {
      await pc.setLocalDescription();
      this.#send("answer");
      // What was held back is in the answer, or the browser asks for it again now that the state is stable.
      clearTimeout(this.#held);
      this.#held = undefined;
      this.#again = false;
    }
    this.#tell();
  }

  /** Does this offer come from another connection than before (the other end began anew)? */
  isNewEnd(description: MeshDescription): boolean {
    const origin = originOf(description.sdp);
    return this.#origin !== undefined && origin !== undefined && origin !== this.#origin;
  }

  /** Takes a candidate from the other end. */
  async candidate(candidate: RTCIceCandidateInit): Promise<void> {
    try {
      await this.#pc.addIceCandidate(candidate);
    } catch (error) {
      // Candidates of an offer that was ignored belong to nothing.
      if (!this.#ignoreOffer) this.host.logger.warn("a candidate was not taken", error);
    }
  }

  /** Mends the path; the offer follows by itself. */
  restartIce(): void {
    this.#pc.setConfiguration(this.host.configuration());
    this.#pc.restartIce();
  }

  /** The machine's network is another one. */
  networkChanged(): void {
    this.#watch.networkChanged();
  }

  /** No socket: offers wait. */
  suspend(): void {
    this.#suspended = true;
  }

  /** The socket is back; what could not be offered is offered now, and an offer without an answer once more. */
  resume(): void {
    this.#suspended = false;
    if (this.#again || this.#pc.signalingState === "have-local-offer") void this.#offer();
  }

  /** Is the channel open? */
  isOpen(reliable: boolean): boolean {
    return this.#channels.isOpen(reliable);
  }

  /** Sends a data frame. */
  send(frame: Uint8Array<ArrayBuffer>, reliable: boolean): Promise<void> {
    return this.#channels.send(frame, reliable);
  }

  /** Statistics of this connection. */
  async getStats(): Promise<{ tracks: TrackStats[]; paths: PathStats[] }> {
    const read = this.#stats.read(await this.#pc.getStats(), (mid, direction) => {
      if (direction === "receive")
        return { trackId: meshTrackId(this.userId, mid), userId: this.userId, source: undefined };
      const { sender } = this.#pc.getTransceivers().find((one) => one.mid === mid) ?? {};
      const track = [...this.#senders].find(([, one]) => one === sender)?.[0];
      return track && { trackId: track.id, userId: this.host.identity, source: track.source };
    });
    return { tracks: read.tracks, paths: read.paths.map((path) => ({ ...path, userId: this.userId })) };
  }

  close(): void {
    clearTimeout(this.#held);
    this.#watch.close();
    this.#pc.onnegotiationneeded = this.#pc.onicecandidate = this.#pc.ontrack = null;
    this.#pc.close();
  }

  /**
   * The newcomer's offer has room for sound and picture even if it sends none: so a simple client at the other end can put
   * its tracks into the answer.
   */
  #inviteMedia(): void {
    for (const kind of ["audio", "video"] as const) {
      if (![...this.#senders.keys()].some((track) => track.kind === kind)) {
        this.#pc.addTransceiver(kind, { direction: "recvonly" });
      }
    }
  }

  async #offer(): Promise<void> {
    if (this.#suspended || this.#held !== undefined) {
      this.#again = true;
      return;
    }
    this.#again = false;
    this.#makingOffer = true;
    try {
      await this.#pc.setLocalDescription();
      this.#send(this.#pc.localDescription?.type === "answer" ? "answer" : "offer");
    } catch (error) {
      this.host.logger.warn("no offer", error);
    } finally {
      this.#makingOffer = false;
    }
  }

  #send(type: "offer" | "answer"): void {
    const description = this.#pc.localDescription;
    if (description?.type !== type) return;
    this.host.send(type, { type, sdp: description.sdp, publish: this.list() } satisfies MeshDescription);
  }

  /** Tells what arrives. Of simple clients only the kind is known: sound is taken for a microphone, a picture for a camera. */
  #tell(): void {
    const tracks = this.#pc.getTransceivers().flatMap(({ mid, currentDirection, receiver }) => {
      if (mid === null || (currentDirection !== "recvonly" && currentDirection !== "sendrecv")) return [];
      const said = this.#remote.find((one) => one.mid === mid);
      return { view: viewOf(this.userId, mid, receiver.track.kind as MediaKind, said), media: receiver.track };
    });
    this.host.published(tracks);
  }

  async #limit(track: LocalTrack, sender: RTCRtpSender): Promise<void> {
    const height = track.media.getSettings().height ?? 0;
    const [best] = encodingsFor({
      ...track.options,
      simulcast: false,
      kind: track.kind,
      source: track.source,
      height,
      profile: this.host.profile,
    });
    const parameters = sender.getParameters();
    const encoding = parameters.encodings?.[0];
    if (!encoding || !best?.maxBitrate) return;
    encoding.maxBitrate = best.maxBitrate;
    await sender.setParameters(parameters).catch((error) => this.host.logger.debug("no bit rate limit", error));
  }
}

/** The server gives no ids in a mesh room: the m-line names the track between these two. */
export function meshTrackId(userId: string, mid: string): string {
  return `${userId}:${mid}`;
}

function viewOf(userId: string, mid: string, kind: MediaKind, said: Publish | undefined): TrackView {
  return {
    trackId: meshTrackId(userId, mid),
    userId,
    kind,
    source: said?.source ?? (kind === "audio" ? "microphone" : "camera"),
    name: said?.name ?? "",
    muted: said?.muted ?? false,
    held: false,
    mid,
    width: said?.width ?? 0,
    height: said?.height ?? 0,
    layers: [],
  };
}

/** The session id of a description (RFC 8866 §5.2): it stays the same as long as the peer connection lives. */
function originOf(sdp: string | undefined): string | undefined {
  return sdp?.match(/^o=\S+ (\S+)/m)?.[1];
}
