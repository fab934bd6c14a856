import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SignalClient } from "../src/signal-client.js";
import type { ServerMessage } from "../src/wire/index.js";
import { FakeSocket, joined, quiet } from "./fakes.js";

let sockets: FakeSocket[];
let client: SignalClient;
let heard: ServerMessage[];

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  heard = [];
  client = new SignalClient(quiet, (url) => {
    const socket = new FakeSocket(url);
    sockets.push(socket);
    return socket as never;
  });
  client.on("message", (message) => heard.push(message));
});

afterEach(() => {
  client.close();
  vi.useRealTimers();
});

describe("the signalling client", () => {
  it("joins with the first reply to its join", async () => {
    const socket = await opened();
    const joining = client.join({ roomId: "r" }, 1000);
    socket.says(joined());
    expect((await joining).resume).toBe("token-1");
  });

  it("rejects a join with the server's own words", async () => {
    const socket = await opened();
    const joining = client.join({ roomId: "r" }, 1000);
    socket.says({ type: "error", code: "room-full", message: "50 are in", docs: "d" });
    await expect(joining).rejects.toMatchObject({ code: "room-full", message: "50 are in", docs: "d" });
  });

  it("rejects a join with the reason for which the socket was closed before it", async () => {
    const socket = await opened();
    socket.drops(1008, "Unauthorized");
    await expect(client.join({ roomId: "r" }, 1000)).rejects.toMatchObject({ code: "unauthorized" });
  });

  it("waits for the reason of a socket that is closing while a join is sent", async () => {
    const socket = await opened();
    socket.readyState = 2;
    const joining = client.join({ roomId: "r" }, 1000);
    socket.drops(1008, "Unauthorized");
    await expect(joining).rejects.toMatchObject({ code: "unauthorized" });
  });

  it("takes each numbered message once, over a resume as well", async () => {
    let socket = await entered();
    for (const seq of [4, 5, 5, 4]) socket.says(left(`u${seq}`, seq));
    socket.drops();

    socket = await opened();
    const joining = client.join({ roomId: "r", resume: "token-1", lastSeq: client.lastSeq }, 1000);
    expect(socket.sent[0]).toMatchObject({ lastSeq: 5 });
    socket.says({ ...joined({ resumed: true }), seq: 9 });
    await joining;
    for (const seq of [5, 6, 7]) socket.says(left(`u${seq}`, seq));
    expect(names()).toEqual(["u4", "u5", "u6", "u7"]);
  });

  it("begins to count anew in a new session", async () => {
    const socket = await entered();
    socket.says(left("before", 40));
    const joining = client.join({ roomId: "r" }, 1000);
    socket.says({ ...joined(), seq: 1 });
    await joining;
    socket.says(left("after", 2));
    expect(names()).toEqual(["before", "after"]);
  });

  it("keeps what is said without a session, and sends it after the resume", async () => {
    const first = await entered();
    first.drops();
    client.send({ type: "mute", muted: true });
    const second = await opened();
    const joining = client.join({ roomId: "r" }, 1000);
    second.says(joined({ resumed: true }));
    await joining;
    client.flush();
    expect(second.sent.map(({ type }) => type)).toEqual(["join", "mute"]);
  });

  it("takes the pong behind a message for consent, and an error for a refusal", async () => {
    const socket = await entered();
    const agreed = client.confirm({ type: "kick", userId: "bob" });
    socket.says({ type: "pong" });
    await agreed;

    const refused = client.confirm({ type: "kick", userId: "bob" });
    const request = socket.sent.findLast(({ type }) => type === "kick")?.request;
    socket.says({ type: "error", request, code: "forbidden", message: "no", docs: "" });
    socket.says({ type: "pong" });
    await expect(refused).rejects.toMatchObject({ code: "forbidden" });
  });

  it("rejects who waits when the socket drops, and says why", async () => {
    const socket = await entered();
    const closed = vi.fn();
    client.on("closed", closed);
    const asked = client.ask({ type: "ping" }, 1000);
    socket.drops(4001, "out");
    await expect(asked).rejects.toMatchObject({ code: "kicked", message: "out" });
    expect(closed).toHaveBeenCalledWith(4001, "out");
  });

  it("pings a silent server and takes one that stays silent for dead", async () => {
    const socket = await entered();
    const closed = vi.fn();
    client.on("closed", closed);
    vi.advanceTimersByTime(13_000);
    expect(socket.sent.at(-1)?.type).toBe("ping");
    vi.advanceTimersByTime(10_000);
    expect(closed).toHaveBeenCalledWith(4003, "silent");
  });

  it.each([
    { replied: 0, hinted: true, dead: 400 },
    { replied: 100, hinted: true, dead: 600 },
    { replied: 0, hinted: false, dead: 850 },
    { replied: 800, hinted: false, dead: 950 },
  ])(
    "takes a socket that replied within $replied ms for dead after $dead ms of silence (another network: $hinted)",
    async (probed) => {
      const { replied, hinted, dead } = probed;
      const socket = await entered(replied);
      const closed = vi.fn();
      client.on("closed", closed);
      void client.probe(hinted);
      void client.probe(hinted);
      expect(socket.sent.filter(({ type }) => type === "ping")).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(dead - 10);
      expect(closed).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(10);
      expect(closed).toHaveBeenCalledWith(4003, "silent");
      expect(socket.readyState).toBe(3);
    },
  );

  it("keeps a socket in doubt that answers, or on which anything else is heard", async () => {
    const socket = await entered();
    const closed = vi.fn();
    client.on("closed", closed);
    const probing = client.probe();
    socket.says({ type: "pong" });
    await probing;
    void client.probe();
    await vi.advanceTimersByTimeAsync(200);
    socket.says(left("bob", 1));
    await vi.advanceTimersByTimeAsync(2000);
    expect(closed).not.toHaveBeenCalled();
  });

  it("keeps a socket in doubt whose answer waited in the queue of a busy page", async () => {
    const socket = await entered();
    const closed = vi.fn();
    client.on("closed", closed);
    void client.probe();
    await vi.advanceTimersByTimeAsync(800);
    socket.says({ type: "pong" });
    await vi.advanceTimersByTimeAsync(2000);
    expect(closed).not.toHaveBeenCalled();
  });

  it("does not doubt the socket that replaced the one in doubt", async () => {
    await entered();
    const closed = vi.fn();
    client.on("closed", closed);
    void client.probe();
    await entered();
    await vi.advanceTimersByTimeAsync(2000);
    expect(closed).not.toHaveBeenCalled();
  });
});

async function opened(): Promise<FakeSocket> {
  const opening = client.open("ws://x/ws/webrtc", 1000);
  const socket = sockets.at(-1) as FakeSocket;
  socket.opens();
  await opening;
  return socket;
}

/** Joined; the reply took so many milliseconds. */
async function entered(replied = 0): Promise<FakeSocket> {
  const socket = await opened();
  const joining = client.join({ roomId: "r" }, 1000);
  await vi.advanceTimersByTimeAsync(replied);
  socket.says(joined());
  await joining;
  return socket;
}

function left(userId: string, seq: number) {
  return { type: "user-left" as const, userId, reason: "left", seq };
}

function names(): string[] {
  return heard.flatMap((message) => (message.type === "user-left" ? message.userId : []));
}
