/** People meet: they see and hear each other. */
import { expect, test } from "vitest";
import { allMeet, HD } from "../harness/guest.ts";
import { freshRoom, Stage } from "../harness/stage.ts";

const stage = new Stage();
const server = stage.server();

test("two browsers in a forward room see and hear each other", async () => {
  const room = freshRoom();
  const [ann, bob] = await stage.guests("ann", "bob");
  await ann.join(server.url, room);
  await bob.join(server.url, room);
  await allMeet([ann, bob]);
  expect(await ann.people()).toEqual(["bob"]);
  expect(await bob.people()).toEqual(["ann"]);
});

test("three in a forward room all see and hear each other, over one connection each", async () => {
  const room = freshRoom();
  const guests = await stage.guests("ann", "bob", "cas");
  await Promise.all(guests.map((guest) => guest.join(server.url, room)));
  await allMeet(guests);
  for (const guest of guests) expect(await guest.connections()).toBe(1);
});

test("who leaves is gone for the others, and the rest go on", async () => {
  const room = freshRoom();
  const [ann, bob, cas] = await stage.guests("ann", "bob", "cas");
  await Promise.all([ann, bob, cas].map((guest) => guest.join(server.url, room)));
  await allMeet([ann, bob, cas]);
  await cas.page.evaluate(() => window.guest.room.disconnect());
  await ann.hears("participantLeft", { who: "cas", reason: "left" });
  await allMeet([ann, bob]);
});

test("a screen is shared beside the camera and arrives as a second video", async () => {
  const room = freshRoom();
  const [ann, bob] = await stage.guests("ann", "bob");
  await ann.join(server.url, room);
  await bob.join(server.url, room);
  await bob.sees(ann);
  await ann.page.evaluate(share);
  await bob.hears("trackPublished", { who: "ann", source: "screen_share" });
  await Promise.all([bob.sees(ann, { source: "screen_share" }), bob.sees(ann)]);

  await ann.page.evaluate(() => window.guest.room.localParticipant.setScreenShareEnabled(false));
  await bob.hears("trackUnpublished", { who: "ann", source: "screen_share" });
  await bob.sees(ann);
});

test("who speaks is told to everybody, and changes with who speaks", async () => {
  const room = freshRoom();
  const [ann, bob] = await stage.guests("ann", "bob");
  await ann.join(server.url, room, { media: { video: false, tone: 300 } });
  await bob.join(server.url, room, { media: { video: false, tone: 500 } });
  const microphone = (guest: typeof ann, on: boolean) =>
    guest.page.evaluate((on) => window.guest.room.localParticipant.setMicrophoneEnabled(on), on);
  await microphone(bob, false);
  await Promise.all([ann, bob].map((guest) => guest.hears("activeSpeakers", { speakers: ["ann"] })));
  await microphone(ann, false);
  await Promise.all([ann, bob].map((guest) => guest.hears("activeSpeakers", { speakers: [] })));
  await microphone(bob, true);
  await Promise.all([ann, bob].map((guest) => guest.hears("activeSpeakers", { speakers: ["bob"] })));
});

test("three share the stage: each screen beside the cameras is seen soon by all", async () => {
  const room = freshRoom();
  const guests = await stage.guests("ann", "bob", "cas");
  for (const guest of guests) await guest.join(server.url, room, { media: HD, simulcast: true });
  await allMeet(guests);
  for (const one of [...guests, guests[0]]) {
    const others = guests.filter((guest) => guest !== one);
    await one.page.evaluate(share);
    await Promise.all(others.map((guest) => guest.sees(one, { source: "screen_share", frames: 5 })));
    await one.page.evaluate(() => window.guest.room.localParticipant.setScreenShareEnabled(false));
  }
}, 90_000);

test("a screen takes the place of a camera in a slot, and is seen at once", async () => {
  const room = freshRoom();
  const [ann, bob, cas] = await stage.guests("ann", "bob", "cas");
  for (const guest of [ann, bob, cas]) await guest.join(server.url, room, { media: HD, simulcast: true });
  await allMeet([ann, bob, cas]);
  for (let round = 0; round < 3; round += 1) {
    // The camera's place becomes free, and the screen gets it.
    await ann.page.evaluate(dropCamera);
    await ann.page.evaluate(share);
    await Promise.all([bob, cas].map((guest) => guest.sees(ann, { source: "screen_share", frames: 5 })));
    await ann.page.evaluate(cameraInsteadOfShare);
    await Promise.all([bob, cas].map((guest) => guest.sees(ann, { frames: 5 })));
  }
});

for (const codec of ["VP8", "VP9", "H264", "AV1"]) {
  test(`a picture in ${codec} is seen, and by who comes later`, async ({ skip }) => {
    const room = freshRoom();
    const [ann, bob, cas] = await stage.guests("ann", "bob", "cas");
    if (!(await ann.page.evaluate((codec) => window.guest.encodes(codec), codec)))
      skip(`this browser encodes no ${codec}`);
    await ann.join(server.url, room, { codec });
    await bob.join(server.url, room, { media: false });
    await bob.sees(ann, { frames: 20 });
    await cas.join(server.url, room, { media: false });
    await Promise.all([cas.sees(ann, { frames: 20 }), bob.sees(ann, { frames: 20 })]);
    expect((await bob.received("ann", "camera"))?.codec).toBe(`video/${codec}`);
  });
}

async function share() {
  // A still page gives a capture hardly any frames.
  const clock = document.body.appendChild(document.createElement("pre"));
  const draw = () => {
    clock.textContent = String(performance.now());
    requestAnimationFrame(draw);
  };
  draw();
  await window.guest.room.localParticipant.setScreenShareEnabled(true);
}

async function dropCamera() {
  const local = window.guest.room.localParticipant;
  for (const track of [...local.tracks.values()]) if (track.source === "camera") await local.unpublishTrack(track);
}

async function cameraInsteadOfShare() {
  const local = window.guest.room.localParticipant;
  await local.setScreenShareEnabled(false);
  await local.setCameraEnabled(true);
}
