/** Messages between participants. */
import { expect, test } from "vitest";
import type { Guest } from "../harness/guest.ts";
import { freshRoom, Stage } from "../harness/stage.ts";
import { until } from "../harness/wait.ts";

const stage = new Stage();
const server = stage.server();
const NO_MEDIA = { media: false } as const;

test("reliable messages reach everybody else, in order and once", async () => {
  const [ann, bob, cas] = await three();
  await say(ann, 50, { topic: "count" });
  for (const guest of [bob, cas]) {
    await until(`${guest.identity} has all`, async () => (await texts(guest)).length >= 50);
    expect(await texts(guest)).toEqual(Array.from({ length: 50 }, (_, index) => `count ${index}`));
    expect((await guest.heard("data"))[0]).toMatchObject({ from: "ann", topic: "count", reliable: true });
  }
  expect(await texts(ann)).toEqual([]);
});

test("lossy messages reach everybody else", async () => {
  const [ann, bob, cas] = await three();
  await say(ann, 20, { topic: "position", reliable: false });
  for (const guest of [bob, cas]) {
    const first = await guest.hears("data", { topic: "position" });
    expect(first).toMatchObject({ from: "ann", reliable: false });
  }
});

test("a message to one reaches nobody else, over either channel", async () => {
  const [ann, bob, cas] = await three();
  for (const reliable of [true, false]) {
    await say(ann, 1, { topic: "secret", to: ["bob"], reliable });
    await bob.hears("data", { topic: "secret", reliable });
    await say(ann, 1, { topic: "open", reliable });
    await cas.hears("data", { topic: "open", reliable });
  }
  expect((await cas.heard("data")).map(({ topic }) => topic)).toEqual(["open", "open"]);
});

test("a message of 60 kB arrives whole", async () => {
  const [ann, bob] = await three();
  await ann.page.evaluate(() => window.guest.room.send("x".repeat(60_000), { topic: "large" }));
  const { text } = await bob.hears("data", { topic: "large" });
  expect((text as string).length).toBe(60_000);
});

/** Three in a room whose channels are open. */
async function three(): Promise<[Guest, Guest, Guest]> {
  const room = freshRoom();
  const guests = await stage.guests("ann", "bob", "cas");
  await Promise.all(guests.map((guest) => guest.join(server.url, room, NO_MEDIA)));
  for (const guest of guests) {
    await until(`${guest.identity} has data channels`, () => guest.page.evaluate(channelsAreOpen));
    await until(`${guest.identity} sees all`, async () => (await guest.people()).length === 2);
  }
  return guests;
}

async function channelsAreOpen(): Promise<boolean> {
  const stats = await window.guest.connections[0].getStats();
  const open = [...stats.values()].filter(({ type, state }) => type === "data-channel" && state === "open");
  return open.length === 2;
}

function say(guest: Guest, count: number, options: Record<string, unknown>): Promise<void> {
  return guest.page.evaluate(
    async ([count, options]) => {
      for (let index = 0; index < count; index++) await window.guest.room.send(`count ${index}`, options);
    },
    [count, options] as const,
  );
}

async function texts(guest: Guest): Promise<unknown[]> {
  return (await guest.heard("data")).map(({ text }) => text);
}
