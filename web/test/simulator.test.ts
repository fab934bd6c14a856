import { afterEach, describe, expect, it, vi } from "vitest";
import { isAbsent } from "../src/guest/telephone/simulator";

describe("the simulated telephone", () => {
  afterEach(() => vi.unstubAllGlobals());

  it.each([
    ["is there where the server has one", () => Response.json({}), false],
    ["is absent where the server knows of none", () => new Response("", { status: 404 }), true],
    ["may be there where the server does not answer", () => Promise.reject(new TypeError("no network")), false],
  ])("%s", async (_, answer, absent) => {
    vi.stubGlobal("fetch", answer);
    expect(await isAbsent()).toBe(absent);
  });
});
