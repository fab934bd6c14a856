/** The sessions interface, by pages that know `fetch`, `RTCPeerConnection` and the table in docs/protocol/sessions.md. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { freeUdp } from "../harness/ports.ts";
import type { Server } from "../harness/server.ts";
import { freshRoom, Stage } from "../harness/stage.ts";
import { mint } from "../harness/token.ts";
import { until } from "../harness/wait.ts";

const stage = new Stage();

type Role = "viewer" | "agent";

/** What a page has to show for itself. */
interface Side {
  connection: string;
  /** Texts that came over the data channel. */
  texts: string[];
  /** Has the other side no more candidates? */
  ended: boolean;
  /** What went wrong. */
  errors: string[];
  /** Frames of video that were decoded. */
  frames: number;
  /** Kinds of the pair of candidates in use. */
  pair?: { local: string; remote: string };
  relayProtocol?: string;
}

test("a viewer and an agent that poll meet, and data and video flow", async () => {
  const { server, viewer, agent } = await meet("all");
  const pairs = [(await side(viewer)).pair, (await side(agent)).pair];
  for (const pair of pairs) expect(pair?.local).not.toBe("relay");
  const stats = JSON.parse(await server.get("/api/webrtc/stats"));
  expect(stats.sessions).toMatchObject({ total: 1, connected: 1 });
  expect(stats.totals).toMatchObject({ offers: 1, answered: 1, connected: 1, failed: 0 });
});

test("a viewer and an agent that may use relays only meet from relay to relay", async () => {
  const { server, viewer, agent } = await meet("relay");
  for (const page of [viewer, agent]) {
    const { pair, relayProtocol } = await side(page);
    // The far end's relay may be seen with an address of its own (RFC 8445 §7.2.5.3.1).
    expect(pair?.local).toMatch(/relay|prflx/);
    expect(relayProtocol).toMatch(/udp|tcp/);
  }
  expect(JSON.parse(await server.get("/api/webrtc/stats")).totals).toMatchObject({ connected: 1 });
});

test("after the session is deleted the peer connection goes on, and nobody finds the session", async () => {
  const { server, session, viewer, agent } = await meet("all");
  expect(await viewer.evaluate((path) => window.client.end(path), `/session/${session}`)).toBe(204);
  expect(await agent.evaluate((path) => window.client.status(path), `/session/${session}/offer`)).toBe(404);
  const before = (await side(viewer)).frames;
  await until("the picture goes on", async () => (await side(viewer)).frames > before + 10);
  expect(JSON.parse(await server.get("/api/webrtc/stats")).sessions.total).toBe(0);
});

test("a token of another session, and one of the other side, are refused", async () => {
  const server = await serve();
  const viewer = await visit(server, "viewer", "mine");
  const status = (path: string, body?: object) =>
    viewer.evaluate(([path, body]) => window.client.status(path, body), [path, body] as const);
  expect(await status("/session/other/answer")).toBe(403);
  expect(await status("/session/mine/answer", { type: "answer", sdp: "v=0" })).toBe(403);
  // Right, but nobody has begun.
  expect(await status("/session/mine/answer")).toBe(404);
});

/** A server with a relay. */
async function serve(): Promise<Server> {
  return stage.ownServer({ "turn.port": await freeUdp(1), "admin.addresses": ["127.0.0.1/32"] });
}

/** Two pages meet by a session. */
async function meet(policy: RTCIceTransportPolicy) {
  const server = await serve();
  const session = freshRoom();
  const viewer = await visit(server, "viewer", session);
  const agent = await visit(server, "agent", session);
  const path = `/session/${session}`;
  await Promise.all([
    viewer.evaluate(([path, policy]) => window.client.view(path, policy), [path, policy] as const),
    agent.evaluate(([path, policy]) => window.client.serve(path, policy), [path, policy] as const),
  ]);
  await until("both are connected", async () => {
    const [one, other] = [await side(viewer), await side(agent)];
    if (one.connection === "connected" && other.connection === "connected") return true;
    throw new Error(JSON.stringify([one, other]));
  });
  await until("the viewer sees the agent's picture", async () => (await side(viewer)).frames > 10);
  await until("the agent hears the viewer", async () => (await side(agent)).texts.includes("key: a"));
  await until("the viewer hears the agent", async () => (await side(viewer)).texts.includes("done: key: a"));
  const report = async (page: Page) => page.evaluate((path) => window.client.report(path), path);
  expect(await report(viewer)).toBeLessThan(300);
  await until("both know all candidates", async () => {
    const sides = [await side(viewer), await side(agent)];
    if (sides.some(({ ended }) => !ended)) throw new Error(JSON.stringify(sides));
    return true;
  });
  for (const page of [viewer, agent]) expect((await side(page)).errors).toEqual([]);
  return { server, session, viewer, agent };
}

/** A page with a token for one side of a session. */
async function visit(server: Server, role: Role, session: string): Promise<Page> {
  const context = await stage.browser.newContext({ permissions: ["camera", "microphone"] });
  stage.atEnd(() => context.close());
  const page = await context.newPage();
  await page.goto(stage.site);
  const attributes = { "crosspoint.session": session, "crosspoint.role": role };
  const token = mint("", role, { attributes, video: { roomJoin: false, room: undefined } });
  await page.evaluate(program, [`${server.url}/api/webrtc`, token] as const);
  return page;
}

