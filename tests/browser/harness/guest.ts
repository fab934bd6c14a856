/** A guest: one page in a browser context of its own, with the SDK in it (`page/guest.js`). */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { AUDIBLE, areRight } from "./ears.ts";
import { mint } from "./token.ts";
import { until } from "./wait.ts";

/** What the page offers; see `page/guest.js`. */
declare global {
  interface Window {
    // biome-ignore lint/suspicious/noExplicitAny: plain JavaScript in the page
    guest: any;
  }
}

/** Something that the room told the page. */
export interface Heard {
  name: string;
  [field: string]: unknown;
}

/** What has arrived of a track. */
export interface Received {
  /** Such as `video/VP8`. */
  codec?: string;
  frames: number;
  width: number;
  height: number;
  energy: number;
  /** Samples that were played, and those of them that were made up for lost ones. */
  samples: number;
  concealed: number;
  packets: number;
  keyFrames: number;
  freezes: number;
  layer?: string;
  paused: boolean;
}

/** One layer of what is sent. */
export interface Sent {
  frames: number;
  width: number;
  active: boolean;
  bytes: number;
}

/** A network path in use. */
export interface PathInUse {
  protocol: string;
  /** As the SDK's statistics have it: `Relayed, TLS`. */
  way?: string;
  /** `relay` where the local candidate is one. */
  type: string;
  /** How the relay is reached: `udp`, `tcp` or `tls`. */
  relayProtocol?: string;
  port: number;
  remotePort: number;
  remoteAddress: string;
  estimate?: number;
}

/** How to join. */
export interface JoinOptions {
  /** What to capture; `false`: publish nothing. Default: sound and 320×180. */
  media?: false | { audio?: boolean; video?: boolean; width?: number; height?: number; fps?: number; tone?: number };
  simulcast?: boolean;
  /** `VP8`, `VP9`, `H264` or `AV1`. */
  codec?: string;
  /** Show every video that there is (default). */
  show?: boolean;
  /** `RoomOptions` of the SDK that fit into JSON. */
  room?: Record<string, unknown>;
}

/** Fake cameras that are good for three layers. */
export const HD = { width: 1280, height: 720, fps: 15 };

/** One guest. */
export class Guest {
  /** Errors in the page. */
  readonly errors: string[] = [];

  private constructor(
    readonly page: Page,
    readonly context: BrowserContext,
    /** Who it is. */
    readonly identity: string,
  ) {
    page.on("pageerror", (error) => this.errors.push(error.message));
  }

  /** Opens the test page in a context of its own. */
  static async open(browser: Browser, site: string, identity: string): Promise<Guest> {
    const context = await browser.newContext({ permissions: ["camera", "microphone"] });
    const page = await context.newPage();
    const guest = new Guest(page, context, identity);
    await guest.load(site);
    return guest;
  }

  /** (Re)loads the page. */
  async load(site: string): Promise<void> {
    await this.page.goto(site);
    await this.page.waitForFunction(() => window.guest !== undefined);
  }

  /** Joins a room and is in, or says why not. */
  async join(url: string, room: string, options: JoinOptions = {}, token = mint(room, this.identity)): Promise<void> {
    const { refused, message } = await this.tryJoin(url, token, options);
    if (refused) throw new Error(`${this.identity} was refused: ${refused}: ${message}`);
  }

  /** Joins; a refusal is an answer too. */
  tryJoin(url: string, token: string, options: JoinOptions = {}): Promise<{ refused?: string; message?: string }> {
    return this.page.evaluate(([url, token, options]) => window.guest.join(url, token, options), [
      url,
      token,
      options,
    ] as const);
  }

  /** Publishes a tone by WHIP, or views a room by WHEP, without the SDK. */
  endpoint(kind: "whip" | "whep", url: string, room: string, tone?: number): Promise<void> {
    const token = mint(room, this.identity);
    return this.page.evaluate(([kind, url, token, tone]) => window.guest[kind](url, token, tone), [
      kind,
      `${url}/${kind}/${room}`,
      token,
      tone,
    ] as const);
  }

  /** The identities of the others. */
  people(): Promise<string[]> {
    return this.page.evaluate(() => window.guest.people());
  }

  /** What the room told. */
  heard(name?: string): Promise<Heard[]> {
    return this.page.evaluate(
      (name) => window.guest.events.filter((event: Heard) => !name || event.name === name),
      name,
    );
  }

  /** Waits until the room told something. */
  hears(name: string, fields: Record<string, unknown> = {}, within?: number): Promise<Heard> {
    const fits = (event: Heard) =>
      Object.entries(fields).every(([field, value]) => JSON.stringify(event[field]) === JSON.stringify(value));
    return until(
      `${this.identity} hears ${name} ${JSON.stringify(fields)}`,
      async () => (await this.heard(name)).find(fits),
      within,
    );
  }

  /** What has arrived of somebody's track. */
  received(identity: string, source: string): Promise<Received | undefined> {
    return this.page.evaluate(([identity, source]) => window.guest.received(identity, source), [
      identity,
      source,
    ] as const);
  }

  /** What is sent, by rid. */
  sent(kind: "audio" | "video"): Promise<Record<string, Sent>> {
    return this.page.evaluate((kind) => window.guest.sent(kind), kind);
  }

