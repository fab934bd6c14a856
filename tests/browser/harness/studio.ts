/**
 * A studio: a server, a telephone company beside it, and people at their pages. They do what people do: they open links, click,
 * type, press keys. Everybody has a tone of their own, so that it can be heard who hears whom.
 */
import type { Locator, Page } from "playwright-core";
import { onTestFailed } from "vitest";
import { equip, pageHears } from "./ears.ts";
import { type Phone, Phones } from "./phones.ts";
import { freePorts, Server, type Settings } from "./server.ts";
import type { Stage } from "./stage.ts";
import { until } from "./wait.ts";

/** What a desk is looked at on, and what guests have in their hands. */
export const DESK = { width: 1440, height: 900 };
export const HANDHELD = { width: 390, height: 844 };
/** How loud the microphones of pages hear their tones: several at once are no reason for the mix to turn them down. */
const MICROPHONE = 0.2;

/** How long a page may take for what it was asked, in milliseconds. */
const PATIENCE = 30_000;

/** The states of a call that have a row on a desk. */
export type State = "ringing" | "screening" | "screened" | "waiting" | "next" | "on-air" | "hold" | "off" | "dropped";

/** Anybody with a voice and ears. */
export interface Ear {
  readonly tone: number;
  hears(heard: readonly number[], absent: readonly number[], within?: number): Promise<void>;
}

/** The server, the telephone company, and where links lead. */
export class Studio {
  private constructor(
    private readonly stage: Stage,
    readonly server: Server,
    /** Absent where the server has a company of its own. */
    private readonly company: Phones | undefined,
  ) {}

  /** Opens one for a test. `dev`: the server for trying out, whose telephone company is in itself. */
  static async open(stage: Stage, { dev = false } = {}): Promise<Studio> {
    const ports = await freePorts();
    const url = `http://${ports.address}:${ports.http}`;
    const port = await Phones.port();
    const trusted: Settings = { "admin.addresses": ["127.0.0.1/32"], "phone.number": "+14155550199" };
    const settings = dev ? {} : { ...Phones.settings(port, url), ...trusted };
    const server = await Server.start(settings, ports, dev ? ["--dev"] : []);
    stage.atEnd(() => server.stop());
    onTestFailed(() => console.error(`log of the server:\n${server.log}`));
    if (dev) return new Studio(stage, server, undefined);
    const company = await Phones.start(port, url);
    stage.atEnd(() => company.stop());
    return new Studio(stage, server, company);
  }

  /** The telephone company. */
  get phones(): Phones {
    if (!this.company) throw new Error("this server's telephone company is in itself");
    return this.company;
  }

  /** An operator makes a show. `number`: where telephones call it. */
  async show(title: string, number = ""): Promise<Programme> {
    const { page } = await this.person("Olga", DESK);
    await page.goto(`${this.server.url}/shows`);
    await by(page, "new-show").click();
    await by(page, "show-title").fill(title);
    await by(page, "show-numbers").fill(number);
    await by(page, "make-show").click();
    await by(page, "show").waitFor();
    return new Programme(this, page, new URL(page.url()).pathname.split("/").at(-1) ?? "", number);
  }

  /** Somebody at a screen of this size, with a browser of their own. */
  async person(name: string, viewport: { width: number; height: number }, tone = 0): Promise<Person> {
    const context = await this.stage.browser.newContext({ permissions: ["microphone"], viewport });
    this.stage.atEnd(() => context.close());
    context.setDefaultTimeout(PATIENCE);
    await equip(context, tone, MICROPHONE);
    return new Person(name, await context.newPage(), tone);
  }
}

/** A show, and the operator's page of it. */
export class Programme {
  constructor(
    readonly studio: Studio,
    /** The operator's. */
    readonly page: Page,
    /** Its name in addresses. */
    readonly id: string,
    private readonly number: string,
  ) {}

