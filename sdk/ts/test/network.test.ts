import { afterEach, describe, expect, it, vi } from "vitest";
import { watchNetwork } from "../src/network.js";

afterEach(() => vi.unstubAllGlobals());

describe("the network", () => {
  it("is another one when the machine is online again, and when the browser says that its kind changed", () => {
    const { page, connection } = browser();
    const told: boolean[] = [];
    const unwatch = watchNetwork((online) => told.push(online));
    page.dispatchEvent(new Event("online"));
    connection.dispatchEvent(new Event("change"));
    expect(told).toEqual([true, false]);

    unwatch();
    page.dispatchEvent(new Event("online"));
    connection.dispatchEvent(new Event("change"));
    expect(told).toEqual([true, false]);
  });

  it("can be watched where the browser says nothing, and where there is none", () => {
    vi.stubGlobal("navigator", undefined);
    watchNetwork(() => {})();
    vi.stubGlobal("navigator", {});
    watchNetwork(() => {})();
  });
});

function browser() {
  const page = new EventTarget();
  const connection = new EventTarget();
  vi.stubGlobal("navigator", { connection });
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  return { page, connection };
}
