import { beforeEach, expect, it } from "vitest";
import { Meters, PROGRAMME } from "../src/room/meters";

/** What the browser would draw next. */
let frame: ((now: number) => void) | undefined;
let now = 0;

beforeEach(() => {
  frame = undefined;
  now = 10_000;
  Object.assign(globalThis, {
    requestAnimationFrame: (draw: (now: number) => void) => {
      frame = draw;
      return 1;
    },
  });
});

it("rises at once, falls slowly, and rests when there is nothing to draw", () => {
  const meters = new Meters();
  const ann = element();
  meters.show("ann", ann.element);
  meters.take([{ userId: "ann", peak: -6, rms: -12, clip: false }], now);
  draw(6);
  expect(ann.level()).toBeGreaterThan(0.75);
  meters.take([], now);
  draw(3);
  expect(ann.level()).toBeGreaterThan(0.4);
  expect(draw(600), "frames until it rests").toBeLessThan(300);
  expect([ann.level(), frame]).toEqual([0, undefined]);
});

it("shows a clip for a while, and the programme apart from the voices", () => {
  const meters = new Meters();
  const [ann, programme] = [element(), element()];
  meters.show("ann", ann.element);
  meters.show(PROGRAMME, programme.element);
  meters.take(
    [
      { userId: "ann", peak: -30, rms: -40, clip: false },
      { bus: "programme", peak: 0, rms: -3, clip: true },
      { bus: "hold", peak: 0, rms: 0, clip: false },
    ],
    now,
  );
  draw(10);
  expect(["clip" in ann.element.dataset, "clip" in programme.element.dataset]).toEqual([false, true]);
  expect(programme.level()).toBeGreaterThan(ann.level());
  meters.rest();
  draw(600);
  expect("clip" in programme.element.dataset).toBe(false);
});

it("draws nothing that is not shown", () => {
  const meters = new Meters();
  meters.take([{ userId: "ann", peak: 0, rms: 0, clip: true }], now);
  expect(draw(10)).toBeLessThanOrEqual(1);
});

/** Draws so many frames at most, and returns how many there were. */
function draw(most: number): number {
  for (let count = 0; count < most; count += 1) {
    const next = frame;
    if (!next) return count;
    frame = undefined;
    now += 16;
    next(now);
  }
  return most;
}

function element() {
  const properties = new Map<string, string>();
  const style = { setProperty: (name: string, value: string) => properties.set(name, value) };
  const dataset: Record<string, string> = {};
  return { element: { style, dataset } as unknown as HTMLElement, level: () => Number(properties.get("--level") ?? 0) };
}
