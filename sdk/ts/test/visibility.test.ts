import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { VisibilityWatcher, type Wish } from "../src/visibility.js";

class Observer {
  static last: Observer;
  constructor(readonly tell: (entries: { target: unknown; isIntersecting: boolean }[]) => void) {
    Observer.last = this;
  }
  observe() {}
  unobserve() {}
  disconnect() {}
}

let wishes: Wish[];
let watcher: VisibilityWatcher;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("IntersectionObserver", Observer);
  vi.stubGlobal("devicePixelRatio", 2);
  wishes = [];
  watcher = new VisibilityWatcher((wish) => wishes.push(wish));
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the visibility of a video", () => {
  it("is told in device pixels, once for many changes in a row", () => {
    const element = add(100, 50);
    for (const width of [110, 150, 320]) {
      Object.assign(element, { clientWidth: width, clientHeight: 180 });
      watcher.schedule();
    }
    vi.advanceTimersByTime(200);
    expect(wishes).toEqual([{ width: 640, height: 368, paused: false }]);
    watcher.schedule();
    vi.advanceTimersByTime(1000);
    expect(wishes).toHaveLength(1);
  });

  it("is that of the largest element", () => {
    add(100, 50);
    add(320, 160);
    vi.advanceTimersByTime(200);
    expect(wishes).toEqual([{ width: 640, height: 320, paused: false }]);
  });

  it("pauses a video that nobody can see, and wakes it again", () => {
    const element = add(160, 80);
    vi.advanceTimersByTime(200);
    Observer.last.tell([{ target: element, isIntersecting: false }]);
    vi.advanceTimersByTime(200);
    Observer.last.tell([{ target: element, isIntersecting: true }]);
    vi.advanceTimersByTime(200);
    expect(wishes.map(({ paused }) => paused)).toEqual([false, true, false]);
  });

  it("is unknown, not absent, for an element outside of the document", () => {
    add(0, 0, false);
    vi.advanceTimersByTime(200);
    expect(wishes).toEqual([{ paused: false }]);
  });
});

function add(clientWidth: number, clientHeight: number, isConnected = true): HTMLMediaElement {
  const element = { clientWidth, clientHeight, isConnected } as HTMLMediaElement;
  watcher.add(element);
  return element;
}
