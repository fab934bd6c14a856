/** Who may come in, who must go, and who may speak. */
import { expect, test } from "vitest";
import type { Guest } from "../harness/guest.ts";
import { freshRoom, Stage } from "../harness/stage.ts";
import { mint } from "../harness/token.ts";

const stage = new Stage();
const server = stage.server({ "rooms.participants": 2 });
const SOUND = { media: { video: false, tone: 400 } } as const;

test("who is kicked gets the reason and stays out", async () => {
  const room = freshRoom();
  const [admin, bob] = await withAdmin(room);
  await admin.page.evaluate(() => window.guest.room.kick("bob", "bad manners"));
  await bob.hears("kicked", { reason: "bad manners" });
  await bob.hears("disconnected", { reason: "kicked" });
  await admin.hears("participantLeft", { who: "bob", reason: "kicked" });

  expect(await bob.tryJoin(server.url, mint(room, "bob"), SOUND)).toMatchObject({ refused: "kicked" });
  expect(await admin.people()).toEqual([]);
});

test("a guest without an admin grant kicks nobody", async () => {
  const room = freshRoom();
  const [admin, bob] = await withAdmin(room);
  const refusal = await bob.page.evaluate(() =>
    window.guest.room.kick("ann", "").catch((error: { code: string }) => error.code),
  );
  expect(refusal).toBe("forbidden");
  expect(await admin.people()).toEqual(["bob"]);
});

test("a full room says so", async () => {
  const room = freshRoom();
  const [ann, bob, cas] = await stage.guests("ann", "bob", "cas");
  await ann.join(server.url, room, SOUND);
  await bob.join(server.url, room, SOUND);
  const refusal = await cas.tryJoin(server.url, mint(room, "cas"), SOUND);
  expect(refusal.refused).toBe("room-full");
  expect(refusal.message).toMatch(/full|2/);
  expect(await ann.people()).toEqual(["bob"]);
});

test("a socket with a bad token closes with 1008 Unauthorized", async () => {
  const guest = await stage.guest("ann");
  const room = freshRoom();
  const bad = {
    missing: undefined,
    garbage: "garbage",
    forged: mint(room, "ann", { secret: "somebody else's secret, not the server's" }),
    old: mint(room, "ann", { ttl: -600 }),
  };
  for (const [name, token] of Object.entries(bad)) {
    const address = `${server.url.replace("http", "ws")}/ws/webrtc${token ? `?token=${token}` : ""}`;
    const closed = await guest.page.evaluate(closeOf, address);
    expect(closed, name).toEqual({ code: 1008, reason: "Unauthorized" });
  }
  expect(await guest.tryJoin(server.url, bad.forged, SOUND)).toMatchObject({ refused: "unauthorized" });
});

test("who joins again elsewhere replaces the older self, and the others see no leave", async () => {
  const room = freshRoom();
  const [older, bob, newer] = [await stage.guest("ann"), await stage.guest("bob"), await stage.guest("ann")];
  await older.join(server.url, room, SOUND);
  await bob.join(server.url, room, SOUND);
  await bob.listens("ann");
  await newer.join(server.url, room, SOUND);
  await older.hears("kicked", { reason: "replaced" });
  await older.hears("disconnected", { reason: "replaced" });
  await Promise.all([bob.listens("ann"), newer.listens("bob")]);
  expect(await bob.people()).toEqual(["ann"]);
  expect(await bob.heard("participantLeft")).toEqual([]);
});

test("who mutes is not heard until unmuting", async () => {
  const [admin, bob] = await withAdmin(freshRoom());
  await admin.listens(bob);
  await bob.page.evaluate(() => window.guest.room.localParticipant.setMicrophoneEnabled(false));
  await admin.hears("trackMuted", { who: "bob" });
  await admin.noLongerHears(bob);
  await bob.page.evaluate(() => window.guest.room.localParticipant.setMicrophoneEnabled(true));
  await admin.hears("trackUnmuted", { who: "bob" });
  await admin.listens(bob);
});

test("an admin mutes a guest, who may unmute", async () => {
  const [admin, bob] = await withAdmin(freshRoom());
  await admin.listens(bob);
  await admin.page.evaluate(() => window.guest.room.mute("bob", true));
  await bob.hears("trackMuted", { who: "bob" });
  await admin.noLongerHears(bob);
  await bob.page.evaluate(() => window.guest.room.localParticipant.setMicrophoneEnabled(true));
  await admin.listens(bob);
});

test("who is held by an admin is heard by nobody until the admin lets go", async () => {
  const [admin, bob] = await withAdmin(freshRoom());
  await admin.listens(bob);
  await admin.page.evaluate(() => window.guest.room.hold("bob", true, "microphone"));
  await bob.hears("trackHeld", { who: "bob", held: true });
  await admin.noLongerHears(bob);
  await bob.page.evaluate(async () => {
    await window.guest.room.localParticipant.setMicrophoneEnabled(false);
    await window.guest.room.localParticipant.setMicrophoneEnabled(true);
  });
  await admin.hears("trackUnmuted", { who: "bob" });
  await admin.noLongerHears(bob);
  await admin.page.evaluate(() => window.guest.room.hold("bob", false, "microphone"));
  await admin.listens(bob);
});

/** An admin called ann and a guest called bob. */
async function withAdmin(room: string): Promise<[Guest, Guest]> {
  const [admin, bob] = await stage.guests("ann", "bob");
  await admin.join(server.url, room, SOUND, mint(room, "ann", { video: { roomAdmin: true } }));
  await bob.join(server.url, room, SOUND);
  await admin.hears("participantJoined", { who: "bob" });
  return [admin, bob];
}

function closeOf(address: string): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) => {
    new WebSocket(address).onclose = ({ code, reason }) => resolve({ code, reason });
  });
}
