/** Mixed rooms in the console, by clicks and keys. Each microphone hears a tone of its own. */
import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { equip, pageHears } from "../harness/ears.ts";
import { freshRoom, Stage } from "../harness/stage.ts";
import { until } from "../harness/wait.ts";

const stage = new Stage();
const server = stage.server({}, ["--dev"]);
const DESK = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };
const [ANN, BOB] = [440, 1050];

test("a room is opened as mixed, two talk over each other and both are heard, and the meters move", async () => {
  const room = freshRoom();
  const [ann, bob, cas] = [await person(DESK, ANN), await person(PHONE, BOB), await person(DESK)];
  await open(ann, "Ann", room);
  await join(bob, "Bob", room);
  await join(cas, "Cas", room);
  await by(bob.page, "mixed").waitFor();
  await hears(ann, [BOB], [ANN]);
  await hears(bob, [ANN], [BOB]);
  await hears(cas, [ANN, BOB], []);

  await by(cas.page, "open-people").click();
  const meters = by(cas.page, "panel-people").getByTestId("voice-meter");
  await until("the meters of the programme, of ann and of bob stand up, and cas's does not", async () => {
    const levels = await meters.evaluateAll((found: HTMLElement[]) =>
      found.map((meter) => Number(getComputedStyle(meter).getPropertyValue("--level"))),
    );
    const [programme = 0, own = 1, ...others] = levels;
    return programme > 0.5 && own < 0.1 && others.length === 2 && others.every((level) => level > 0.5);
  });
  expect([...ann.errors, ...bob.errors, ...cas.errors]).toEqual([]);
});

test("everybody chooses between the mix and each voice", async () => {
  const room = freshRoom();
  const [ann, bob, cas] = [await person(DESK, ANN), await person(DESK, BOB), await person(DESK)];
  await open(ann, "Ann", room);
  await join(bob, "Bob", room);
  await join(cas, "Cas", room);
  await hears(cas, [ANN, BOB], []);
  await by(cas.page, "open-people").click();
  await by(cas.page, "hear-tracks").check({ force: true });
  await until("each voice plays by itself", async () => (await playing(cas.page)) === 2);
  await hears(cas, [ANN, BOB], []);
  await by(cas.page, "hear-mix").check({ force: true });
  await until("the mix plays alone", async () => (await playing(cas.page)) === 1);
  await hears(cas, [ANN, BOB], []);
});

test("a host turns a voice down, holds it, listens and talks to it alone, and moves it to another room", async () => {
  const [room, other] = [freshRoom(), freshRoom()];
  const [ann, bob, cas, dee] = [
    await person(DESK, ANN),
    await person(DESK, BOB),
    await person(DESK),
    await person(DESK),
  ];
  await open(dee, "Dee", other);
  await open(ann, "Ann", room);
  await join(bob, "Bob", room);
  await join(cas, "Cas", room);
  await hears(cas, [ANN, BOB], []);

  await by(ann.page, "open-people").click();
  const row = ann.page.locator('[data-testid="participant-row"]', { hasText: "Bob" });
  await row.getByTestId("open-voice").click();
  await row.getByTestId("voice-gain").focus();
  await ann.page.keyboard.press("Home");
  await hears(cas, [ANN], [BOB]);
  await row.getByTestId("voice-gain").dblclick();
  await hears(cas, [ANN, BOB], []);

  await choose(ann.page, row, "hold-person");
  await hears(cas, [ANN], [BOB]);
  await row.getByTestId("listen-person").click();
  await hears(ann, [BOB], [ANN]);
  await row.getByTestId("listen-person").click();
  await hears(ann, [], [ANN, BOB]);

  // A short press stays on, the next one ends it.
  await row.getByTestId("talk-person").click();
  await by(bob.page, "talkback-banner").waitFor();
  await hears(bob, [ANN], [BOB]);
  await hears(cas, [], [ANN, BOB]);
  await row.getByTestId("talk-person").click();
  await by(bob.page, "talkback-banner").waitFor({ state: "detached" });
  // A long one ends when it is let go.
  await row.getByTestId("talk-person").focus();
  const pressed = Date.now();
  await ann.page.keyboard.down(" ");
  await by(bob.page, "talkback-banner").waitFor();
  await hears(cas, [], [ANN, BOB]);
  await until("the press is a long one", () => Date.now() - pressed > 600);
  await ann.page.keyboard.up(" ");
  await by(bob.page, "talkback-banner").waitFor({ state: "detached" });
  await choose(ann.page, row, "hold-person");
  await hears(cas, [ANN, BOB], []);

  await choose(ann.page, row, "move-person");
  await by(ann.page, "move-target").filter({ hasText: other }).click();
  await by(ann.page, "move").click();
  await hears(dee, [BOB], []);
  await hears(cas, [ANN], [BOB]);
  await until("bob's page says where he is", () => bob.page.url().endsWith(other));
  // His token is the first room's: after a refresh bob is still where he was put.
  await bob.page.reload();
  await by(bob.page, "room").waitFor();
  expect(await by(bob.page, "room-name").textContent()).toBe(other);
  await hears(dee, [BOB], []);
  expect([...ann.errors, ...bob.errors, ...cas.errors, ...dee.errors]).toEqual([]);
}, 90_000);