  /** A link as the show's page has it. */
  link(place: "host" | "screener" | "guest"): Promise<string> {
    return by(this.page, `link-${place}`).inputValue();
  }

  /** A host follows the link, at another address of the server if need be, and takes the seat. */
  host(name: string, tone: number, via?: string): Promise<Person> {
    return this.#seat("host", name, tone, via);
  }

  /** A screener does. */
  screener(name: string, tone: number, via?: string): Promise<Person> {
    return this.#seat("screener", name, tone, via);
  }

  /** A guest calls in with a telephone's browser, until it rings. */
  async guest(name: string, topic: string, tone: number, via?: string): Promise<Person> {
    const guest = await this.studio.person(name, HANDHELD, tone);
    await guest.page.goto(led(await this.link("guest"), via));
    await guest.by("guest-name").fill(name);
    await guest.by("guest-topic").fill(topic);
    await guest.page.locator('[data-testid="guest-microphone"][data-on="true"]').waitFor();
    await guest.by("guest-call-in").click();
    await guest.isAt("ringing");
    return guest;
  }

  /** A telephone calls, until its sound goes to and fro. */
  async phone(from: string, tone: number): Promise<Phone> {
    const phone = await this.studio.phones.call(from, this.number, tone);
    await phone.streams();
    return phone;
  }

  async #seat(place: "host" | "screener", name: string, tone: number, via?: string): Promise<Person> {
    const person = await this.studio.person(name, DESK, tone);
    await person.page.goto(led(await this.link(place), via));
    await person.by(`${place}-entrance`).waitFor();
    await person.by("seat-name").fill(name);
    await person.by("take-seat").click();
    await person.isAtDesk();
    return person;
  }
}

/** Somebody at a page. */
export class Person implements Ear {
  /** What the page complained about. */
  readonly errors: string[] = [];

  constructor(
    readonly name: string,
    readonly page: Page,
    readonly tone: number,
  ) {
    page.on("pageerror", (error) => this.errors.push(error.message));
    page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
    });
  }

  by(testid: string): Locator {
    return by(this.page, testid);
  }

  hears(heard: readonly number[], absent: readonly number[], within?: number): Promise<void> {
    return pageHears(this.page, this.name, heard, absent, within);
  }

  /** A desk: waits until it is up to date and its sound goes. */
  async isAtDesk(within = PATIENCE): Promise<void> {
    const desk = '[data-testid$="-desk"][data-flow="live"][data-stage="live"]';
    await this.page.locator(desk).waitFor({ timeout: within });
  }

  /** A guest: waits until the page says where they are. */
  async isAt(place: string, within = PATIENCE): Promise<void> {
    await this.page
      .locator(`[data-testid="guest-call"][data-place="${place}"]`)
      .waitFor({ timeout: within })
      .catch(async () => {
        const there = await this.by("guest-call")
          .getAttribute("data-place", { timeout: 100 })
          .catch(() => "no call");
        throw new Error(`${this.name} is not ${place} within ${within} ms, but ${there}`);
      });
  }

  /** A desk: the id of the call that shows this text, once there is one. */
  async callOf(text: string): Promise<string> {
    const row = this.page.locator('[data-testid^="call-"][data-line]', { hasText: text }).first();
    return (await row.getAttribute("data-testid"))?.slice("call-".length) ?? "";
  }

  /** A desk: the row, or the card, of a call. */
  call(id: string): Locator {
    return this.by(`call-${id}`).filter({ has: this.page.getByTestId("choose-call") });
  }

  /** A desk: waits until it shows these calls in this state. */
  async sees(state: State, ...ids: string[]): Promise<void> {
    for (const id of ids) {
      await this.page
        .locator(`[data-testid="call-${id}"][data-state="${state}"]`)
        .first()
        .waitFor({ state: "attached" })
        .catch(async () => {
          const there = await this.by(`call-${id}`)
            .first()
            .getAttribute("data-state", { timeout: 100 })
            .catch(() => "absent");
          throw new Error(`${this.name} does not see call ${id} ${state}, but ${there}`);
        });
    }
  }

  /** A desk: clicks what is to be done in the row of a call. */
  async does(verb: string, id: string): Promise<void> {
    await this.call(id).getByTestId(`verb-${verb}`).click();
  }

  /** A host: clicks what is to be done with a call beside the lists, where everything is. */
  async inspects(id: string, verb: string): Promise<void> {
    if ((await this.by("inspector").getAttribute("data-call")) !== id)
      await this.call(id).getByTestId("choose-call").click();
    const inspector = this.page.locator(`[data-testid="inspector"][data-call="${id}"]`);
    await inspector.getByTestId(`verb-${verb}`).click();
  }

  /** A screener: picks up a call, and is with the caller. */
  async picksUp(id: string): Promise<void> {
    await this.does("pick-up", id);
    await this.talksTo(id);
  }

  /** A screener: waits until they are with the caller. */
  async talksTo(id: string): Promise<void> {
    await this.page.locator(`[data-testid="talking"][data-call="${id}"][data-mine="true"]`).waitFor();
  }

  /** A screener: says what becomes of whom they talk to. */
  async decides(verb: "approve" | "screened"): Promise<void> {
    await this.by("talking").getByTestId(`verb-${verb}`).click();
  }

  /** A desk: waits until no command is under way. Keys that are pressed meanwhile do nothing, as they may have bounced. */
  async hasDone(): Promise<void> {
    await until(
      `${this.name} waits for no answer`,
      async () => (await this.page.locator('[aria-busy="true"]').count()) === 0,
    );
  }

  /** A message in the corner. */
  async isTold(text: string | RegExp): Promise<void> {
    await this.by("toast").filter({ hasText: text }).first().waitFor();
  }
}

