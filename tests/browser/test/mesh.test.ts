/** Mesh rooms: the server relays signalling, the media goes between browsers. */
import { expect, test } from "vitest";
import { allMeet } from "../harness/guest.ts";
import { freshRoom, Stage } from "../harness/stage.ts";
import { mint } from "../harness/token.ts";
import { until } from "../harness/wait.ts";

const stage = new Stage();
const server = stage.server();
const MESH = { room: { kind: "mesh" } };

test("two browsers in a mesh room see and hear each other, and no media passes the server", async () => {
  const room = freshRoom();
  const [ann, bob] = await stage.guests("ann", "bob");
  await ann.join(server.url, room, MESH);
  await bob.join(server.url, room, MESH);
  await allMeet([ann, bob]);
  const [[there], [here]] = [await ann.paths(), await bob.paths()];
  expect(there?.remotePort).toBe(here?.port);
  expect(there?.port).toBe(here?.remotePort);
});

test("three in a mesh room all see and hear each other", async () => {
  const room = freshRoom();
  const guests = await stage.guests("ann", "bob", "cas");
  await Promise.all(guests.map((guest) => guest.join(server.url, room, MESH)));
  await allMeet(guests);
});

test("hand-written clients that both offer at once connect", async () => {
  const room = freshRoom();
  const names = ["ann", "bob"] as const;
  const pages = await Promise.all(
    names.map(async (name) => {
      const context = await stage.browser.newContext({ permissions: ["camera", "microphone"] });
      stage.atEnd(() => context.close());
      const page = await context.newPage();
      await page.goto(`${stage.site}naive.html`);
      return { name, page, token: mint(room, name) };
    }),
  );
  for (const { name, page, token } of pages) {
    await page.evaluate(([url, token, room, name]) => window.naive.enter(url, token, room, name), [
      server.url,
      token,
      room,
      name,
    ] as const);
  }
  for (const { name, page } of pages) {
    const other = names.find((one) => one !== name) as string;
    await until(`${name} sees and hears ${other}`, async () => {
      const { frames, energy } = await page.evaluate((other) => window.naive.received(other), other);
      return frames > 5 && energy > 0;
    });
    expect(await page.evaluate(() => window.naive.crossed), `${name} offered`).toEqual([other]);
  }
});

declare global {
  interface Window {
    naive: {
      enter(url: string, token: string, room: string, userId: string): Promise<void>;
      received(userId: string): Promise<{ frames: number; energy: number }>;
      crossed: string[];
    };
  }
}
