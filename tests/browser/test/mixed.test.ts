/** Rooms that mix: everybody hears everybody but themselves, in one stream. Each guest's voice is a tone of its own. */
import { expect, test } from "vitest";
import type { Guest, JoinOptions } from "../harness/guest.ts";
import { freshRoom, Stage } from "../harness/stage.ts";
import { mint } from "../harness/token.ts";
import { until } from "../harness/wait.ts";

const stage = new Stage();
const ADMIN_KEY = "the key of the operators";
const server = stage.server({ "admin.key": ADMIN_KEY });

/** Tones that no multiple of another one meets. */
const [ANN, BOB, CAS, DEE] = [440, 1050, 1730, 2410];
const VOICE = (tone: number): JoinOptions => ({ media: { video: false, tone }, room: { kind: "mix" } });
const SILENT: JoinOptions = { media: false, room: { kind: "mix" } };
/** A steady tone passes from loud to silent within what jitter buffers hold; the deadline is for a starved machine. */
const AT_ONCE = 3000;

test("three hear the others' voices and not their own, who is silent hears all three, each in one stream", async () => {
  const room = freshRoom();
  const [ann, bob, cas, dee] = await stage.guests("ann", "bob", "cas", "dee");
  await ann.join(server.url, room, VOICE(ANN));
  await bob.join(server.url, room, VOICE(BOB));
  await cas.join(server.url, room, VOICE(CAS));
  await dee.join(server.url, room, SILENT);
  const levels = {
    ann: await ann.hearsTones([BOB, CAS], [ANN]),
    bob: await bob.hearsTones([ANN, CAS], [BOB]),
    cas: await cas.hearsTones([ANN, BOB], [CAS]),
    dee: await dee.hearsTones([ANN, BOB, CAS], []),
  };
  console.log("levels in dBFS, others' tones first:", JSON.stringify(levels));
  for (const guest of [ann, bob, cas, dee]) {
    expect(await guest.arriving(), `${guest.identity}'s streams`).toHaveLength(1);
    expect(await guest.connections()).toBe(1);
  }
});

test("what an admin mutes, holds, frees and turns down is heard at once", async () => {
  const room = freshRoom();
  const [host, ann, bob] = await stage.guests("host", "ann", "bob");
  await host.join(server.url, room, SILENT, admin("host", room));
  await ann.join(server.url, room, VOICE(ANN));
  await bob.join(server.url, room, VOICE(BOB));
  await host.hearsTones([ANN, BOB], []);
  await bob.hearsTones([ANN], [BOB]);
  await bob.trace(ANN);
  const took: Record<string, number> = {};
  const heard = async (what: string, there: boolean, method: string, ...given: unknown[]) => {
    took[what] = await bob.turned(ANN, there, await host.does(method, "ann", ...given));
    expect(took[what], what).toBeLessThan(AT_ONCE);
  };
  await heard("mute", false, "mute", true);
  await bob.hears("trackMuted", { who: "ann", source: "microphone" });
  await ann.page.evaluate(() => window.guest.room.localParticipant.setMicrophoneEnabled(true));
  await bob.hearsTones([ANN], [BOB]);
  await heard("hold", false, "hold", true);
  await bob.hears("trackHeld", { who: "ann", held: true });
  await heard("un-hold", true, "hold", false);
  await heard("gain -60", false, "setVoice", { gain: -60 });
  await heard("gain 0", true, "setVoice", { gain: 0 });
  await ann.hears("voiceChanged", { who: "ann", gain: -60 });
  console.log("milliseconds from command to ear:", JSON.stringify(took));
  // Who is held cannot help it.
  await host.does("hold", "ann", true);
  await ann.page.evaluate(() => window.guest.room.localParticipant.setMicrophoneEnabled(false));
  await ann.page.evaluate(() => window.guest.room.localParticipant.setMicrophoneEnabled(true));
  await bob.hearsTones([], [ANN]);
});

test("who is moved to a mixed room, a forward room and back talks and listens on over the same connection", async () => {
  const [first, second, third] = [freshRoom(), freshRoom(), freshRoom()];
  const [host, ann, bob, cas, dee] = await stage.guests("host", "ann", "bob", "cas", "dee");
  const stays = { ...VOICE(ANN), room: { kind: "mix", persist: true } };
  await ann.join(server.url, first, stays);
  await bob.join(server.url, second, VOICE(BOB));
  await cas.join(server.url, third, { media: { video: false, tone: CAS } });
  await dee.join(server.url, third, { media: { video: false, tone: DEE } });
  // Whoever moves must be an admin of both rooms: this token is for all of them.
  const all = mint("", "host", { video: { roomAdmin: true } });
  await host.join(server.url, first, { ...SILENT, room: { kind: "mix", room: first } }, all);
  await host.hearsTones([ANN], []);
  const path = await credentials(ann);

  await host.does("move", "ann", second);
  await ann.hears("moved", { to: second });
  await Promise.all([bob.hearsTones([ANN], [BOB]), ann.hearsTones([BOB], [ANN]), host.hearsTones([], [ANN])]);

  await take(second, "ann", third);
  await Promise.all([
    cas.hearsTones([ANN, DEE], [CAS]),
    ann.hearsTones([CAS, DEE], [ANN, BOB]),
    bob.hearsTones([], [ANN]),
  ]);
  expect(await ann.page.evaluate(() => window.guest.room.kind)).toBe("forward");

  await take(third, "ann", first);
  await Promise.all([
    host.hearsTones([ANN], []),
    ann.hearsTones([], [ANN, BOB, CAS, DEE]),
    cas.hearsTones([DEE], [ANN]),
  ]);
  expect(await ann.connections(), "connections that ann has made").toBe(1);
  expect(await credentials(ann), "no new ICE").toEqual(path);

  // The token is the first room's; a refresh finds her where she was put, with her session or without.
  await take(first, "ann", second);
  await bob.hearsTones([ANN], [BOB]);
  for (const forgets of [false, true]) {
    if (forgets) await ann.page.evaluate(() => sessionStorage.clear());
    await ann.load(stage.site);
    await ann.join(server.url, first, stays);
    expect(await ann.page.evaluate(() => window.guest.room.id)).toBe(second);
    await Promise.all([bob.hearsTones([ANN], [BOB]), ann.hearsTones([BOB], [ANN])]);
  }
});

