import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CallingIn } from "../src/guest/calling-in";
import { PreviewDevice } from "../src/lobby/preview";

const client = vi.hoisted(() => ({ createLocalTracks: vi.fn() }));
vi.mock("@crosspoint/client", async (original) => ({ ...(await original<object>()), ...client }));

const CALLER = { name: "Gina", topic: "trains" };
const SEAT = { token: "t", identity: "guest-1", room: "lobby-late", role: "guest", callId: "c1" };

describe("a guest who calls in", () => {
  const server = vi.fn();
  const refused = vi.fn();
  let allow: () => void;
  let deny: () => void;
  let microphone: PreviewDevice;
  let calling: CallingIn;

  beforeEach(() => {
    client.createLocalTracks.mockReset().mockImplementation(
      () =>
        new Promise((resolve, reject) => {
          allow = () => resolve([{ stop() {} }]);
          deny = () => reject(new DOMException("no", "NotAllowedError"));
        }),
    );
    server.mockReset().mockImplementation(async () => Response.json(SEAT));
    refused.mockReset();
    vi.stubGlobal("fetch", server);
    vi.stubGlobal("isSecureContext", true);
    microphone = new PreviewDevice(
      "audio",
      () => {},
      () => {},
    );
    calling = new CallingIn("late", "invite", microphone, refused);
  });

  afterEach(() => vi.unstubAllGlobals());

  it("takes the seat only after the microphone was allowed", async () => {
    const called = calling.call(CALLER);
    await Promise.resolve();
    expect(calling.step.value).toBe("microphone");
    expect(server).not.toHaveBeenCalled();
    allow();
    await called;
    expect(server).toHaveBeenCalledOnce();
    expect(server.mock.calls[0]?.[0]).toBe("/api/shows/late/seats");
  });

  it("is asked once, however often they click and whoever asked first", async () => {
    void calling.ask();
    const called = calling.call(CALLER);
    void calling.call(CALLER);
    allow();
    await called;
    expect(client.createLocalTracks).toHaveBeenCalledOnce();
    expect(server).toHaveBeenCalledOnce();
  });

  it("takes no seat without a microphone, and may try again", async () => {
    const called = calling.call(CALLER);
    deny();
    await called;
    expect(server).not.toHaveBeenCalled();
    expect(calling.step.value).toBe("form");
    expect(microphone.problem.value).toBe("denied");
    const again = calling.call(CALLER);
    allow();
    await again;
    expect(server).toHaveBeenCalledOnce();
    expect(microphone.problem.value).toBeUndefined();
  });

  it("takes no seat once they have gone away", async () => {
    const called = calling.call(CALLER);
    calling.close();
    allow();
    await called;
    expect(server).not.toHaveBeenCalled();
  });

  it("is told what another try may change, and turned away where none does", async () => {
    const answer = (status: number, code: string) => Response.json({ code, detail: code }, { status });
    server.mockImplementationOnce(async () => answer(503, "lines-busy"));
    const called = calling.call(CALLER);
    allow();
    await called;
    expect(calling.problem.value?.code).toBe("lines-busy");
    expect(refused).not.toHaveBeenCalled();
    server.mockImplementationOnce(async () => answer(404, "show-not-found"));
    await calling.call(CALLER);
    expect(refused).toHaveBeenCalledWith("show-not-found", "show-not-found");
    expect(calling.step.value).toBe("form");
  });
});
