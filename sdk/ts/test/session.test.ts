import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CrosspointError } from "../src/errors.js";
import { DEFAULT_POLICY } from "../src/reconnect.js";
import { Session, type SessionHost } from "../src/session.js";
import { closeError, SignalClient } from "../src/signal-client.js";
import type { ReconnectStage } from "../src/types.js";
import type { Joined, ServerFrame } from "../src/wire/index.js";
import { FakeSocket, joined, quiet } from "./fakes.js";

let socket: FakeSocket;
let signal: SignalClient;
let session: Session;
let story: string[];
/** What an application is shown as an error. */
let shown: string[];
/** What the server says to the join of the next sockets; `down`: nobody listens. */
let server: (frame: { resume?: string; offer?: unknown }) => ServerFrame | "down";
/** Does the server answer pings? */
let hears: boolean;

beforeEach(async () => {
  vi.useFakeTimers();
  hears = true;
  story = [];
  shown = [];
  server = () => joined();
  signal = new SignalClient(quiet, (url) => {
    socket = new FakeSocket(url);
    answer(socket);
    return socket as never;
  });
  signal.on("message", (message) => {
    if (message.type === "joined") session.resume = (message as Joined).resume;
    if (message.type === "error") shown.push(message.code);
  });
  signal.on("closed", (code, reason) => session.lost(closeError(code, reason), code === 4003));
  session = new Session("ws://x", "t", signal, host(), DEFAULT_POLICY, 5000, quiet);
  const starting = session.start();
  await vi.advanceTimersByTimeAsync(10);
  await starting;
  story = [];
});

afterEach(() => {
  session.close();
  vi.useRealTimers();
});

