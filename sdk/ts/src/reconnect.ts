/**
 * When to try again. In: an attempt that resolves or rejects. Out: its result, or the error that makes further attempts
 * useless. Knows nothing of sockets.
 */
import { CrosspointError } from "./errors.js";
import type { Logger, ReconnectPolicy } from "./types.js";

/** What is done when the application says nothing. */
export const DEFAULT_POLICY: ReconnectPolicy = { maxSeconds: 120, firstDelay: 200, maxDelay: 5000, iceGrace: 1000 };

/** In the first half minute pauses stay short: a server that restarts is back within seconds. */
const EAGER_MS = 30_000;
const EAGER_MAX_DELAY = 1500;

/** What is done where the application says some of it; nothing: it does not want to reconnect. */
export function policyOf(wanted: Partial<ReconnectPolicy> | false | undefined): ReconnectPolicy | undefined {
  return wanted === false ? undefined : { ...DEFAULT_POLICY, ...wanted };
}

/** How long a silent path may take to mend itself, in milliseconds. */
export function iceGraceOf(wanted: Partial<ReconnectPolicy> | false | undefined): number {
  return policyOf(wanted)?.iceGrace ?? DEFAULT_POLICY.iceGrace;
}

/** The pause before attempt `attempt` (from 0): doubled each time, between half and all of it at random. */
export function pause(attempt: number, elapsed: number, policy: ReconnectPolicy, random = Math.random()): number {
  const longest = elapsed < EAGER_MS ? Math.min(EAGER_MAX_DELAY, policy.maxDelay) : policy.maxDelay;
  const delay = Math.min(policy.firstDelay * 2 ** attempt, longest);
  return delay * (0.5 + random / 2);
}

/** Tries until it works, the time is over, or there is no use. */
export class Reconnector {
  #cancelled = false;
  #wake: (() => void) | undefined;
  #hurried = false;
  /** Attempts over the present network. */
  #count = 0;

  constructor(
    private readonly policy: ReconnectPolicy,
    private readonly logger: Logger,
  ) {}

  /** Runs `attempt` until it resolves. Rejects with a final error, `unreachable` after `maxSeconds`, or `closed`. */
  async run<T>(attempt: () => Promise<T>): Promise<T> {
    const begun = Date.now();
    for (; ; this.#count += 1) {
      const elapsed = Date.now() - begun;
      if (elapsed > this.policy.maxSeconds * 1000) {
        throw new CrosspointError("unreachable", `the server could not be reached for ${this.policy.maxSeconds} s`);
      }
      await this.#sleep(pause(this.#count, elapsed, this.policy));
      if (this.#cancelled) throw new CrosspointError("closed", "the room was left");
      try {
        const result = await attempt();
        if (this.#cancelled) throw new CrosspointError("closed", "the room was left");
        return result;
      } catch (error) {
        if (this.#cancelled || (error instanceof CrosspointError && error.final)) throw error;
        this.logger.info("reconnecting failed, trying again", error);
      }
    }
  }

  /**
   * The network is another one: ends the present pause, or leaves out the one after an attempt that is under way, and makes
   * the next ones short again, since a network that has just come may need a moment.
   */
  hurry(): void {
    this.#hurried = true;
    this.#count = 0;
    this.#wake?.();
  }

  /** Stops; the run rejects with `closed`. */
  cancel(): void {
    this.#cancelled = true;
    this.#wake?.();
  }

  async #sleep(milliseconds: number): Promise<void> {
    if (!this.#hurried) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#wake = undefined;
    this.#hurried = false;
  }
}
