import { afterEach, describe, expect, it, vi } from "vitest";
import { watchNetwork } from "../src/network.js";

afterEach(() => vi.unstubAllGlobals());

describe("the network", () => {
  it("is another one when the machine is online again, and when its kind is another", () => {
    const { page, connection } = browser("wifi");
    const changed = vi.fn();
    const unwatch = watchNetwork(changed);
    page.dispatchEvent(new Event("online"));
    expect(changed).toHaveBeenCalledTimes(1);
    connection.becomes("cellular");
    expect(changed).toHaveBeenCalledTimes(2);

    unwatch();
    page.dispatchEvent(new Event("online"));
    connection.becomes("wifi");
    expect(changed).toHaveBeenCalledTimes(2);
  });

  it("is the same when only the estimate of its speed is another", () => {
    const { connection } = browser(undefined);
    const changed = vi.fn();
    watchNetwork(changed);
    connection.becomes(undefined);
    expect(changed).not.toHaveBeenCalled();
  });

  it("can be watched where the browser says nothing, and where there is none", () => {
    vi.stubGlobal("navigator", undefined);
    watchNetwork(() => {})();
    vi.stubGlobal("navigator", {});
    watchNetwork(() => {})();
  });
});

function browser(type: string | undefined) {
  const page = new EventTarget();
  const connection = Object.assign(new EventTarget(), {
    type,
    becomes(other: string | undefined) {
      connection.type = other;
      connection.dispatchEvent(new Event("change"));
    },
  });
  vi.stubGlobal("navigator", { connection });
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  return { page, connection };
}
