/**
 * Offers to the server, one at a time. The client always offers; what is asked for while an offer is on its way goes
 * together into the next one. A lost socket suspends the queue; after a resume the offer that had no answer is made again.
 */
import { CrosspointError } from "./errors.js";
import type { Logger } from "./types.js";
import type { SessionDescription } from "./wire/index.js";

/** Sends an offer, with whatever belongs to it, and gives the answer. */
export type Exchange = (offer: SessionDescription) => Promise<SessionDescription>;

interface Waiting {
  /** Asks for new ICE credentials. */
  restart: boolean;
  resolve(): void;
  reject(error: unknown): void;
}

/** The pause before an offer that crossed something is made again, in milliseconds. */
const CONFLICT_PAUSE = 200;
/** The pause after too many offers: the server allows two a second in the long run. */
const RATE_PAUSE = 600;
const MAX_CONFLICTS = 5;

/** The negotiations of one peer connection. */
export class Negotiator {
  #waiting: Waiting[] = [];
  #running = false;
  #suspended = false;
  /** A restart of ICE that is under way or waits. */
  #restarting: Promise<void> | undefined;
  #closed = false;
  #conflicts = 0;

  constructor(
    private readonly pc: RTCPeerConnection,
    private readonly exchange: Exchange,
    private readonly logger: Logger,
    /** Called before an offer that restarts ICE is made. */
    private readonly restarts: () => void = () => {},
  ) {}

  /** The first offer, which travels in `join`. Nothing else is negotiated until `accept` or `begin`. */
  async first(): Promise<SessionDescription> {
    this.#running = true;
    return this.#describe(false);
  }

  /** Takes the answer that came in `joined`. */
  async accept(answer: SessionDescription): Promise<void> {
    await this.pc.setRemoteDescription(answer as RTCSessionDescriptionInit);
    this.#running = false;
    this.#pump();
  }

  /** Makes an offer with the present state; resolves when its answer is in force. */
  request(restart = false): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(closed());
      this.#waiting.push({ restart, resolve, reject });
      // Everything that is asked for in the same turn goes into one offer.
      queueMicrotask(() => this.#pump());
    });
  }

  /** Makes an offer with new ICE credentials; one that has no answer yet serves all who ask. */
  restartIce(): Promise<void> {
    this.#restarting ??= this.request(true).finally(() => {
      this.#restarting = undefined;
    });
    return this.#restarting;
  }

  /** No socket: nothing is offered. */
  suspend(): void {
    this.#suspended = true;
  }

  /** The socket is back. An offer without an answer is made again. */
  resume(): void {
    this.#suspended = false;
    if (!this.#running && this.#waiting.length === 0 && this.pc.signalingState === "have-local-offer") {
      this.request().catch((error) => this.logger.warn("the repeated offer failed", error));
    } else {
      this.#pump();
    }
  }

  /** Ends: everything that waits is rejected. */
  close(): void {
    this.#closed = true;
    for (const one of this.#waiting.splice(0)) one.reject(closed());
  }

  async #pump(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    while (this.#waiting.length > 0 && !this.#suspended && !this.#closed) {
      const batch = this.#waiting.splice(0);
      try {
        await this.#once(batch.some(({ restart }) => restart));
        this.#conflicts = 0;
        for (const one of batch) one.resolve();
      } catch (error) {
        await this.#failed(batch, error);
      }
    }
    this.#running = false;
  }

  async #once(restart: boolean): Promise<void> {
    const answer = await this.exchange(await this.#describe(restart));
    if (this.#closed) throw closed();
    await this.pc.setRemoteDescription(answer as RTCSessionDescriptionInit);
  }

  async #describe(iceRestart: boolean): Promise<SessionDescription> {
    if (iceRestart) this.restarts();
    await this.pc.setLocalDescription(await this.pc.createOffer({ iceRestart }));
    const { type, sdp } = this.pc.localDescription ?? { type: "offer", sdp: "" };
    return { type, sdp };
  }

  async #failed(batch: Waiting[], error: unknown): Promise<void> {
    if (this.#closed) {
      for (const one of batch) one.reject(closed());
      return;
    }
    const code = error instanceof CrosspointError ? error.code : undefined;
    if (code === "closed" || code === "unreachable") {
      // The socket went. After the resume the same is offered again; without one this connection is closed.
      this.logger.info("an offer was interrupted", error);
      this.#waiting.unshift(...batch);
      this.#suspended = true;
      return;
    }
    const pause = code === "negotiation-conflict" ? CONFLICT_PAUSE : code === "rate-limited" ? RATE_PAUSE : 0;
    if (pause > 0 && this.#conflicts < MAX_CONFLICTS) {
      this.#conflicts += 1;
      this.#waiting.unshift(...batch);
      await new Promise((resolve) => setTimeout(resolve, pause * this.#conflicts));
      return;
    }
    await this.#rollBack();
    for (const one of batch) one.reject(error);
  }

  /** The refused offer must not stay half in force. */
  async #rollBack(): Promise<void> {
    if (this.pc.signalingState !== "have-local-offer") return;
    await this.pc.setLocalDescription({ type: "rollback" }).catch((error) => this.logger.warn("no rollback", error));
  }
}

function closed(): CrosspointError {
  return new CrosspointError("closed", "the connection was closed");
}
