/**
 * The life of a session: join, resume, rejoin. In: the socket's and the media path's troubles. Out: a session that is up,
 * or the reason why there is none any more. What a session is made of stays with `SessionHost` (the room).
 *
 * ```text
 * socket lost ──▶ resume (media flow on) ──refused──▶ rejoin with a new peer connection
 * path silent ─▶ is the socket dead as well? then as above
 * path dead ───▶ ICE restart ──no path in time──▶ rejoin (the session is presented, so that nobody sees a leave)
 * ```
 */
import { CrosspointError, isResumeRefused } from "./errors.js";
import type { PathState } from "./media.js";
import { Reconnector } from "./reconnect.js";
import type { SignalClient } from "./signal-client.js";
import { socketUrl } from "./token.js";
import type { DisconnectReason, Logger, ReconnectPolicy, ReconnectStage } from "./types.js";
import type { Join, Joined } from "./wire/index.js";

/** How long an ICE restart may take before everything begins anew, in milliseconds. */
const RESTART_WITHIN = 8000;
/** So long after the machine's network changed a socket that breaks was of the old one, in milliseconds. */
const OLD_NETWORK = 10_000;

/** What a session needs of its room. */
export interface SessionHost {
  /** The part of a join that is the same each time. */
  baseJoin(): Join;
  /** Makes new media and the part of a join that goes with them. */
  offer(): Promise<Partial<Join>>;
  /** Resolves when what the last `joined` said is in force. */
  settled(): Promise<void>;
  refreshToken: (() => Promise<string>) | undefined;
  restartIce(): Promise<void>;
  /** A stage of repair begins. */
  reconnecting(stage: ReconnectStage): void;
  /** All is well again. */
  reconnected(resumed: boolean): void;
  /** It is over. */
  ended(error: CrosspointError): void;
}

/** One client's session at the server. */
export class Session {
  /** The present token; the server sends fresh ones. */
  token: string;
  /** The address, which a draining server may change. */
  url: string;
  /** Presented to take the session up again. */
  resume: string | undefined;

  #repair: Reconnector | undefined;
  /** The session cannot be resumed with the media there are: join with new ones. */
  #anew = false;
  #pathTimer: ReturnType<typeof setTimeout> | undefined;
  #mending = false;
  /** The socket went without a word: likely with all of its network. */
  #silent = false;
  #changedAt = Number.NEGATIVE_INFINITY;
  #started = false;
  #ended = false;

  constructor(
    url: string,
    token: string,
    private readonly signal: SignalClient,
    private readonly host: SessionHost,
    private readonly policy: ReconnectPolicy | undefined,
    private readonly timeout: number,
    private readonly logger: Logger,
  ) {
    this.url = url;
    this.token = token;
  }

  /** Joins for the first time, or after a reload takes up what the page before left. */
  async start(): Promise<void> {
    await this.#joinAnew();
    this.#started = true;
    if (!this.signal.joined) this.#reconnect("signalling");
  }