  /** The network paths in use. */
  paths(): Promise<PathInUse[]> {
    return this.page.evaluate(() => window.guest.paths());
  }

  /** Every UDP port that ICE uses or may come to use. */
  ports(): Promise<number[]> {
    return this.page.evaluate(() => window.guest.ports());
  }

  /** How many peer connections the page has made. */
  connections(): Promise<number> {
    return this.page.evaluate(() => window.guest.connections.length);
  }

  /** Shows somebody's track at another size. */
  resize(identity: string, source: string, width: number, height: number): Promise<void> {
    return this.page.evaluate(
      ([identity, source, width, height]) => window.guest.resize(identity, source, width, height),
      [identity, source, width, height] as const,
    );
  }

  /** Sees somebody: so many more frames are decoded. */
  async sees(who: Guest | string, { source = "camera", frames = 5, within = 15_000 } = {}): Promise<void> {
    const identity = nameOf(who);
    const before = (await this.received(identity, source))?.frames ?? 0;
    await until(
      `${this.identity} sees ${frames} frames of ${identity}'s ${source}`,
      async () => {
        const now = (await this.received(identity, source))?.frames ?? 0;
        // Another decoder counts from the beginning.
        return now >= (now < before ? 0 : before) + frames;
      },
      within,
    );
  }

  /** Hears somebody: there is energy in what is played, and it grows. */
  async listens(who: Guest | string, { source = "microphone", within = 15_000 } = {}): Promise<void> {
    const identity = nameOf(who);
    const before = (await this.received(identity, source))?.energy ?? 0;
    await until(
      `${this.identity} hears ${identity}'s ${source}`,
      async () => {
        const now = (await this.received(identity, source))?.energy ?? 0;
        return now > (now < before ? 0 : before);
      },
      within,
    );
  }

  /** No longer hears somebody: the energy of what is played stays as it is for a second. */
  async noLongerHears(who: Guest | string, within = 15_000): Promise<void> {
    const identity = nameOf(who);
    let last = -1;
    let since = Date.now();
    await until(
      `${this.identity} no longer hears ${identity}`,
      async () => {
        const energy = (await this.received(identity, "microphone"))?.energy ?? 0;
        // Comfort noise has hardly any energy, but some.
        if (Math.abs(energy - last) > 1e-6) {
          last = energy;
          since = Date.now();
        }
        return Date.now() - since > 1000;
      },
      within,
    );
  }

  /** How loud tones are in all that arrives, in dBFS. */
  tones(...frequencies: number[]): Promise<number[]> {
    return this.page.evaluate((frequencies) => window.guest.tones(frequencies), frequencies);
  }

  /** Hears these tones, each at least this loud, and no trace of those. Returns the levels in dBFS, in the same order. */
  async hearsTones(heard: readonly number[], absent: readonly number[], within?: number): Promise<number[]> {
    let levels: number[] = [];
    const what = `${this.identity} hears ${heard} Hz and not ${absent} Hz`;
    await until(
      what,
      async () => {
        levels = await this.tones(...heard, ...absent);
        return areRight(levels, heard.length);
      },
      within,
    ).catch((error) => {
      throw new Error(`${error.message}; levels: ${levels.map(Math.round)}`);
    });
    return levels.map(Math.round);
  }

  /** Notes from now on how loud a tone is. */
  trace(frequency: number): Promise<void> {
    return this.page.evaluate((frequency) => window.guest.trace(frequency), frequency);
  }

  /** How many milliseconds after `start` a tone that is being noted was there (or gone) for the first time, and stayed so. */
  async turned(frequency: number, there: boolean, start: number): Promise<number> {
    let at: number | undefined;
    await until(`${this.identity} ${there ? "hears" : "hears no"} ${frequency} Hz`, async () => {
      const noted: [number, number][] = await this.page.evaluate(
        ([frequency, start]) => window.guest.traces[frequency].filter(([at]: [number]) => at >= start),
        [frequency, start] as const,
      );
      const fits = noted.map(([, level]) => (there ? level > AUDIBLE : level < AUDIBLE - 10));
      const since = fits.lastIndexOf(false) + 1;
      const first = noted[since];
      // So long it must stay.
      if (!first || (noted.at(-1)?.[0] ?? 0) - first[0] < 400) return false;
      at = first[0];
      return true;
    });
    return (at ?? start) - start;
  }

  /** The streams of sound that arrive: how many packets each. */
  arriving(): Promise<number[]> {
    return this.page.evaluate(() => window.guest.arriving());
  }

  /** Does something with the room, and gives the time before it in milliseconds since 1970. */
  async does(method: string, ...given: unknown[]): Promise<number> {
    return this.page.evaluate(
      async ([method, given]) => {
        const start = Date.now();
        await window.guest.room[method](...given);
        return start;
      },
      [method, given] as const,
    );
  }

  /** Leaves with the page. */
  close(): Promise<void> {
    return this.context.close();
  }
}

/** Everybody sees and hears everybody else. */
export async function allMeet(guests: readonly Guest[], within?: number): Promise<void> {
  const pairs = guests.flatMap((one) => guests.filter((other) => other !== one).map((other) => [one, other] as const));
  await Promise.all(pairs.flatMap(([one, other]) => [one.sees(other, { within }), one.listens(other, { within })]));
}

function nameOf(who: Guest | string): string {
  return typeof who === "string" ? who : who.identity;
}
