/**
 * The events of a show as the server tells them (HTML Living Standard §9.2, server-sent events). In: a show and a credential.
 * Out: events in order, and how the connection does. Read with `fetch`, for `EventSource` sends no credential but in the
 * address, and does not say why a server refuses.
 */
import type { ShowEvent } from "@crosspoint/client";
import { type ApiError, adminKey, send } from "../lib/api";
import { eventsPath } from "./api";

/** How the stream of events does. `failed`: the server says no, and asking again is of no use. */
export type Flow =
  | { state: "connecting" }
  | { state: "live" }
  | { state: "lost"; since: number }
  | { state: "failed"; error: ApiError };

/** What a stream tells. */
export interface Listener {
  event(event: ShowEvent): void;
  flow(flow: Flow): void;
  /** The server's clock was this many milliseconds ahead of one's own. */
  clock?(ahead: number): void;
}

/** The first wait before another try, in milliseconds; it doubles up to the most. */
const FIRST_WAIT = 300;
const MOST_WAIT = 3000;
/** The server says something this often at least; a connection that is silent for longer is dead. */
const SILENCE = 45_000;

/** A connection that is kept until it is closed. */
export class EventStream {
  #lastId = "";
  #stop = new AbortController();
  #closed = false;
  #lostAt = 0;
  #wait = FIRST_WAIT;

  constructor(
    private readonly show: string,
    /** Asked at every try: a token may have been replaced. */
    private readonly credential: () => string | undefined,
    private readonly listener: Listener,
  ) {}

  /** Begins to listen, and returns at once. */
  open(): void {
    this.listener.flow({ state: "connecting" });
    globalThis.addEventListener?.("online", this.#hurry);
    void this.#run();
  }

  /** Ends it. */
  close(): void {
    this.#closed = true;
    globalThis.removeEventListener?.("online", this.#hurry);
    this.#stop.abort();
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      try {
        await this.#read();
        this.#lost();
      } catch (error) {
        if (this.#closed) return;
        const status = (error as ApiError).status;
        if (isFinal(status)) return this.listener.flow({ state: "failed", error: error as ApiError });
        this.#lost();
      }
      await this.#pause();
    }
  }

  /** One connection, until it ends. */
  async #read(): Promise<void> {
    const stop = new AbortController();
    this.#stop = stop;
    const response = await send("GET", eventsPath(this.show), {
      signal: stop.signal,
      credential: this.credential() || adminKey.value || undefined,
      headers: { accept: "text/event-stream", ...(this.#lastId ? { "last-event-id": this.#lastId } : {}) },
    });
    this.#tellClock(response);
    const reader = response.body?.getReader();
    if (!reader) return;
    const parser = new EventParser();
    const decoder = new TextDecoder();
    for (;;) {
      const silence = setTimeout(() => stop.abort(), SILENCE);
      const { value, done } = await reader.read().finally(() => clearTimeout(silence));
      if (done || this.#closed) return;
      for (const message of parser.push(decoder.decode(value, { stream: true }))) this.#take(message);
    }
  }

  #take({ id, data }: Message): void {
    const event = parse(data);
    if (!event) return;
    if (id !== undefined) this.#lastId = id;
    this.#wait = FIRST_WAIT;
    this.#lostAt = 0;
    this.listener.event(event);
    this.listener.flow({ state: "live" });
  }

  #lost(): void {
    if (this.#closed) return;
    this.#lostAt ||= Date.now();
    this.listener.flow({ state: "lost", since: this.#lostAt });
  }

  #tellClock(response: Response): void {
    const date = Date.parse(response.headers.get("date") ?? "");
    // The header counts whole seconds: half of one is what it means on average.
    if (Number.isFinite(date)) this.listener.clock?.(date + 500 - Date.now());
  }

  #wake: (() => void) | undefined;

  #pause(): Promise<void> {
    const wait = this.#wait * (0.75 + Math.random() / 2);
    this.#wait = Math.min(MOST_WAIT, this.#wait * 2);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, wait);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#stop.signal.addEventListener("abort", this.#wake, { once: true });
    });
  }

  /** The network is back. */
  #hurry = (): void => {
    this.#wait = FIRST_WAIT;
    this.#wake?.();
  };
}

/** One message of a stream. */
export interface Message {
  id: string | undefined;
  data: string;
}

/** Takes text as it comes, in pieces of any size, and gives the messages that are whole. */
export class EventParser {
  #rest = "";
  #data: string[] = [];
  #id: string | undefined;

  push(text: string): Message[] {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    const messages: Message[] = [];
    for (const line of lines) {
      const message = this.#line(line);
      if (message) messages.push(message);
    }
    return messages;
  }

  #line(line: string): Message | undefined {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    else if (field === "id") this.#id = value;
    return undefined;
  }

  #dispatch(): Message | undefined {
    const message = this.#data.length > 0 ? { id: this.#id, data: this.#data.join("\n") } : undefined;
    this.#data = [];
    this.#id = undefined;
    return message;
  }
}

function parse(data: string): ShowEvent | undefined {
  try {
    const event = JSON.parse(data);
    return typeof event?.event === "string" ? (event as ShowEvent) : undefined;
  } catch {
    return undefined;
  }
}

/** Refusals that stay: no credential, a wrong one, no such show. A server that is busy or starting says something else. */
function isFinal(status: number | undefined): boolean {
  return status === 400 || status === 401 || status === 403 || status === 404 || status === 410;
}
