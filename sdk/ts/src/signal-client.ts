/**
 * The signalling socket: frames in and out, request numbers, sequence numbers, signs of life.
 * In: a socket address, client messages. Out: server messages in order and once each, and `closed`.
 * It does not reconnect by itself; `reconnect.ts` decides that and calls `open` again.
 */
import { Emitter } from "./emitter.js";
import { CrosspointError, isResumeRefused } from "./errors.js";
import type { Logger } from "./types.js";
import type { ClientFrame, ClientMessage, Join, Joined, ServerFrame, ServerMessage } from "./wire/index.js";

/** Silence after which a `ping` is sent, in milliseconds. */
const PING_AFTER = 10_000;
/** Silence after which the socket is taken for dead although the browser has not noticed, in milliseconds. */
const DEAD_AFTER = 20_000;
/**
 * How long the socket may take to show that it works when there is reason for doubt, in milliseconds: between these, by what the
 * slowest of its last replies took. It is known before a silent path has had its second. The least is for when the machine's
 * network is another; otherwise it may as well be that the server, or this page, is busy.
 */
const PROBE_WITHIN = { least: 350, unhinted: 800, most: 900 };
/** So many replies tell how slow a socket is. */
const REPLIES = 5;
/** TCP sends a lost segment again after a round trip and this much, in milliseconds (Linux, Windows, macOS: 200 to 230). */
const RESENT_AFTER = 250;
/** A page that was busy takes what waits in its queue first, in milliseconds. */
const LATE_BY = 50;
/** Messages kept while the socket is down; the oldest go first. */
const MAX_QUEUED = 200;
/** How long a message that gets no reply may still be refused, in milliseconds. */
const CONFIRM_WITHIN = 5000;

interface SignalEvents {
  /** A message, after duplicates were dropped. */
  message: [message: ServerMessage];
  /** The socket that was open is not any more. */
  closed: [code: number, reason: string];
}

interface Waiting {
  resolve(message: ServerMessage): void;
  reject(error: CrosspointError): void;
}

/** What this needs of a `WebSocket`. */
export type Socket = Pick<WebSocket, "readyState" | "send" | "close" | "onopen" | "onmessage" | "onclose" | "onerror">;

/** One client's signalling. */
export class SignalClient extends Emitter<SignalEvents> {
  /** The last sequence number that was received: `join.lastSeq` of a resume. */
  lastSeq = 0;
  /** Has a `joined` come over the present socket? */
  joined = false;

