/**
 * How large the elements are in which a video is seen. In: elements. Out: a `Wish`, at most every `DEBOUNCE` milliseconds and
 * only when it changed. Where there are no observers (React Native), every element is seen at an unknown size.
 */

/** Changes within this time are told as one, in milliseconds. */
const DEBOUNCE = 200;
/** Sizes are rounded up to this many pixels, so that a dragged border is not a stream of messages. */
const STEP = 16;

/** What the elements together want. */
export interface Wish {
  /** Device pixels of the largest visible element; absent: unknown. */
  width?: number;
  height?: number;
  /** None is visible. */
  paused: boolean;
}

/** Watches the elements of one video track. */
export class VisibilityWatcher {
  #elements = new Map<HTMLMediaElement, { visible: boolean }>();
  #resize: ResizeObserver | undefined;
  #intersection: IntersectionObserver | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last: Wish | undefined;

  constructor(private readonly changed: (wish: Wish) => void) {}

  /** Watches one more element. */
  add(element: HTMLMediaElement): void {
    this.#observe();
    // Seen until an observer says otherwise: the first picture must not wait for it.
    this.#elements.set(element, { visible: true });
    this.#resize?.observe(element);
    this.#intersection?.observe(element);
    this.schedule();
  }

  /** Watches an element no more. */
  remove(element: HTMLMediaElement): void {
    this.#elements.delete(element);
    this.#resize?.unobserve(element);
    this.#intersection?.unobserve(element);
    if (this.#elements.size > 0) this.schedule();
    else this.stop();
  }

  /** What is wanted now; it counts as told. */
  current(): Wish {
    this.#last = wishOf(this.#elements);
    return this.#last;
  }

  /** Stops watching. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#last = undefined;
    this.#resize?.disconnect();
    this.#intersection?.disconnect();
    this.#resize = undefined;
    this.#intersection = undefined;
  }

  /** Looks again soon. */
  schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const before = this.#last;
      const now = this.current();
      if (before?.width !== now.width || before?.height !== now.height || before?.paused !== now.paused) {
        this.changed(now);
      }
    }, DEBOUNCE);
  }

  #observe(): void {
    if (typeof ResizeObserver !== "undefined") this.#resize ??= new ResizeObserver(() => this.schedule());
    if (typeof IntersectionObserver === "undefined") return;
    this.#intersection ??= new IntersectionObserver((entries) => {
      for (const entry of entries) {
        const known = this.#elements.get(entry.target as HTMLMediaElement);
        if (known) known.visible = entry.isIntersecting;
      }
      this.schedule();
    });
  }
}

/** The largest visible size. An element outside of the document (drawn to a canvas, say) is seen at an unknown size. */
export function wishOf(elements: ReadonlyMap<HTMLMediaElement, { visible: boolean }>): Wish {
  const ratio = globalThis.devicePixelRatio || 1;
  let largest: Wish = { paused: true };
  for (const [element, { visible }] of elements) {
    if (!element.isConnected) return { paused: false };
    if (!visible) continue;
    const width = round(element.clientWidth * ratio);
    const height = round(element.clientHeight * ratio);
    if (width === 0 || height === 0) continue;
    if (width * height > (largest.width ?? 0) * (largest.height ?? 0)) largest = { width, height, paused: false };
  }
  return largest;
}

function round(pixels: number): number {
  return Math.ceil(pixels / STEP) * STEP;
}
