/** Rooms that mix: everybody hears everybody but themselves, in one stream. Each guest's voice is a tone of its own. */
import { expect, test } from "vitest";
import type { Guest, JoinOptions } from "../harness/guest.ts";
import { freshRoom, Stage } from "../harness/stage.ts";
import { mint } from "../harness/token.ts";

const stage = new Stage();
const server = stage.server();

/** Tones that no multiple of another one meets. */
const [ANN, BOB, CAS] = [440, 1050, 1730];
const VOICE = (tone: number): JoinOptions => ({ media: { video: false, tone }, room: { kind: "mix" } });
const SILENT: JoinOptions = { media: false, room: { kind: "mix" } };
const ADMIN = { video: { roomAdmin: true } };

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
