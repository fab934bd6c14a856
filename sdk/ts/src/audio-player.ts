/**
 * Plays received sound in hidden elements, so that applications attach only what is to be seen. Steps back where the
 * application attaches an element itself. Browsers forbid sound before the first gesture: `start` is called from one.
 */
import type { Track } from "./track.js";

/** What it plays: tracks of others, the room's mix. */
export type Playable = Track & { readonly volume: number };

/** The hidden elements of a room. */
export class AudioPlayer {
  #elements = new Map<Playable, HTMLAudioElement>();
  #canPlay = true;

  constructor(
    private readonly enabled: boolean,
    private readonly changed: (canPlay: boolean) => void,
  ) {}

  /** May sound play, as far as is known? */
  get canPlay(): boolean {
    return this.#canPlay;
  }

  /** Plays a track that arrives, stops one that does not, follows one that changed. */
  update(track: Playable): void {
    if (!this.enabled || track.kind !== "audio" || typeof document === "undefined") return;
    const media = track.elements.size === 0 ? track.mediaStreamTrack : undefined;
    const present = this.#elements.get(track);
    if (!media) {
      this.#elements.delete(track);
      if (present) {
        present.srcObject = null;
        present.remove();
      }
      return;
    }
    const element = present ?? document.createElement("audio");
    element.autoplay = true;
    element.volume = track.volume;
    this.#elements.set(track, element);
    const playing = element.srcObject instanceof MediaStream ? element.srcObject.getTracks()[0] : undefined;
    if (playing !== media) element.srcObject = new MediaStream([media]);
    // In the document, because some browsers collect elements that are not, with their sound.
    if (!element.isConnected) {
      element.hidden = true;
      (document.body ?? document.documentElement).append(element);
    }
    void this.#play(element);
  }

  /** The loudness of a track changed. */
  volumeChanged(track: Playable): void {
    const element = this.#elements.get(track);
    if (element) element.volume = track.volume;
  }

  /** Plays what was refused; call it from a click. */
  async start(): Promise<void> {
    const played = await Promise.all([...this.#elements.values()].map((element) => this.#play(element)));
    if (played.every(Boolean)) this.#set(true);
  }

  /** Takes every element away. */
  close(): void {
    for (const element of this.#elements.values()) {
      element.srcObject = null;
      element.remove();
    }
    this.#elements.clear();
  }

  async #play(element: HTMLAudioElement): Promise<boolean> {
    try {
      await element.play();
      return true;
    } catch (error) {
      // Other errors (a source that changed meanwhile) mend themselves.
      const refused = (error as Error).name === "NotAllowedError";
      if (refused) this.#set(false);
      return !refused;
    }
  }

  #set(canPlay: boolean): void {
    if (this.#canPlay === canPlay) return;
    this.#canPlay = canPlay;
    this.changed(canPlay);
  }
}