/** Who is where in a show, for who hears whom. */
export interface Cast {
  host: Person;
  screeners: readonly Person[];
  /** Whoever has called, and is not over. */
  callers: readonly Ear[];
}

/** Who is with whom now; whoever is named nowhere waits, and hears the show. */
export interface Scene {
  air?: readonly Ear[];
  /** Screener and caller. */
  talks?: readonly (readonly [Person, Ear])[];
}

/** Waits until everybody hears whom they are to hear, and nobody else. */
export async function listen({ host, screeners, callers }: Cast, { air = [], talks = [] }: Scene = {}): Promise<void> {
  const everybody: readonly Ear[] = [host, ...screeners, ...callers];
  const programme = [host, ...air];
  const heardBy = (ear: Ear): readonly Ear[] => {
    const talk = talks.find(([screener, caller]) => screener === ear || caller === ear);
    return (talk ?? programme).filter((other) => other !== ear);
  };
  await Promise.all(
    everybody.map((ear) => {
      const heard = heardBy(ear);
      const absent = everybody.filter((other) => !heard.includes(other));
      return ear.hears(tones(heard), tones(absent), PATIENCE);
    }),
  );
}

/** Waits until the rooms of a show are these: an operator's look. */
export async function hasRooms(studio: Studio, fits: (ids: string[]) => boolean): Promise<string[]> {
  let ids: string[] = [];
  return await until("the server has the right rooms", async () => {
    const answer = await fetch(`${studio.server.url}/api/rooms`);
    ids = ((await answer.json()) as { roomId: string }[]).map(({ roomId }) => roomId);
    return fits(ids) && ids;
  }).catch((error) => {
    throw new Error(`${error.message}; there are ${ids}`);
  });
}

function tones(ears: readonly Ear[]): number[] {
  return ears.map(({ tone }) => tone).filter((tone) => tone > 0);
}

function led(link: string, via: string | undefined): string {
  if (!via) return link;
  const { pathname, search, hash } = new URL(link);
  return new URL(pathname + search + hash, via).href;
}

/** Something of a page by its test id. */
export function by(page: Page, testid: string): Locator {
  return page.getByTestId(testid);
}
