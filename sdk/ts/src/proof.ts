/**
 * Tells a path that is dead from one on which nobody says anything. In: what the pair in use sent and received. Out: whether it
 * is alive. Chromium itself takes 6 s to notice.
 */
import { pairsInUse } from "./stats.js";

/** Milliseconds between two looks. */
const LOOK_EVERY = 250;
/** Whoever is sent something reports of it (RTCP) every 2 s; media have been silent for half a second when this begins. */
const DEAD_AFTER = 1700;
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
  #begun: { at: number; first: Carried } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dead = false;
  #closed = false;

  /** Calls `told` with `false` when the path is dead, and with `true` when something comes (again). */
  constructor(
    private readonly pc: RTCPeerConnection,
    private readonly told: (alive: boolean) => void,
  ) {}

  /** Media that were arriving have stopped. */
  async begin(): Promise<void> {
    const first = await carriedBy(this.pc);
    if (this.#closed || this.#begun || !first) return;
    this.#dead = false;
    this.#begun = { at: Date.now(), first };
    this.#next();
  }

  close(): void {
    this.#closed = true;
    this.#end();
  }

  #next(): void {
    this.#timer = setTimeout(() => void this.#look(), LOOK_EVERY);
  }

  async #look(): Promise<void> {
    const now = await carriedBy(this.pc);
    if (!this.#begun) return;
    const { at, first } = this.#begun;
    const passed = Date.now() - at;
    if (now && (now.pair !== first.pair || now.received > first.received)) {
      this.#end();
      this.told(true);
      return;
    }
    if (!now || passed > NO_LONGER) return this.#end();
    if (!this.#dead && passed >= DEAD_AFTER && now.sent - first.sent >= SENT) {
      this.#dead = true;
      this.told(false);
    }
    this.#next();
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#begun = undefined;
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