function side(page: Page): Promise<Side> {
  return page.evaluate(() => window.client.side());
}

/** What a page does, and what it knows. */
interface Client {
  view(path: string, policy: RTCIceTransportPolicy): Promise<void>;
  serve(path: string, policy: RTCIceTransportPolicy): Promise<void>;
  side(): Promise<Side>;
  report(path: string): Promise<number>;
  /** Of a GET, or of a POST where there is something to say. */
  status(path: string, body?: object): Promise<number>;
  end(path: string): Promise<number>;
}

declare global {
  interface Window {
    client: Client;
  }
}

/** Runs in the page: a client as somebody writes one who has read the table of paths and nothing else. */
function program([api, token]: readonly [string, string]): void {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  let connection: RTCPeerConnection;
  let channel: RTCDataChannel;
  const texts: string[] = [];
  const errors: string[] = [];
  let ended = false;
  const note = (error: unknown) => {
    errors.push(String(error));
  };
  const pause = () => new Promise((resolve) => setTimeout(resolve, 100));

  const get = (path: string) => fetch(api + path, { headers });
  async function post(path: string, body: unknown): Promise<void> {
    const answer = await fetch(api + path, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${await answer.text()}`);
  }

  /** Asks until it is there. */
  async function poll(path: string) {
    for (;;) {
      const answer = await get(path);
      if (answer.ok) return answer.json();
      if (answer.status !== 404) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
      await pause();
    }
  }

  async function begin(path: string, iceTransportPolicy: RTCIceTransportPolicy): Promise<() => void> {
    const { iceServers } = await poll("/ice-servers");
    connection = new RTCPeerConnection({ iceServers, iceTransportPolicy });
    const found: (RTCIceCandidate | null)[] = [];
    let told = false;
    // One after the other: that there are no more has to be the last that arrives.
    let telling = Promise.resolve();
    const tell = (candidate: RTCIceCandidate | null) => {
      telling = telling.then(() => post(`${path}/candidate`, { candidate })).catch(note);
    };
    connection.onicecandidate = ({ candidate }) => {
      if (told) tell(candidate);
      else found.push(candidate);
    };
    return () => {
      told = true;
      for (const candidate of found) tell(candidate);
    };
  }

  async function follow(path: string): Promise<void> {
    let since = 0;
    for (;;) {
      const answer = await poll(`${path}/candidate?since=${since}`);
      for (const candidate of answer.candidates) await connection.addIceCandidate(candidate);
      since = answer.next;
      ended = answer.ended;
      if (ended) return;
      await pause();
    }
  }

  function listen(to: RTCDataChannel): void {
    channel = to;
    channel.onmessage = ({ data }) => {
      texts.push(data);
      if (data.startsWith("key")) channel.send(`done: ${data}`);
    };
  }

  const view: Client["view"] = async (path, policy) => {
    const tell = await begin(path, policy);
    listen(connection.createDataChannel("input"));
    channel.onopen = () => channel.send("key: a");
    connection.addTransceiver("video", { direction: "recvonly" });
    connection.ontrack = ({ track }) => {
      const video = document.body.appendChild(document.createElement("video"));
      video.muted = true;
      video.autoplay = true;
      video.srcObject = new MediaStream([track]);
    };
    await connection.setLocalDescription();
    await post(`${path}/offer`, connection.localDescription);
    tell();
    const { answer } = await poll(`${path}/answer`);
    await connection.setRemoteDescription(answer);
    follow(path).catch(note);
  };

  const serve: Client["serve"] = async (path, policy) => {
    const tell = await begin(path, policy);
    connection.ondatachannel = ({ channel }) => listen(channel);
    const { offer } = await poll(`${path}/offer`);
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 320, height: 180 } });
    for (const track of stream.getTracks()) connection.addTrack(track, stream);
    await connection.setRemoteDescription(offer);
    await connection.setLocalDescription();
    await post(`${path}/answer`, connection.localDescription);
    tell();
    follow(path).catch(note);
  };

  const side: Client["side"] = async () => {
    const found: Side = { connection: connection.connectionState, texts, ended, errors, frames: 0 };
    const stats = await connection.getStats();
    for (const row of stats.values()) {
      if (row.type === "inbound-rtp") found.frames += row.framesDecoded ?? 0;
      const pair = row.type === "transport" && stats.get(row.selectedCandidatePairId);
      if (!pair) continue;
      const [local, remote] = [stats.get(pair.localCandidateId), stats.get(pair.remoteCandidateId)];
      found.pair = { local: local.candidateType, remote: remote.candidateType };
      found.relayProtocol = local.relayProtocol;
    }
    return found;
  };

  const status: Client["status"] = async (path, body) => {
    if (!body) return (await get(path)).status;
    return (await fetch(api + path, { method: "POST", headers, body: JSON.stringify(body) })).status;
  };
  const report: Client["report"] = async (path) =>
    status(`${path}/state`, { state: "connected", pair: (await side()).pair });
  const end: Client["end"] = async (path) => (await fetch(api + path, { method: "DELETE", headers })).status;
  window.client = { view, serve, side, report, status, end };
}