describe("a session", () => {
  it("is resumed after a dropped socket, without new media", async () => {
    server = ({ resume }) => joined({ resumed: resume === "token-1", resume: "token-2" });
    socket.drops();
    await vi.advanceTimersByTimeAsync(1000);
    expect(story).toEqual(["reconnecting signalling", "join resume", "reconnected true"]);
    expect(session.resume).toBe("token-2");
  });

  it("is joined anew with new media when the server does not know it any more", async () => {
    server = ({ resume }) =>
      resume ? { type: "error", code: "resume-failed", message: "too late", docs: "" } : joined({ resume: "other" });
    socket.drops(1012);
    await vi.advanceTimersByTimeAsync(1000);
    expect(story).toEqual([
      "reconnecting signalling",
      "join resume",
      "reconnecting rejoin",
      "new media",
      "join offer",
      "reconnected false",
    ]);
    expect(shown).toEqual([]);
  });

  it("shows the refusal of the join that follows a session that is gone", async () => {
    server = ({ resume }) =>
      resume
        ? { type: "error", code: "resume-failed", message: "too late", docs: "" }
        : { type: "error", code: "room-locked", message: "locked", docs: "" };
    socket.drops(1012);
    await vi.advanceTimersByTimeAsync(1000);
    expect(shown).toEqual(["room-locked"]);
    expect(story.at(-1)).toBe("ended room-locked");
  });

  it("is back within ten seconds of a restart that takes five", async () => {
    const back = Date.now() + 5000;
    server = ({ resume }) => {
      if (Date.now() < back) return "down";
      return resume ? { type: "error", code: "resume-failed", message: "", docs: "" } : joined();
    };
    socket.drops(1012);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(story.at(-1)).toBe("reconnected false");
  });

  it.each([
    [4000, "kicked"],
    [4001, "kicked"],
    [4002, "room-closed"],
    [1008, "unauthorized"],
  ])("ends with close code %i and does not come back", async (code, word) => {
    socket.drops(code);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(story).toEqual([`ended ${word}`]);
  });

  it("restarts ICE when the path is in trouble, and goes on when that helps", async () => {
    session.pathChanged("trouble");
    await vi.advanceTimersByTimeAsync(2000);
    session.pathChanged("connected");
    await vi.advanceTimersByTimeAsync(20_000);
    expect(story).toEqual(["reconnecting media", "restart ICE", "reconnected true"]);
  });

  it("presents itself with new media when the ICE restart does not help", async () => {
    server = ({ resume }) => joined({ resumed: resume === "token-1" });
    session.pathChanged("trouble");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(story).toEqual([
      "reconnecting media",
      "restart ICE",
      "reconnecting rejoin",
      "new media",
      "join resume offer",
      "reconnected true",
    ]);
  });

  it("finds out soon that its socket died with the path, and mends both", async () => {
    server = ({ resume }) => joined({ resumed: resume !== undefined, resume: "token-2" });
    hears = false;
    session.pathChanged("silent");
    await vi.advanceTimersByTimeAsync(840);
    hears = true;
    await vi.advanceTimersByTimeAsync(10);
    session.pathChanged("trouble");
    await vi.advanceTimersByTimeAsync(300);
    session.pathChanged("connected");
    await vi.advanceTimersByTimeAsync(20_000);
    expect(story).toEqual(["reconnecting signalling", "join resume", "restart ICE", "reconnected true"]);
  });

  it("keeps a socket that answers although the path is silent", async () => {
    session.pathChanged("silent");
    await vi.advanceTimersByTimeAsync(5000);
    session.pathChanged("connected");
    expect(story).toEqual([]);
  });

  it("looks whether its socket still works when the machine is online again", async () => {
    server = ({ resume }) => joined({ resumed: resume !== undefined });
    hears = false;
    session.networkChanged();
    await vi.advanceTimersByTimeAsync(1500);
    expect(story).toEqual(["reconnecting signalling", "join resume", "restart ICE", "reconnected true"]);
  });

  it("leaves alone what works when the network changes", async () => {
    session.networkChanged();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(story).toEqual([]);
  });

  it("restarts ICE after a resume where the network took the socket with it, though the path seems to be up", async () => {
    server = ({ resume }) => joined({ resumed: resume !== undefined });
    session.networkChanged();
    socket.drops();
    await vi.advanceTimersByTimeAsync(1000);
    expect(story).toEqual(["reconnecting signalling", "join resume", "restart ICE", "reconnected true"]);
    story = [];
    await vi.advanceTimersByTimeAsync(20_000);
    socket.drops();
    await vi.advanceTimersByTimeAsync(1000);
    expect(story).toEqual(["reconnecting signalling", "join resume", "reconnected true"]);
  });

  it("comes back at once, with its path, to a network that was away for longer", async () => {
    server = () => "down";
    hears = false;
    session.pathChanged("silent");
    await vi.advanceTimersByTimeAsync(4000);
    server = ({ resume }) => joined({ resumed: resume !== undefined });
    session.networkChanged();
    await vi.advanceTimersByTimeAsync(10);
    expect(story).toEqual(["reconnecting signalling", "join resume", "restart ICE", "reconnected true"]);
  });

  it("restarts ICE again when the network changes while the path is mended, and waits no longer for that", async () => {
    server = ({ resume }) => joined({ resumed: resume === "token-1" });
    session.pathChanged("trouble");
    await vi.advanceTimersByTimeAsync(6000);
    session.networkChanged();
    expect(story).toEqual(["reconnecting media", "restart ICE", "restart ICE"]);
    await vi.advanceTimersByTimeAsync(2500);
    expect(story.slice(3)).toEqual(["reconnecting rejoin", "new media", "join resume offer", "reconnected true"]);
  });

  it("gives up when the server stays away", async () => {
    server = () => "down";
    socket.drops();
    await vi.advanceTimersByTimeAsync(140_000);
    expect(story.at(-1)).toBe("ended unreachable");
  });
});

function host(): SessionHost {
  return {
    baseJoin: () => ({ roomId: "r" }),
    offer: async () => {
      story.push("new media");
      return { offer: { type: "offer", sdp: "" } };
    },
    settled: async () => {},
    refreshToken: undefined,
    restartIce: async () => {
      story.push("restart ICE");
    },
    reconnecting: (stage: ReconnectStage) => story.push(`reconnecting ${stage}`),
    reconnected: (resumed: boolean) => story.push(`reconnected ${resumed}`),
    ended: (error: CrosspointError) => story.push(`ended ${error.code}`),
  };
}

function answer(one: FakeSocket): void {
  if (server({}) === "down") {
    setTimeout(() => one.drops(), 1);
    return;
  }
  setTimeout(() => one.opens(), 1);
  one.send = (text) => {
    const frame = JSON.parse(text) as { type: string; resume?: string; offer?: unknown };
    if (frame.type === "ping" && hears) setTimeout(() => one.says({ type: "pong" } as ServerFrame), 1);
    if (frame.type !== "join") return;
    story.push(["join", frame.resume && "resume", frame.offer && "offer"].filter(Boolean).join(" "));
    const reply = server(frame);
    if (reply !== "down") setTimeout(() => one.says(reply), 1);
  };
}
