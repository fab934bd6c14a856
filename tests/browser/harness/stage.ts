/** What every file of tests needs: a page server, a browser, servers, and guests that go when their test is over. */
import { randomBytes } from "node:crypto";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, onTestFailed } from "vitest";
import { type BrowserOptions, launch } from "./browser.ts";
import { Guest } from "./guest.ts";
import { type Ports, Server, type Settings } from "./server.ts";
import { Site } from "./site.ts";

/** A server that all tests of a file use. */
export type SharedServer = Pick<Server, "url" | "ports" | "log">;

/** What a file of tests stands on. */
export class Stage {
  #browser: Browser | undefined;
  #site: Site | undefined;
  readonly #guests: Guest[] = [];
  readonly #ends: (() => unknown)[] = [];

  constructor(options: BrowserOptions = {}) {
    beforeAll(async () => {
      this.#site = await Site.start();
      this.#browser = await launch(options);
    });
    afterEach(async () => {
      await Promise.all(this.#guests.splice(0).map((guest) => guest.close()));
      for (const end of this.#ends.splice(0).reverse()) await end();
    });
    afterAll(async () => {
      await this.#browser?.close();
      this.#site?.close();
    });
  }

  get browser(): Browser {
    return this.#browser as Browser;
  }

  get site(): string {
    return (this.#site as Site).url;
  }

  /** One server for all tests of the file. */
  server(settings: Settings = {}, flags: readonly string[] = []): SharedServer {
    let server: Server | undefined;
    let shown = 0;
    beforeAll(async () => {
      server = await Server.start(settings, undefined, flags);
    });
    afterEach(({ task }) => {
      const log = server?.log ?? "";
      if (task.result?.state === "fail") console.error(`log of the server:\n${log.slice(shown)}`);
      shown = log.length;
    });
    afterAll(() => server?.stop());
    return {
      get url() {
        return (server as Server).url;
      },
      get ports() {
        return (server as Server).ports;
      },
      get log() {
        return (server as Server).log;
      },
    };
  }

  /** A server for one test. */
  async ownServer(settings: Settings = {}, ports?: Ports): Promise<Server> {
    const server = await Server.start(settings, ports);
    this.atEnd(() => server.stop());
    onTestFailed(() => console.error(`log of the server:\n${server.log}`));
    return server;
  }

  /** Does something when the test is over. */
  atEnd(end: () => unknown): void {
    this.#ends.push(end);
  }

  /** Pages of these identities. */
  guests<const Names extends string[]>(...identities: Names): Promise<{ [Index in keyof Names]: Guest }> {
    const opened = Promise.all(identities.map((identity) => this.guest(identity)));
    return opened as Promise<{ [Index in keyof Names]: Guest }>;
  }

  /** A page of this identity. */
  async guest(identity: string): Promise<Guest> {
    const guest = await Guest.open(this.browser, this.site, identity);
    this.#guests.push(guest);
    return guest;
  }
}

/** A name that no other test has. */
export function freshRoom(): string {
  return `room-${randomBytes(4).toString("hex")}`;
}