  #socket: Socket | undefined;
  /** Why the last socket closed: a refusal may come before the join is ready to be sent. */
  #closed: CrosspointError | undefined;
  #request = 0;
  #waiting = new Map<number, Waiting>();
  #joining: (Waiting & { request: number; resumes: boolean }) | undefined;
  #pings: number[] = [];
  #queue: ClientMessage[] = [];
  #heard = 0;
  /** What the last replies over this socket took, in milliseconds. */
  #roundTrips: number[] = [];
  #probing = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly logger: Logger,
    private readonly makeSocket: (url: string) => Socket = (url) => new WebSocket(url),
  ) {
    super();
  }

  /** Opens a socket, dropping the one before. */
  open(url: string, timeout: number): Promise<void> {
    this.close();
    const socket = this.makeSocket(url);
    this.#socket = socket;
    this.#closed = undefined;
    this.#roundTrips = [];
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        drop(socket);
        reject(new CrosspointError("timeout", "the server did not answer in time"));
      }, timeout);
      socket.onopen = () => {
        clearTimeout(timer);
        this.#heard = Date.now();
        this.#timer = setInterval(() => this.#watch(), 2500);
        resolve();
      };
      socket.onmessage = (event) => this.#receive(socket, event.data);
      socket.onclose = (event) => {
        clearTimeout(timer);
        reject(closeError(event.code, event.reason));
        if (this.#socket === socket) this.#lost(event.code, event.reason);
      };
    });
  }

  /** Sends a message, or keeps it for when a session is back. */
  send(message: ClientMessage): void {
    if (this.joined) {
      this.#write(message);
      return;
    }
    this.#queue.push(message);
    if (this.#queue.length > MAX_QUEUED) this.#queue.shift();
  }

  /** Joins; resolves after the `message` event of `joined`. */
  join(join: Join, timeout: number): Promise<Joined> {
    const state = this.#socket?.readyState;
    // A socket that is closing (2) has heard the server's close, and tells why in its `close` event: wait for that.
    if (state !== 1 && state !== 2) {
      return Promise.reject(this.#closed ?? closeError(1006, "the signalling socket is closed"));
    }
    return this.#timed(timeout, (resolve, reject) => {
      const request = this.#write({ type: "join", ...join });
      const settle = (message: ServerMessage) => {
        if (message.type === "joined") resolve(message);
      };
      this.#joining = { request, resumes: join.resume !== undefined, resolve: settle, reject };
    });
  }

  /** Sends a message that the server replies to, and gives the reply. */
  ask(message: ClientMessage, timeout: number): Promise<ServerMessage> {
    if (!this.joined) return Promise.reject(new CrosspointError("closed", "the signalling socket is closed"));
    const request = this.#write(message);
    const reply = this.#timed<ServerMessage>(timeout, (resolve, reject) => {
      this.#waiting.set(request, { resolve, reject });
    });
    return reply.finally(() => this.#waiting.delete(request));
  }

  /**
   * Sends a message that the server replies to only when it refuses. The server works through messages in order, so that
   * the `pong` of a `ping` sent behind it means: it was not refused.
   */
  async confirm(message: ClientMessage): Promise<void> {
    const refused = this.ask(message, CONFIRM_WITHIN);
    const passed = this.ask({ type: "ping" }, CONFIRM_WITHIN);
    refused.catch(() => {});
    passed.catch(() => {});
    await Promise.race([refused, passed]);
  }

  /**
   * Finds out soon whether the socket still works. A socket of a network that is gone looks open for minutes, and whatever
   * mends the media path travels over it.
   */
  async probe(networkChanged = false): Promise<void> {
    if (!this.joined || this.#probing) return;
    this.#probing = true;
    const socket = this.#socket;
    const slowest = Math.max(...this.#roundTrips);
    const usual = slowest >= 0 ? RESENT_AFTER + 3 * slowest : PROBE_WITHIN.most;
    const least = networkChanged ? PROBE_WITHIN.least : PROBE_WITHIN.unhinted;
    const within = Math.min(Math.max(usual, least), PROBE_WITHIN.most);
    try {
      await this.ask({ type: "ping" }, within);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, LATE_BY));
      const silent = Date.now() - this.#heard > within;
      if (silent && socket === this.#socket) this.#dead();
    } finally {
      this.#probing = false;
    }
  }

  /** Sends what was kept while there was no session. */
  flush(): void {
    const queued = this.#queue;
    this.#queue = [];
    for (const message of queued) this.send(message);
  }

  /** Forgets what was kept: a new session begins from the present state instead. */
  forget(): void {
    this.#queue = [];
  }

  /** Closes the socket without a `closed` event. */
  close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket) drop(socket);
    this.#fail(new CrosspointError("closed", "the signalling socket was closed"));
  }

  /** Waits for a reply, and takes note of how long it took. */
  #timed<T>(timeout: number, begin: Parameters<typeof withTimeout<T>>[1]): Promise<T> {
    const begun = Date.now();
    return withTimeout<T>(timeout, (resolve, reject) => {
      const replied = (value: T) => {
        this.#roundTrips = [...this.#roundTrips, Date.now() - begun].slice(-REPLIES);
        resolve(value);
      };
      begin(replied, reject);
    });
  }

  #write(message: ClientMessage): number {
    this.#request += 1;
    if (message.type === "ping") this.#pings.push(this.#request);
    const frame: ClientFrame = { request: this.#request, timestamp: Date.now(), ...message };
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(frame));
    this.logger.debug("→", message.type, message);
    return this.#request;
  }

  #receive(socket: Socket, data: unknown): void {
    if (socket !== this.#socket || typeof data !== "string") return;
    this.#heard = Date.now();
    let frame: ServerFrame;
    try {
      frame = JSON.parse(data) as ServerFrame;
    } catch {
      this.logger.warn("a frame that is no JSON");
      return;
    }
    this.logger.debug("←", frame.type, frame);
    if (this.#isRepeated(frame)) return;
    if (frame.type === "joined") this.joined = true;
    // Whoever resumes is ready to hear that there is nothing to resume, and joins anew: nothing for an application to see.
    if (this.#refusesResume(frame)) this.logger.info("the session is not there any more", frame.message);
    else this.emit("message", frame);
    this.#settle(frame);
  }

  /** After a resume the server sends again what it is not sure of; each message counts once. */
  #isRepeated(frame: ServerFrame): boolean {
    if (frame.type === "joined") {
      // A resumed session goes on counting, and what follows may be older than this; a new one begins anew.
      if (!frame.resumed && this.#joining) this.lastSeq = frame.seq ?? 0;
      return false;
    }
    if (frame.seq === undefined) return false;
    if (frame.seq <= this.lastSeq) return true;
    this.lastSeq = frame.seq;
    return false;
  }

  #refusesResume(frame: ServerFrame): frame is ServerFrame & { type: "error" } {
    if (frame.type !== "error" || !this.#joining?.resumes || !this.#answersJoin(frame)) return false;
    return isResumeRefused(frame.code);
  }

  #answersJoin(frame: ServerFrame): boolean {
    const joining = this.#joining;
    if (!joining) return false;
    return (
      frame.type === "joined" || (frame.type === "error" && (frame.request ?? joining.request) === joining.request)
    );
  }

  #settle(frame: ServerFrame): void {
    const joining = this.#joining;
    if (joining && this.#answersJoin(frame)) {
      this.#joining = undefined;
      settle(joining, frame);
      return;
    }
    // A `pong` without the number of its `ping` belongs to the oldest: the server answers in order.
    const oldest = frame.type === "pong" ? this.#pings.shift() : undefined;
    const request = frame.request ?? oldest;
    const waiting = request === undefined ? undefined : this.#waiting.get(request);
    if (waiting) settle(waiting, frame);
  }

  #watch(): void {
    const silent = Date.now() - this.#heard;
    if (silent > DEAD_AFTER) {
      this.#dead();
    } else if (silent > PING_AFTER && this.joined) {
      this.#write({ type: "ping" });
    }
  }

  #dead(): void {
    this.logger.warn("the socket is silent: taken for dead");
    if (this.#socket) drop(this.#socket);
    this.#lost(4003, "silent");
  }

  #lost(code: number, reason: string): void {
    this.#socket = undefined;
    this.#closed = closeError(code, reason);
    this.#fail(this.#closed);
    this.emit("closed", code, reason);
  }

  #fail(error: CrosspointError): void {
    clearInterval(this.#timer);
    this.joined = false;
    const waiting = [...this.#waiting.values()];
    if (this.#joining) waiting.push(this.#joining);
    this.#waiting.clear();
    this.#pings = [];
    this.#joining = undefined;
    for (const one of waiting) one.reject(error);
  }
}

function settle(waiting: Waiting, frame: ServerFrame): void {
  if (frame.type === "error") waiting.reject(new CrosspointError(frame.code, frame.message, frame.docs));
  else waiting.resolve(frame);
}

function drop(socket: Socket): void {
  socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
  socket.close(1000);
}

/** What a close code says about trying again (`docs/protocol/signalling.md`). */
export function closeError(code: number, reason: string): CrosspointError {
  switch (code) {
    case 1008:
      return new CrosspointError("unauthorized", reason || "the server refused the connection");
    case 4000:
    case 4001:
      return new CrosspointError("kicked", reason || "put out");
    case 4002:
      return new CrosspointError("room-closed", reason || "the room was closed");
    default:
      return new CrosspointError("unreachable", reason || `the signalling socket closed (${code})`);
  }
}

function withTimeout<T>(
  timeout: number,
  begin: (resolve: (value: T) => void, reject: (error: CrosspointError) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new CrosspointError("timeout", "the server did not reply in time")), timeout);
    const done = () => clearTimeout(timer);
    begin(
      (value) => {
        done();
        resolve(value);
      },
      (error) => {
        done();
        reject(error);
      },
    );
  });
}
