/** Tokens of the npm package `livekit-server-sdk`, as a service mints them, at the doors of a server with `--dev`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { AccessToken } from "livekit-server-sdk";
import { WebSocket } from "ws";

const URL = process.env.PEER_URL;
const KEY = "devkey";
const SECRET = "crosspoint-dev-secret-known-to-everybody";

test("a token lets its identity into its room, with name, metadata and attributes", async () => {
  const token = new AccessToken(KEY, SECRET, {
    identity: "ann",
    name: "Ann",
    metadata: "first row",
    attributes: { seat: "12" },
    ttl: "10m",
  });
  token.addGrant({ roomJoin: true, room: "tokens" });
  const ann = await enter(await token.toJwt(), "tokens");
  assert.equal(ann.reply.type, "joined");
  assert.equal(ann.reply.userId, "ann");

  const bob = await enter(await simple("bob"), "tokens");
  const [seen] = bob.reply.users;
  assert.deepEqual(
    { userId: seen.userId, name: seen.name, metadata: seen.metadata, attributes: seen.attributes },
    { userId: "ann", name: "Ann", metadata: "first row", attributes: { seat: "12" } },
  );
  for (const { socket } of [ann, bob]) socket.close();
});

test("a token is good for its own room only", async () => {
  const { reply } = await enter(await simple("cas"), "elsewhere");
  assert.equal(reply.code, "forbidden");
});

test("a grant without admin rights kicks nobody, one with them does", async () => {
  const guest = await enter(await simple("guest"), "tokens");
  const admin = await enter(await simple("admin", { roomAdmin: true }), "tokens");
  guest.socket.send(JSON.stringify({ type: "kick", userId: "admin", request: 7 }));
  assert.equal((await next(guest.socket, ({ request }) => request === 7)).code, "forbidden");
  admin.socket.send(JSON.stringify({ type: "kick", userId: "guest", reason: "out" }));
  assert.equal((await next(guest.socket, ({ type }) => type === "kicked")).reason, "out");
  admin.socket.close();
});

test("a token with another secret, one that has ended and none at all are unauthorized", async () => {
  const other = await simple("eve", {}, "another secret that is long enough for anybody");
  const old = new AccessToken(KEY, SECRET, { identity: "eve", ttl: -600 });
  old.addGrant({ roomJoin: true, room: "tokens" });
  for (const token of [other, await old.toJwt(), ""]) {
    assert.deepEqual(await closeOf(token), { code: 1008, reason: "Unauthorized" });
  }
});

async function simple(identity, more = {}, secret = SECRET) {
  const token = new AccessToken(KEY, secret, { identity, ttl: "10m" });
  token.addGrant({ roomJoin: true, room: "tokens", ...more });
  return token.toJwt();
}

/** Joins; `reply` is the server's first word. */
async function enter(token, roomId) {
  const socket = open(token);
  const reply = next(socket, () => true);
  socket.on("open", () => socket.send(JSON.stringify({ type: "join", roomId })));
  return { socket, reply: await reply };
}

function open(token) {
  return new WebSocket(`${URL.replace("http", "ws")}/ws/webrtc?token=${token}`);
}

/** The next message that fits. */
function next(socket, fits) {
  return new Promise((resolve, reject) => {
    const hear = (data) => {
      const message = JSON.parse(data);
      if (!fits(message)) return;
      socket.off("message", hear);
      resolve(message);
    };
    socket.on("message", hear);
    socket.on("error", reject);
    socket.on("close", (code, reason) => reject(new Error(`closed: ${code} ${reason}`)));
  });
}

function closeOf(token) {
  return new Promise((resolve, reject) => {
    const socket = open(token);
    socket.on("close", (code, reason) => resolve({ code, reason: String(reason) }));
    socket.on("error", reject);
  });
}
