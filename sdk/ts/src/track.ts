/** What local and remote tracks have in common: what they show, their flags, and the elements they play in. */
import type { MediaKind, Source } from "./types.js";

/** Elements that we muted because they had no sound to play; they are heard once they have. */
const silenced = new WeakSet<HTMLMediaElement>();

/** One audio or video source of a participant. */
export abstract class Track {
  /** The id by which the server and others know it: `TR_…`. Empty while a local track has none yet. */
  abstract readonly id: string;
  /** Sound or picture. */
  abstract readonly kind: MediaKind;
  /** What it shows or lets hear. */
  abstract readonly source: Source;
  /** A name the publisher gave; may be empty. */
  abstract readonly name: string;
  /** The publisher's own flag. */
  abstract readonly muted: boolean;
  /** The room's flag; only an admin clears it. */
  abstract readonly held: boolean;

  #media: MediaStreamTrack | undefined;
  #elements = new Set<HTMLMediaElement>();

  /** The browser's track; absent while nothing of a remote track arrives. */
  get mediaStreamTrack(): MediaStreamTrack | undefined {
    return this.#media;
  }

  /** The elements that it plays in. */
  get elements(): ReadonlySet<HTMLMediaElement> {
    return this.#elements;
  }

  /**
   * Plays in an element, or in a new one. The element follows: what arrives later, or in another way, appears in it.
   * Attaching an element subscribes to a remote video. A picture alone is muted, so that autoplay is never refused.
   */
  attach(element?: HTMLMediaElement): HTMLMediaElement {
    const target = element ?? (document.createElement(this.kind) as HTMLMediaElement);
    if (target instanceof HTMLVideoElement) target.playsInline = true;
    target.autoplay = true;
    if (this.kind === "audio") {
      if (silenced.delete(target)) target.muted = false;
    } else if (!target.muted && !tracksIn(target).some(({ kind }) => kind === "audio")) {
      target.muted = true;
      silenced.add(target);
    }
    if (!this.#elements.has(target)) {
      this.#elements.add(target);
      this.onAttached(target);
    }
    show(target, this.#media, this.kind);
    return target;
  }

  /** Plays in this element no more; without one, in none. Returns those that were left. */
  detach(element?: HTMLMediaElement): HTMLMediaElement[] {
    const left = element ? [element].filter((one) => this.#elements.has(one)) : [...this.#elements];
    for (const one of left) {
      this.#elements.delete(one);
      show(one, undefined, this.kind);
      this.onDetached(one);
    }
    return left;
  }

  /** Changes what the elements play. */
  protected setMedia(media: MediaStreamTrack | undefined): void {
    this.#media = media;
    for (const element of this.#elements) show(element, media, this.kind);
  }

  protected onAttached(_element: HTMLMediaElement): void {}

  protected onDetached(_element: HTMLMediaElement): void {}
}

/**
 * Puts a track into an element beside the one of the other kind, so that one `<video>` can play picture and sound of a
 * participant. A new `MediaStream` each time: Safari does not notice changes in the old one.
 */
function show(element: HTMLMediaElement, media: MediaStreamTrack | undefined, kind: MediaKind): void {
  const present = tracksIn(element);
  const same = present.filter((track) => track.kind === kind);
  if (same.length === (media ? 1 : 0) && same[0] === media) return;
  const others = present.filter((track) => track.kind !== kind);
  const tracks = media ? [...others, media] : others;
  element.srcObject = tracks.length > 0 ? new MediaStream(tracks) : null;
  // Autoplay may be refused for sound; `room.startAudio()` is there for that.
  if (tracks.length > 0) element.play?.()?.catch(() => {});
}

function tracksIn(element: HTMLMediaElement): MediaStreamTrack[] {
  return element.srcObject instanceof MediaStream ? element.srcObject.getTracks() : [];
}
