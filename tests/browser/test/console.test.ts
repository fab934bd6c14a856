/** The console, as people use it: no script of ours in the page, only clicks and keys. */
import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { freshRoom, Stage } from "../harness/stage.ts";
import { until } from "../harness/wait.ts";

const stage = new Stage();
const server = stage.server({}, ["--dev"]);
const DESK = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

test("two people go from the lobby into a room, see each other, chat and leave", async () => {
  const room = freshRoom();
  const [ann, bob] = [await person(DESK), await person(DESK)];
  await enter(ann, "Ann", room);
  await enter(bob, "Bob", room);
  for (const { page } of [ann, bob]) await showsPictures(page, 2);

  await chat(ann.page, "shall we begin?");
  await chat(bob.page, "let us");
  for (const { page } of [ann, bob]) {
    await until("both messages stand in the chat", async () => (await by(page, "chat-message").count()) === 2);
  }
  expect(await by(ann.page, "chat-message").last().textContent()).toContain("let us");

  await by(bob.page, "leave").click();
  await until("bob is out", async () => (await by(bob.page, "room").count()) === 0);
  await until("ann is alone", async () => (await by(ann.page, "tile").count()) === 1);
  expect([...ann.errors, ...bob.errors]).toEqual([]);
});

test("camera off, microphone off, a shared screen and the panels are shown to the others", async () => {
  const room = freshRoom();
  const [ann, bob] = [await person(DESK), await person(DESK)];
  await enter(ann, "Ann", room);
  await enter(bob, "Bob", room);
  for (const { page } of [ann, bob]) await showsPictures(page, 2);

  await by(ann.page, "toggle-screen").click();
  await until("bob sees the screen", () =>
    isPlaying(bob.page.locator('[data-testid="tile"][data-source="screen_share"]')),
  );
  await by(ann.page, "toggle-screen").click();
  await until("the screen is gone", async () => (await by(bob.page, "tile").count()) === 2);

  await by(ann.page, "toggle-mic").click();
  const annAtBob = bob.page.locator('[data-testid="tile"][data-local="false"]');
  await until("bob sees that ann is muted", async () => (await annAtBob.getByTestId("muted").count()) > 0);
  await by(ann.page, "toggle-camera").click();
  await until("ann's picture is gone", async () => (await annAtBob.getByTestId("tile-video").count()) === 0);
  await by(ann.page, "toggle-camera").click();
  await until("ann's picture is back", () => isPlaying(annAtBob));

  await by(bob.page, "open-people").click();
  await until("two people are listed", async () => (await by(bob.page, "participant-row").count()) === 2);
  await by(bob.page, "open-stats").click();
  // Ann is muted: of what bob receives only her picture has figures.
  const received = bob.page.locator('[data-testid="track-stats"][data-direction="receive"]');
  await until("what is received has figures", async () => (await received.count()) >= 1);
  expect([...ann.errors, ...bob.errors]).toEqual([]);
});

test("a screen in the place of a camera that was seen for long appears soon", async () => {
  const room = freshRoom();
  const [ann, bob, cas] = [await person(DESK), await person(DESK), await person(DESK)];
  await enter(bob, "Bob", room);
  await enter(cas, "Cas", room);
  const casAtBob = bob.page.locator('[data-testid="tile"][data-local="false"]');
  await until("bob has seen cas for long", async () => (await shownFrames(casAtBob)) > 250, 40_000);
  // Her coming brings another key frame of the camera.
  await enter(ann, "Ann", room);
  for (const { page } of [ann, bob]) await showsPictures(page, 3);
  await by(cas.page, "leave").click();
  await until("cas is gone", async () => (await by(bob.page, "tile").count()) === 2);

  await by(ann.page, "toggle-screen").click();
  const screen = bob.page.locator('[data-testid="tile"][data-source="screen_share"]');
  await until("bob sees the screen", async () => (await shownFrames(screen)) > 0, 6_000);
  expect([...ann.errors, ...bob.errors, ...cas.errors]).toEqual([]);
}, 90_000);

test("on a phone the same is done in the same way, and nothing sticks out of the screen", async () => {
  const room = freshRoom();
  const [ann, bob] = [await person(PHONE), await person(DESK)];
  await enter(ann, "Ann", room);
  await enter(bob, "Bob", room);
  for (const { page } of [ann, bob]) await showsPictures(page, 2);
  expect(await overflow(ann.page), "pixels beyond the screen").toBeLessThanOrEqual(0);

  await chat(ann.page, "on my way");
  expect(await overflow(ann.page), "pixels beyond the screen").toBeLessThanOrEqual(0);
  await by(bob.page, "open-chat").click();
  await until("the message is there", async () => (await by(bob.page, "chat-message").count()) === 1);
  await closePanel(ann.page);
  await by(ann.page, "open-more").click();
  await by(ann.page, "open-people").click();
  await until("two people are listed", async () => (await by(ann.page, "participant-row").count()) === 2);
  await closePanel(ann.page);
  await by(ann.page, "leave").click();
  await until("bob is alone", async () => (await by(bob.page, "tile").count()) === 1);
  expect([...ann.errors, ...bob.errors]).toEqual([]);
});

/** Somebody at a screen of this size, and what the page complained about. */
interface Person {
  page: Page;
  errors: string[];
}

async function person(viewport: { width: number; height: number }): Promise<Person> {
  const context = await stage.browser.newContext({ permissions: ["camera", "microphone"], viewport });
  stage.atEnd(() => context.close());
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  return { page, errors };
}

async function enter({ page }: Person, name: string, room: string): Promise<void> {
  await page.goto(server.url);
  await by(page, "lobby-name").fill(name);
  await by(page, "lobby-room").fill(room);
  await by(page, "lobby-join").click();
  await by(page, "room").waitFor();
}

async function chat(page: Page, text: string): Promise<void> {
  await by(page, "open-chat").click();
  await by(page, "chat-input").fill(text);
  await page.keyboard.press("Enter");
}

/** On a phone a panel takes the whole screen. */
function closePanel(page: Page): Promise<void> {
  return page.getByRole("button", { name: "Close the panel" }).click();
}

/** So many tiles show moving pictures. */
async function showsPictures(page: Page, count: number): Promise<void> {
  const tiles = by(page, "tile");
  await until(`${count} moving pictures`, async () => {
    if ((await tiles.count()) !== count) return false;
    const playing = await Promise.all(Array.from({ length: count }, (_, index) => isPlaying(tiles.nth(index))));
    return playing.every(Boolean);
  });
}

async function isPlaying(tile: Locator): Promise<boolean> {
  const video = tile.locator("video");
  if ((await video.count()) !== 1) return false;
  return video.evaluate(async (element: HTMLVideoElement) => {
    const frames = () => element.getVideoPlaybackQuality().totalVideoFrames;
    const before = frames();
    await new Promise((resolve) => setTimeout(resolve, 300));
    return element.videoWidth > 0 && frames() > before;
  });
}

async function shownFrames(tile: Locator): Promise<number> {
  const video = tile.locator("video");
  if ((await video.count()) !== 1) return 0;
  return video.evaluate((element: HTMLVideoElement) => element.getVideoPlaybackQuality().totalVideoFrames);
}

function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}

function by(page: Page, testid: string): Locator {
  return page.getByTestId(testid);
}
