/**
 * A client of a mesh room as somebody writes it in an afternoon: no SDK, no perfect negotiation, everybody calls everybody.
 */
const peers = new Map();
const crossed = [];
let socket;
let me;
let stream;

async function enter(url, token, roomId, userId) {
  me = userId;
  stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 320, height: 180 } });
  socket = new WebSocket(`${url.replace("http", "ws")}/ws/webrtc?token=${token}`);
  socket.onopen = () => say({ type: "join", roomId, userId });
  let hearing = Promise.resolve();
  socket.onmessage = ({ data }) => {
    // One after the other: the own offer goes out before somebody else's is looked at.
    hearing = hearing.then(() => hear(JSON.parse(data))).catch(() => {});
  };
}

function say(message) {
  socket.send(JSON.stringify({ ...message, timestamp: Date.now() }));
}

function peer(userId) {
  if (peers.has(userId)) return peers.get(userId);
  const connection = new RTCPeerConnection();
  peers.set(userId, connection);
  for (const track of stream.getTracks()) connection.addTrack(track, stream);
  connection.ontrack = ({ track, streams }) => {
    if (track.kind !== "audio") return;
    const player = document.body.appendChild(document.createElement("audio"));
    player.srcObject = streams[0];
    player.play();
  };
  connection.onicecandidate = ({ candidate }) => {
    if (candidate) say({ type: "ice-candidate", userId: me, targetUserId: userId, data: candidate });
  };
  return connection;
}

async function call(userId) {
  const connection = peer(userId);
  const offer = await connection.createOffer();
  await connection.setLocalDescription(offer);
  crossed.push(userId);
  say({ type: "offer", userId: me, targetUserId: userId, data: offer });
}

async function hear(message) {
  switch (message.type) {
    case "joined":
      for (const userId of message.participants) await call(userId);
      break;
    case "user-joined":
      await call(message.userId);
      break;
    case "offer": {
      const connection = peer(message.userId);
      await connection.setRemoteDescription(message.data);
      const answer = await connection.createAnswer();
      await connection.setLocalDescription(answer);
      say({ type: "answer", userId: me, targetUserId: message.userId, data: answer });
      break;
    }
    case "answer":
      await peer(message.userId).setRemoteDescription(message.data);
      break;
    case "ice-candidate":
      await peer(message.userId).addIceCandidate(message.data);
      break;
  }
}

/** Frames and energy that came from somebody. */
async function received(userId) {
  const connection = peers.get(userId);
  const found = { frames: 0, energy: 0 };
  if (!connection) return found;
  for (const row of (await connection.getStats()).values()) {
    if (row.type !== "inbound-rtp") continue;
    found.frames += row.framesDecoded ?? 0;
    found.energy += row.totalAudioEnergy ?? 0;
  }
  return found;
}

window.naive = { enter, received, crossed };
