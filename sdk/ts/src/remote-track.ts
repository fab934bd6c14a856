/** A track of somebody else: whether it is wanted, how, and where its media is. */
import type { Playable } from "./audio-player.js";
import type { RemoteParticipant } from "./remote-participant.js";
import { Track } from "./track.js";
import type { AutoSubscribe, MediaKind, Preference, Source } from "./types.js";
import { VisibilityWatcher, type Wish } from "./visibility.js";
import type { ClientMessage, SlotView, TrackView } from "./wire/index.js";

/** An element that is moved within the page is detached and attached again: that is no reason to stop, in milliseconds. */
const LINGER = 1000;

/** What a remote track needs of its room. */
export interface RemoteTrackHome {
  send(message: ClientMessage): void;
  /** Elements came or went: the room's own player steps back or in. */
  elementsChanged(track: Playable): void;
  volumeChanged(track: Playable): void;
  readonly autoSubscribe: AutoSubscribe;
  readonly adaptiveStream: boolean;
  /** In a mesh room everything arrives unasked. */
  readonly subscribes: boolean;
  /** Do voices come one by one, rather than in the room's mix? */
  readonly hearsVoices: boolean;
}

/** A track of somebody else. */
export class RemoteTrack extends Track {
  #view: TrackView;
  #home: RemoteTrackHome;
  #wanted: boolean;
  /** Subscribed by a call of `subscribe`, not only by an element. */
  #explicit = false;
  #own: Preference = {};
  #wish: Wish | undefined;
  #slot: SlotView | undefined;
  #watcher: VisibilityWatcher | undefined;
  #linger: ReturnType<typeof setTimeout> | undefined;
  #ended = false;
  #volume = 1;

  /** @internal */
  constructor(
    /** Whose it is. */
    readonly participant: RemoteParticipant,
    view: TrackView,
    home: RemoteTrackHome,
  ) {
    super();
    this.#view = view;
    this.#home = home;
    const { audio = true, video = "attached" } = home.autoSubscribe;
    this.#wanted = !home.subscribes || (view.kind === "audio" ? audio : video === "all");
    this.#explicit = this.#wanted && view.kind === "video";
  }

  get id(): string {
    return this.#view.trackId;
  }

  get kind(): MediaKind {
    return this.#view.kind;
  }

  get source(): Source {
    return this.#view.source;
  }

  get name(): string {
    return this.#view.name;
  }

  get muted(): boolean {
    return this.#view.muted;
  }

  get held(): boolean {
    return this.#view.held;
  }

  /** Width in pixels of the best layer as announced; 0 when unknown. */
  get width(): number {
    return this.#view.width;
  }

  /** Height in pixels of the best layer as announced; 0 when unknown. */
  get height(): number {
    return this.#view.height;
  }

  /** The simulcast rids, best first; empty without simulcast. */
  get layers(): readonly string[] {
    return this.#view.layers;
  }

  /** Is it wanted? Media follows soon (`trackSubscribed`). Voices that are heard in the room's mix are not. */
  get subscribed(): boolean {
    return this.#wanted && (this.kind === "video" || this.#explicit || this.#home.hearsVoices);
  }

  /** The simulcast layer that the server sends now. */
  get layer(): string | undefined {
    return this.#slot?.layer;
  }

  /** The server sends nothing now for want of bandwidth. */
  get paused(): boolean {
    return this.#slot?.paused ?? false;
  }

  /** Loudness in attached elements, 0 to 1. */
  get volume(): number {
    return this.#volume;
  }

  /** Receives it, with or without an element, until `unsubscribe`. */
  subscribe(preference?: Preference): void {
    if (preference) this.#own = { ...preference };
    this.#explicit = true;
    this.#want(true);
  }

  /** Receives it no more. Attached elements stay, and play again after `subscribe`. */
  unsubscribe(): void {
    this.#explicit = false;
    this.#want(false);
  }

  /** Says how it is wanted. What is given here stands before what follows from the elements' sizes. */
  prefer(preference: Preference): void {
    this.#own = { ...preference };
    this.#tell("prefer");
  }

  /** How loud attached elements play it, 0 to 1. */
  setVolume(volume: number): void {
    this.#volume = Math.min(1, Math.max(0, volume));
    for (const element of this.elements) element.volume = this.#volume;
    this.#home.volumeChanged(this);
  }

  /** Tells a session what is wanted; `resumed`: it may know of wishes that are no more. @internal */
  announce(resumed = false): void {
    if (!this.#wanted) {
      if (resumed || this.kind === "audio") this.#refuse();
    } else if (this.kind === "video" || this.#explicit || Object.keys(this.#own).length > 0) this.#tell("subscribe");
  }

  /** Takes over what the server says of it. @internal */
  takeView(change: Partial<TrackView>): void {
    this.#view = { ...this.#view, ...change };
  }

  /** Takes over where it is now; returns whether its media changed. @internal */
  takeSlot(slot: SlotView | undefined, media: MediaStreamTrack | undefined): boolean {
    this.#slot = slot;
    const changed = this.mediaStreamTrack !== media;
    if (changed) this.setMedia(media);
    return changed;
  }

  /** It is gone for good. @internal */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#linger);
    this.#watcher?.stop();
    this.#watcher = undefined;
    this.takeSlot(undefined, undefined);
  }

  protected override onAttached(element: HTMLMediaElement): void {
    clearTimeout(this.#linger);
    element.volume = this.#volume;
    this.#home.elementsChanged(this);
    if (this.kind !== "video") return;
    if (this.#home.adaptiveStream) {
      this.#watcher ??= new VisibilityWatcher((wish) => {
        this.#wish = wish;
        this.#tell("prefer");
      });
      this.#watcher.add(element);
    }
    if (!this.#wanted && this.#home.autoSubscribe.video !== "none") this.#want(true);
  }

  protected override onDetached(element: HTMLMediaElement): void {
    this.#home.elementsChanged(this);
    this.#watcher?.remove(element);
    if (this.elements.size > 0) return;
    this.#wish = undefined;
    if (this.kind !== "video" || this.#explicit) return;
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => {
      if (this.elements.size === 0 && !this.#explicit) this.#want(false);
    }, LINGER);
  }

  #want(wanted: boolean): void {
    if (!this.#home.subscribes) return;
    const before = this.#wanted;
    this.#wanted = wanted;
    // A voice that comes unasked is not subscribed to; from now on it comes with or without that.
    if (wanted) this.#tell(before && this.kind === "video" ? "prefer" : "subscribe");
    else if (before) this.#refuse();
  }

  /** A voice that comes unasked would come on without a subscription: only a pause keeps it away. */
  #refuse(): void {
    if (this.kind === "audio") this.#send({ type: "prefer", trackId: this.id, paused: true });
    else this.#send({ type: "unsubscribe", trackId: this.id });
  }

  #tell(type: "subscribe" | "prefer"): void {
    if (!this.#wanted) return;
    if (type === "subscribe" && this.elements.size > 0) this.#wish = this.#watcher?.current();
    this.#send({ type, trackId: this.id, ...this.#wish, ...this.#own });
  }

  #send(message: ClientMessage): void {
    // Elements are taken away after the end too, and that is no news to the server.
    if (this.#home.subscribes && !this.#ended) this.#home.send(message);
  }
}