test("an operator makes a mixed room, and moves and mutes people from the dashboard", async () => {
  const [room, other] = [freshRoom(), freshRoom()];
  const operator = (await person(DESK)).page;
  await operator.goto(`${server.url}/dashboard`);
  await by(operator, "new-room").click();
  await by(operator, "lobby-room").fill(room);
  await by(operator, "lobby-kind-mix").check({ force: true });
  await by(operator, "make-room").click();
  await by(operator, "operator-invite").waitFor();
  await operator.keyboard.press("Escape");
  const line = by(operator, "dashboard-room-row").filter({ hasText: room });
  await line.getByText("mixed").waitFor();

  const [ann, bob, cas] = [await person(DESK, ANN), await person(DESK), await person(DESK)];
  await join(ann, "Ann", room);
  await join(bob, "Bob", room);
  await open(cas, "Cas", other);
  await hears(bob, [ANN], []);
  await line.getByRole("link").click();
  const row = by(operator, "dashboard-participant-row").filter({ hasText: "Ann" });
  await choose(operator, row, "move-person");
  await by(operator, "move-to").fill(other);
  await by(operator, "move").click();
  await hears(cas, [ANN], []);
  await hears(bob, [], [ANN]);

  await operator.goto(`${server.url}/dashboard/${other}`);
  await choose(operator, row, "mute-person");
  await hears(cas, [], [ANN]);
  await by(ann.page, "toggle-mic").click();
  await hears(cas, [ANN], []);
});

/** Somebody at a screen of this size, and what the page complained about. */
interface Person {
  page: Page;
  errors: string[];
}

/** `tone`: what the microphone hears; without one nothing. */
async function person(viewport: { width: number; height: number }, tone = 0): Promise<Person> {
  const context = await stage.browser.newContext({ permissions: ["camera", "microphone"], viewport });
  stage.atEnd(() => context.close());
  await equip(context, tone);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  return { page, errors };
}

/** Makes a mixed room in the lobby. */
async function open(who: Person, name: string, room: string): Promise<void> {
  await fill(who, name, room);
  await by(who.page, "lobby-kind-mix").check({ force: true });
  await go(who);
}

async function join(who: Person, name: string, room: string): Promise<void> {
  await fill(who, name, room);
  await go(who);
}

async function fill({ page }: Person, name: string, room: string): Promise<void> {
  await page.goto(server.url);
  await by(page, "lobby-name").fill(name);
  await by(page, "lobby-room").fill(room);
}

async function go({ page }: Person): Promise<void> {
  await by(page, "lobby-join").click();
  await by(page, "room").waitFor();
}

function hears({ page }: Person, heard: number[], absent: number[]): Promise<void> {
  return pageHears(page, page.url(), heard, absent);
}

/** Picks a line of the menu of a row. */
async function choose(page: Page, row: Locator, line: string): Promise<void> {
  await row.getByTestId("participant-menu").click();
  await by(page, line).click();
}

/** How many sounds the page plays. */
function playing(page: Page): Promise<number> {
  return page.locator("audio").count();
}

function by(page: Page, testid: string): Locator {
  return page.getByTestId(testid);
}
