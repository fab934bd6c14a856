import { describe, expect, it } from "vitest";
import { MeshPeer } from "../src/mesh-peer.js";
import { asConnection, FakeConnection, quiet } from "./fakes.js";

/** What one end sent and the other has not got yet. */
interface Post {
  to: "ann" | "bob";
  description: RTCSessionDescriptionInit;
}

describe("two mesh peers whose offers cross", () => {
  it("come to an agreement: the polite one gives way, the impolite one does not", async () => {
    const { ann, bob, post, deliver, connections } = pair();
    connections.ann.asks();
    connections.bob.asks();
    await settle();
    expect(post.map(({ description }) => description.type)).toEqual(["offer", "offer"]);

    await deliver(ann, bob);
    expect(connections.ann.rollbacks).toBe(1);
    expect(connections.bob.rollbacks).toBe(0);
    expect([connections.ann.signalingState, connections.bob.signalingState]).toEqual(["stable", "stable"]);
    expect(connections.ann.localDescription?.type).toBe("answer");
    expect(connections.bob.localDescription?.type).toBe("offer");
  });

  it("agree in one round when only one of them offers", async () => {
    const { ann, bob, deliver, connections } = pair();
    connections.bob.asks();
    await settle();
    await deliver(ann, bob);
    expect([connections.ann.rollbacks, connections.bob.rollbacks]).toEqual([0, 0]);
    expect(connections.bob.remoteDescription?.type).toBe("answer");
  });

  it("see that the other end began anew by the session id of its offer", async () => {
    const { ann, bob, deliver, connections } = pair();
    connections.bob.asks();
    await settle();
    await deliver(ann, bob);
    expect(ann.isNewEnd({ type: "offer", sdp: "v=0\r\no=- bob 9 IN IP4 0.0.0.0\r\n" })).toBe(false);
    expect(ann.isNewEnd({ type: "offer", sdp: "v=0\r\no=- other 1 IN IP4 0.0.0.0\r\n" })).toBe(true);
  });

  it("restart ICE with the latest credentials of the relays", () => {
    const { ann, connections, servers } = pair();
    expect(connections.ann.configurations).toEqual([{ iceServers: [] }]);
    servers.push({ urls: "turn:a.example", username: "u", credential: "fresh" });
    ann.restartIce();
    expect(connections.ann.configurations.at(-1)).toEqual({ iceServers: servers });
  });
});

function pair() {
  const connections = { ann: new FakeConnection("ann"), bob: new FakeConnection("bob") };
  const post: Post[] = [];
  const servers: RTCIceServer[] = [];
  const end = (identity: "ann" | "bob", other: "ann" | "bob") =>
    new MeshPeer(
      other,
      {
        logger: quiet,
        configuration: () => ({ iceServers: [...servers] }),
        profile: "default",
        iceGrace: 1000,
        identity,
        makeConnection: (configuration) => {
          connections[identity].setConfiguration(configuration);
          return asConnection(connections[identity]);
        },
        send: (_type, description) => post.push({ to: other, description: description as RTCSessionDescriptionInit }),
        received() {},
        pathChanged() {},
        published() {},
      },
      [],
      false,
    );
  const peers = { ann: end("ann", "bob"), bob: end("bob", "ann") };
  // The time that the first offer is left to the newcomer is over.
  for (const peer of [peers.ann, peers.bob]) peer.hurry();
  const deliver = async (ann: MeshPeer, bob: MeshPeer) => {
    while (post.length > 0) {
      const { to, description } = post.shift() as Post;
      await (to === "ann" ? ann : bob).describe(description);
    }
  };
  return { ...peers, post, connections, deliver, servers };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