  /** The socket closed, or nothing was heard on it (`silent`). */
  lost(error: CrosspointError, silent = false): void {
    if (this.#ended || this.#repair || !this.#started) return;
    this.#silent = silent;
    // A token that ran out can be renewed, if the application knows how.
    if (error.final && !(error.code === "unauthorized" && this.host.refreshToken)) return this.#end(error);
    this.#reconnect(this.#anew ? "rejoin" : "signalling");
  }

  /** The media path changed. */
  pathChanged(state: PathState): void {
    if (this.#ended) return;
    this.logger.info("media path", state);
    if (state === "connected") {
      clearTimeout(this.#pathTimer);
      if (!this.#mending) return;
      this.#mending = false;
      if (!this.#repair) this.host.reconnected(true);
      return;
    }
    if (!this.policy) return;
    if (state === "failed") this.rejoin();
    else if (state === "trouble") this.#mend();
    else void this.signal.probe();
  }

  /** Joins anew with new media: the old ones are beyond repair, or the server goes down. */
  rejoin(): void {
    if (this.#ended || !this.#started) return;
    clearTimeout(this.#pathTimer);
    this.#mending = false;
    this.#anew = true;
    if (!this.#repair) this.#reconnect("rejoin");
  }

  /** The machine's network is another one, or is back: what waits is tried at once. */
  networkChanged(): void {
    if (!this.policy) return;
    this.#changedAt = Date.now();
    if (this.#repair) return this.#repair.hurry();
    void this.signal.probe(true);
    if (this.#mending) this.#restartIce();
  }

  /** Ends without a word. */
  close(): void {
    this.#ended = true;
    clearTimeout(this.#pathTimer);
    this.#repair?.cancel();
    this.signal.close();
  }

  #mend(): void {
    if (this.#mending || this.#repair) {
      // The socket is being repaired: what is to be done about the path is decided when it is back.
      this.#mending = true;
      return;
    }
    this.#mending = true;
    this.host.reconnecting("media");
    // The offer would wait for its answer longer than a dead socket needs to be found out.
    void this.signal.probe();
    this.#restart();
  }

  #restart(): void {
    clearTimeout(this.#pathTimer);
    this.#pathTimer = setTimeout(() => this.rejoin(), RESTART_WITHIN);
    this.#restartIce();
  }

  #restartIce(): void {
    this.host.restartIce().catch((error) => this.logger.warn("ICE restart", error));
  }

  #reconnect(stage: ReconnectStage): void {
    if (!this.policy) return this.#end(new CrosspointError("unreachable", "the connection was lost"));
    clearTimeout(this.#pathTimer);
    const repair = new Reconnector(this.policy, this.logger);
    this.#repair = repair;
    // The pause spreads those whose sockets a server closed all at once. Who found theirs silent did so at different times.
    if (this.#silent) repair.hurry();
    this.host.reconnecting(stage);
    repair
      .run(() => this.#attempt())
      .then(
        (resumed) => this.#repaired(resumed),
        (error) => this.#end(error instanceof CrosspointError ? error : new CrosspointError("internal", String(error))),
      );
  }

  #repaired(resumed: boolean): void {
    this.#repair = undefined;
    // A socket that was lost again while the join settled.
    if (!this.signal.joined) return this.#reconnect("signalling");
    if (this.#mending && resumed) return this.#restart();
    if (this.#lostWithNetwork()) this.#restartIce();
    this.#mending = false;
    this.host.reconnected(resumed);
  }

  /** Then the path went with the socket as well, though the browser may not have noticed. */
  #lostWithNetwork(): boolean {
    return this.#silent || Date.now() - this.#changedAt < OLD_NETWORK;
  }

  async #attempt(): Promise<boolean> {
    if (this.#anew || !this.resume) return this.#joinAnew();
    const join = { ...this.host.baseJoin(), resume: this.resume, lastSeq: this.signal.lastSeq };
    try {
      const joined = await this.#enter(join);
      await this.host.settled();
      return joined.resumed;
    } catch (error) {
      if (!saysGone(error)) throw error;
    }
    this.resume = undefined;
    this.#anew = true;
    this.host.reconnecting("rejoin");
    return this.#joinAnew();
  }

  /** Joins with new media. A session that waits is presented, so that the others see no leave. */
  async #joinAnew(): Promise<boolean> {
    const opened = this.#open();
    const offer = this.host.offer();
    // Both begin at once; a failure of one must not leave the other unheard.
    await Promise.allSettled([opened, offer]);
    await opened;
    const join: Join = { ...this.host.baseJoin(), ...(await offer) };
    let joined: Joined;
    try {
      joined = await this.#enter(this.resume ? { ...join, resume: this.resume } : join, true);
    } catch (error) {
      if (!this.resume || !saysGone(error)) throw error;
      this.resume = undefined;
      joined = await this.#enter(join);
    }
    this.#anew = false;
    // New media have found their way over the network that there is now.
    this.#silent = false;
    this.#changedAt = Number.NEGATIVE_INFINITY;
    await this.host.settled();
    return joined.resumed;
  }

  /** Opens a socket, unless it is open, and joins; once more with a fresh token if that is what is wrong. */
  async #enter(join: Join, opened = false): Promise<Joined> {
    if (!opened) await this.#open();
    try {
      return await this.signal.join(join, this.timeout);
    } catch (error) {
      const { refreshToken } = this.host;
      if (!refreshToken || !isTokenRefused(error)) throw error;
      this.token = await refreshToken();
      await this.#open();
      return this.signal.join(join, this.timeout);
    }
  }

  #open(): Promise<void> {
    if (this.#ended) return Promise.reject(new CrosspointError("closed", "the room was left"));
    return this.signal.open(socketUrl(this.url, this.token), this.timeout);
  }

  #end(error: CrosspointError): void {
    if (this.#ended) return;
    this.close();
    this.host.ended(error);
  }
}

/** What an application is told about the end of a session. */
export function reasonOf({ code }: CrosspointError): DisconnectReason {
  if (code === "kicked") return "kicked";
  if (code === "room-closed") return "room-closed";
  return code === "unreachable" || code === "timeout" || code === "closed" ? "unreachable" : "refused";
}

function isTokenRefused(error: unknown): boolean {
  return error instanceof CrosspointError && (error.code === "unauthorized" || error.code === "token-expired");
}

function saysGone(error: unknown): boolean {
  return error instanceof CrosspointError && isResumeRefused(error.code);
}