test("each voice can be heard by itself instead, and a single one beside the mix", async () => {
  const room = freshRoom();
  const [ann, bob, cas] = await stage.guests("ann", "bob", "cas");
  await ann.join(server.url, room, VOICE(ANN));
  await bob.join(server.url, room, VOICE(BOB));
  await cas.join(server.url, room, VOICE(CAS));
  await cas.hearsTones([ANN, BOB], [CAS]);
  await cas.does("listen", { hears: "tracks" });
  await cas.hears("listeningChanged", { hears: "tracks" });
  await Promise.all([cas.listens("ann"), cas.listens("bob")]);
  await cas.hearsTones([ANN, BOB], [CAS]);
  await cas.page.evaluate(() => window.guest.trackOf("ann", "microphone").unsubscribe());
  await cas.hearsTones([BOB], [ANN, CAS]);

  await cas.does("listen", { hears: "mix" });
  await until("no voice comes by itself", async () => (await cas.received("bob", "microphone")) === undefined);
  await cas.hearsTones([ANN, BOB], [CAS]);
  await cas.page.evaluate(() => window.guest.trackOf("ann", "microphone").subscribe());
  await cas.listens("ann");
  await cas.hearsTones([ANN, BOB], [CAS]);
});

test("who wants no voices unasked hears neither them nor their mix", async () => {
  const room = freshRoom();
  const [ann, bob] = await stage.guests("ann", "bob");
  await ann.join(server.url, room, VOICE(ANN));
  const refuses = { kind: "mix", autoSubscribe: { audio: false } };
  await bob.join(server.url, room, { media: false, room: refuses });
  await until("bob hears tracks", () => bob.page.evaluate(() => window.guest.room.listening.hears === "tracks"));
  await bob.hearsTones([], [ANN]);
  await bob.page.evaluate(() => window.guest.trackOf("ann", "microphone").subscribe());
  await bob.hearsTones([ANN], []);
});

test("a host hears who is held before the others do, and talks to them alone", async () => {
  const room = freshRoom();
  const [host, ann, bob] = await stage.guests("host", "ann", "bob");
  await host.join(server.url, room, VOICE(CAS), admin("host", room));
  await ann.join(server.url, room, VOICE(ANN));
  await bob.join(server.url, room, VOICE(BOB));
  await host.does("hold", "ann", true);
  await host.hearsTones([BOB], [ANN, CAS]);
  await host.does("listen", { hears: "mix", preFade: "ann" });
  await host.hearsTones([ANN, BOB], [CAS]);
  await bob.hearsTones([CAS], [ANN, BOB]);

  await host.does("talkTo", "ann");
  await ann.hears("talkback", { from: "host", active: true });
  await Promise.all([ann.hearsTones([CAS, BOB], [ANN]), bob.hearsTones([], [CAS, ANN])]);
  await host.does("talkTo", null);
  await ann.hears("talkback", { from: "host", active: false });
  await bob.hearsTones([CAS], [ANN]);
});

test("a WHIP publisher is heard in the mix, and a WHEP viewer gets the programme", async () => {
  const room = freshRoom();
  const [ann, whip, whep] = await stage.guests("ann", "whip", "whep");
  await ann.join(server.url, room, VOICE(ANN));
  await whip.endpoint("whip", server.url, room, BOB);
  await ann.hearsTones([BOB], [ANN]);
  await whep.endpoint("whep", server.url, room);
  await whep.hearsTones([ANN, BOB], []);
  expect(await whep.arriving()).toHaveLength(1);
});

function admin(identity: string, room: string): string {
  return mint(room, identity, { video: { roomAdmin: true } });
}

/** Moves somebody, as a server of the application would. */
async function take(from: string, who: string, to: string): Promise<void> {
  const answer = await fetch(`${server.url}/api/rooms/${from}/participants/${who}/move`, {
    method: "POST",
    headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ to }),
  });
  expect(answer.status, await answer.text()).toBe(204);
}

/** What ICE agreed on: another connection or an ICE restart would have other words. */
function credentials(guest: Guest): Promise<string[]> {
  return guest.page.evaluate(() =>
    window.guest.connections.map((one: RTCPeerConnection) => {
      const sides = [one.currentLocalDescription, one.currentRemoteDescription];
      return sides.map((side) => /a=ice-ufrag:(.*)/.exec(side?.sdp ?? "")?.[1]).join("/");
    }),
  );
}
