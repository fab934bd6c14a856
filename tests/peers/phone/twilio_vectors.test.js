/**
 * The provider's own npm package judges what we write: documents are compared with the same ones built by its VoiceResponse,
 * signatures with those that it makes.
 *
 *   PEER_URL      the server, as http://127.0.0.1:8080, with shows that whoever is on this machine may make (`--dev`)
 *   PEER_PUBLIC   what the server is told to be called (`public_url`), if that is not PEER_URL
 *   PEER_COMPANY  the simulated telephone company, as $PEER_URL/api/phone/simulator
 *   PEER_ACCOUNT, PEER_TOKEN   the account of both
 *
 * Without PEER_URL or PEER_COMPANY the tests that need it are skipped.
 */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { createRequire } from "node:module";
import { test } from "node:test";
import twilio from "twilio";

const SERVER = process.env.PEER_URL;
const PUBLIC = process.env.PEER_PUBLIC ?? SERVER;
const COMPANY = process.env.PEER_COMPANY;
const ACCOUNT = process.env.PEER_ACCOUNT ?? "AC00000000000000000000000000000000";
const TOKEN = process.env.PEER_TOKEN ?? "";
const server = { skip: !SERVER && "PEER_URL names no server" };
const company = { skip: !COMPANY && "PEER_COMPANY names no company" };
const { VoiceResponse } = twilio.twiml;
/** The show's conference, and those for who finds it full. */
const CONFERENCES = Array(5).fill("Dial(Conference)");

test("a call to an open show is connected to us, and to the conference behind us", server, async () => {
  const show = await openShow();
  const root = await voice(show);
  assert.deepEqual(shape(root), ["Connect(Stream(Parameter Parameter Parameter))", ...CONFERENCES]);
  const expected = new VoiceResponse();
  const parameters = Object.fromEntries(find(root, "Parameter").map(({ attributes }) => [attributes.name, attributes.value]));
  const stream = expected.connect().stream({ url: `${PUBLIC.replace(/^http/, "ws")}/api/twilio/media-stream` });
  assert.equal(parameters.show, show);
  assert.ok(parameters.token.length >= 22, "a token has 128 bits");
  for (const [name, value] of Object.entries(parameters)) stream.parameter({ name, value });
  conference(expected, show, parameters.call);
  assert.deepEqual(canonical(root), canonical(parse(expected.toString())));
});

test("a show that goes through the conference asks for a PIN and lets everybody in", server, async () => {
  const show = await openShow();
  await api(`/api/shows/${show}/media`, { media: "conference" });
  const root = await voice(show);
  assert.deepEqual(shape(root), ["Gather(Say)", ...CONFERENCES]);
  const label = find(root, "Conference")[0].attributes.participantLabel;
  const expected = new VoiceResponse();
  const action = `${PUBLIC}/api/phone/pin?show=${show}`;
  const gather = expected.gather({ input: "dtmf", numDigits: 6, timeout: 6, action, method: "POST" });
  gather.say(find(root, "Say")[0].text);
  conference(expected, show, label);
  assert.deepEqual(canonical(root), canonical(parse(expected.toString())));
});

test("a show that is closed, or that is not there, says so and hangs up", server, async () => {
  const show = await openShow();
  await api(`/api/shows/${show}/close`, {});
  for (const name of [show, `none-${show}`]) {
    const root = await voice(name);
    const expected = new VoiceResponse();
    expected.say(find(root, "Say")[0].text);
    expected.hangup();
    assert.deepEqual(canonical(root), canonical(parse(expected.toString())));
  }
});

test("only what the account signed is believed", server, async () => {
  const show = await openShow();
  const url = `${PUBLIC}/api/phone/voice?show=${show}`;
  const form = incoming();
  const right = twilio.getExpectedTwilioSignature(TOKEN, url, form);
  const others = ["", twilio.getExpectedTwilioSignature("another token", url, form), right.replace(/^./, (c) => (c === "A" ? "B" : "A"))];
  for (const signature of others) assert.equal((await post(url, form, signature)).status, 403, signature);
  assert.equal((await post(url, { ...form, From: "+12025550111" }, right)).status, 403, "another caller");
  assert.equal((await post(url, form, right)).status, 200);
});

