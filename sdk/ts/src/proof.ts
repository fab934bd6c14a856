/**
 * Tells a path that is dead from one on which nobody says anything. In: what the pair in use sent and received. Out: whether it
 * is alive. Chromium itself takes 6 s to notice.
 */
import { pairsInUse } from "./stats.js";

/** Milliseconds between two looks. */
const LOOK_EVERY = 250;
/** Whoever is sent something reports of it: ten times a second where congestion control wants that, else every 2 s (RTCP). */
const DEAD_AFTER = 2100;
/** Packets that somebody would have reported of. */
const SENT = 20;
/** By then the browser has noticed, in milliseconds. */
const NO_LONGER = 15_000;

/** What a pair has carried. */
interface Carried {
  pair: string;
  received: number;
  sent: number;
}

/** Looks at one peer connection when there is reason for doubt. */
export class PathProof {
  #begun: { at: number; first?: Carried } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dead = false;

  /** Calls `told` with `false` when the path is dead, and with `true` when something comes (again). */
  constructor(
    private readonly pc: RTCPeerConnection,
    private readonly told: (alive: boolean) => void,
  ) {}

  /** Media that were arriving have stopped. */
  async begin(): Promise<void> {
    if (this.#begun) return;
    this.#begun = { at: Date.now() };
    this.#dead = false;
    await this.#look();
  }

  /** ICE is being restarted, for whatever reason: that has its time to find another pair. */
  restarting(): void {
    if (this.#begun) this.#begun.at = Date.now();
  }

  /** Looks no more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#begun = undefined;
  }

  async #look(): Promise<void> {
    const begun = this.#begun;
    const now = await carriedBy(this.pc);
    if (!begun || begun !== this.#begun) return;
    const passed = Date.now() - begun.at;
    begun.first ??= now;
    const { first } = begun;
    if (passed > NO_LONGER) return this.close();
    if (now && first && (now.pair !== first.pair || now.received > first.received)) {
      this.close();
      this.told(true);
      return;
    }
    if (!this.#dead && now && first && passed >= DEAD_AFTER && now.sent - first.sent >= SENT) {
      this.#dead = true;
      this.told(false);
    }
    this.#timer = setTimeout(() => void this.#look(), LOOK_EVERY);
  }
}

/** Nothing where the browser does not say. */
async function carriedBy(pc: RTCPeerConnection): Promise<Carried | undefined> {
  const report = await pc.getStats().catch(() => undefined);
  const pair = report && pairsInUse(report)[0];
  if (typeof pair?.packetsSent !== "number" || typeof pair.responsesReceived !== "number") return undefined;
  // Answers to ICE's checks are no packets.
  return { pair: pair.id, received: pair.bytesReceived + pair.responsesReceived, sent: pair.packetsSent };
}