test("only a socket that the account signed is taken", server, async () => {
  const url = `${PUBLIC.replace(/^http/, "ws")}/api/twilio/media-stream`;
  assert.equal(await handshake(twilio.getExpectedTwilioSignature("another token", url, {})), 403);
  assert.equal(await handshake(twilio.getExpectedTwilioSignature(TOKEN, url, {})), 101);
});

test("the simulator signs webhooks and sockets as the provider does", company, async (context) => {
  const side = await ourSide(context);
  const placed = await fetch(`${COMPANY}/calls`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ voiceUrl: `${side.url}/voice?show=a%20b`, from: "+12025550123", statusCallback: `${side.url}/status` }),
  });
  assert.equal(placed.status, 201);
  const { callSid } = await placed.json();
  const socket = await side.socket;
  assert.equal(socket.signature, twilio.getExpectedTwilioSignature(TOKEN, socket.url, {}));
  assert.ok(twilio.validateRequest(TOKEN, socket.signature, socket.url, {}));
  // It hangs up over REST as the package does, but for the address.
  const client = twilio(ACCOUNT, TOKEN, { httpClient: toCompany });
  assert.equal((await client.calls(callSid).fetch()).status, "in-progress");
  assert.equal((await client.calls(callSid).update({ status: "completed" })).sid, callSid);
  await side.status;
  for (const asked of side.asked) {
    assert.ok(twilio.validateRequest(TOKEN, asked.signature, asked.url, asked.form), asked.url);
    assert.ok(!twilio.validateRequest("another token", asked.signature, asked.url, asked.form), asked.url);
    assert.equal(asked.form.CallSid, callSid);
  }
  assert.deepEqual(side.asked.map(({ url }) => new URL(url).pathname), ["/voice", "/status"]);
  const ended = await client.calls(callSid).fetch();
  assert.deepEqual([ended.status, ended.direction, ended.from], ["completed", "inbound", "+12025550123"]);
  assert.ok(ended.startTime instanceof Date && !Number.isNaN(ended.startTime.valueOf()));
  await assert.rejects(client.calls(callSid).update({ status: "completed" }), { code: 20404, status: 404 });
  await assert.rejects(client.calls(callSid).update({ twiml: "<Response/>" }), { code: 21220, status: 400 });
});

test("the package moves people in the simulator's conferences", company, async (context) => {
  const name = `vectors-${randomBytes(4).toString("hex")}`;
  const document = `<Response><Dial><Conference participantLabel="one">${name}</Conference></Dial><Pause length="60"/></Response>`;
  const client = twilio(ACCOUNT, TOKEN, { httpClient: toCompany });
  const call = () => client.calls.create({ to: "+12025550101", from: "+12025550102", twiml: document });
  const [one, other] = [await call(), await call()];
  context.after(() => Promise.all([one, other].map(({ sid }) => client.calls(sid).update({ status: "completed" }))));
  const [room] = await until(() => client.conferences.list({ friendlyName: name, status: "in-progress" }), (list) => list.length);
  const people = await until(() => client.conferences(room.sid).participants.list(), (list) => list.length === 2);
  assert.deepEqual(people.map(({ callSid }) => callSid).sort(), [one.sid, other.sid].sort());
  const participant = client.conferences(room.sid).participants(one.sid);
  assert.equal((await participant.update({ muted: true })).muted, true);
  assert.deepEqual((({ muted, hold }) => [muted, hold])(await participant.update({ hold: true, muted: false })), [false, true]);
  assert.equal(await participant.remove(), true);
  await until(() => client.conferences(room.sid).participants.list(), (list) => list.length === 1);
  await assert.rejects(participant.fetch(), { code: 20404, status: 404 });
});

/** The conference of a show as we write it. */
function conference(response, show, participantLabel) {
  const attributes = {
    startConferenceOnEnter: false,
    endConferenceOnExit: false,
    muted: true,
    beep: "false",
    maxParticipants: 240,
    record: "do-not-record",
    jitterBufferSize: "small",
    participantLabel,
    ...told("start end join leave mute hold"),
  };
  response.dial().conference(attributes, `show-${show}`);
  // Who finds it full waits in another.
  for (const number of [2, 3, 4, 5]) {
    const waits = { startConferenceOnEnter: false, muted: true, beep: "false", ...told("join leave") };
    response.dial().conference(waits, `show-${show}.${number}`);
  }
}

function told(events) {
  return { statusCallback: `${PUBLIC}/api/phone/conference`, statusCallbackEvent: events, statusCallbackMethod: "POST" };
}

async function openShow() {
  const showId = `peer-${randomBytes(4).toString("hex")}`;
  await api("/api/shows", { showId, title: "Peers" });
  await api(`/api/shows/${showId}/open`, {});
  return showId;
}

async function api(path, body) {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(SERVER + path, { method: "POST", headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.text()}`);
}

function incoming() {
  return {
    CallSid: `CA${randomBytes(16).toString("hex")}`,
    AccountSid: ACCOUNT,
    From: "+12025550110",
    To: "+12025550199",
    CallStatus: "ringing",
    Direction: "inbound",
    ApiVersion: "2010-04-01",
  };
}

function post(url, form, signature) {
  const headers = { "x-twilio-signature": signature };
  return fetch(url.replace(PUBLIC, SERVER), { method: "POST", headers, body: new URLSearchParams(form) });
}

/** What the voice webhook answers to a new call. */
async function voice(show) {
  const url = `${PUBLIC}/api/phone/voice?show=${show}`;
  const form = incoming();
  const answer = await post(url, form, twilio.getExpectedTwilioSignature(TOKEN, url, form));
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get("content-type"), /^(text|application)\/xml/);
  return parse(await answer.text());
}

/** The status of the answer to a handshake with this signature. */
function handshake(signature) {
  const { promise, resolve, reject } = withResolvers();
  const asked = request(`${SERVER}/api/twilio/media-stream`, {
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": randomBytes(16).toString("base64"),
      "x-twilio-signature": signature,
    },
  });
  asked.on("upgrade", (answer, socket) => (socket.destroy(), resolve(answer.statusCode)));
  asked.on("response", (answer) => (answer.resume(), resolve(answer.statusCode)));
  asked.on("error", reject);
  asked.end();
  return promise;
}

/** A server that is called by the company: keeps what it is asked, and connects calls to a socket of its own. */
async function ourSide(context) {
  const asked = [];
  const [socket, status] = [withResolvers(), withResolvers()];
  const listener = createServer(async (incoming, answer) => {
    const url = `http://${incoming.headers.host}${incoming.url}`;
    const form = Object.fromEntries(new URLSearchParams((await incoming.toArray()).join("")));
    asked.push({ url, form, signature: incoming.headers["x-twilio-signature"] });
    const response = new VoiceResponse();
    response.connect().stream({ url: `${url.replace("http", "ws").split("/voice")[0]}/media` });
    answer.writeHead(200, { "content-type": "text/xml" }).end(response.toString());
    if (incoming.url === "/status") status.resolve();
  });
  listener.on("upgrade", (incoming, connection) => {
    const key = `${incoming.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    const upgrade = "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n";
    connection.write(`${upgrade}sec-websocket-accept: ${accept}\r\n\r\n`);
    connection.on("error", () => {});
    connection.resume();
    context.after(() => connection.destroy());
    socket.resolve({ url: `ws://${incoming.headers.host}${incoming.url}`, signature: incoming.headers["x-twilio-signature"] });
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  context.after(() => (listener.close(), listener.closeAllConnections()));
  return { url: `http://127.0.0.1:${listener.address().port}`, asked, socket: socket.promise, status: status.promise };
}

/** The package's requests, at the company's address in place of the provider's. */
const toCompany = {
  async request({ method, uri, username, password, data, params }) {
    const url = new URL(COMPANY + new URL(uri).pathname);
    for (const [name, value] of Object.entries(params ?? {})) url.searchParams.set(name, value);
    const headers = { authorization: `Basic ${btoa(`${username}:${password}`)}` };
    const body = data && Object.keys(data).length ? new URLSearchParams(data) : undefined;
    const answer = await fetch(url, { method: method.toUpperCase(), headers, body });
    const text = await answer.text();
    return { statusCode: answer.status, body: text ? JSON.parse(text) : "", headers: Object.fromEntries(answer.headers) };
  },
};

async function until(look, holds) {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
    const found = await look();
    if (holds(found)) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail("waited in vain");
}

/** As Promise.withResolvers, which Node 20 does not have. */
function withResolvers() {
  const all = {};
  all.promise = new Promise((resolve, reject) => Object.assign(all, { resolve, reject }));
  return all;
}

/** A document as elements with attributes and text. Enough of XML for documents without comments and namespaces. */
function parse(xml) {
  const entities = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
  const plain = (text) => text.replace(/&(\w+);/g, (_, name) => entities[name] ?? assert.fail(`entity ${name}`));
  const top = { name: "", attributes: {}, children: [], text: "" };
  const open = [top];
  for (const [whole, tag, text] of xml.replace(/^<\?xml[^>]*\?>/, "").matchAll(/<([^>]+)>|([^<]+)/g)) {
    const element = open.at(-1);
    if (text !== undefined) element.text += plain(text);
    else if (tag.startsWith("/")) assert.equal(open.pop().name, tag.slice(1), whole);
    else {
      const name = tag.match(/^[\w:]+/)[0];
      const pairs = [...tag.matchAll(/([\w:]+)="([^"]*)"/g)].map(([, key, value]) => [key, plain(value)]);
      const child = { name, attributes: Object.fromEntries(pairs), children: [], text: "" };
      element.children.push(child);
      if (!tag.endsWith("/")) open.push(child);
    }
  }
  assert.equal(open.length, 1, "all elements are closed");
  const [root] = top.children;
  assert.equal(root.name, "Response");
  for (const element of all(root)) known(element);
  return root;
}

function all(element) {
  return [element, ...element.children.flatMap(all)];
}

function find(root, name) {
  return all(root).filter((element) => element.name === name);
}

/** Attributes in alphabetical order, text without blanks around it. */
function canonical({ name, attributes, children, text }) {
  return { name, attributes: Object.entries(attributes).sort(), text: text.trim(), children: children.map(canonical) };
}

/** The elements' names: `Dial(Conference)`. */
function shape(element) {
  const written = ({ name, children }) => (children.length ? `${name}(${children.map(written).join(" ")})` : name);
  return element.children.map(written);
}

const DEFINITIONS = readFileSync(createRequire(import.meta.url).resolve("twilio/lib/twiml/VoiceResponse.d.ts"), "utf8");

/** The package does not refuse attributes that are none; its definitions say which there are. */
function known({ name, attributes }) {
  if (name === "Response" || name === "Hangup") return assert.deepEqual(attributes, {}, name);
  const found = [...DEFINITIONS.matchAll(new RegExp(`interface ${name}Attributes \\{([^]*?)\\n    \\}`, "g"))];
  assert.ok(found.length, `the package knows no <${name}>`);
  for (const attribute of Object.keys(attributes)) {
    assert.ok(found.some(([, body]) => new RegExp(`\\b${attribute}\\?:`).test(body)), `<${name}> has no ${attribute}`);
  }
}
