/** Watches the way of a peer connection. In: its states, and hints of the browser. Out: a `PathState` when it changes. */
import type { PathState } from "./media.js";

/**
 * So long after the network changed a path that breaks needs no time to mend itself, in milliseconds: it is the old
 * network's. Chromium takes up to 7 s to notice.
 */
const HASTE = 10_000;

/** Does anything go through? Without DTLS, which takes its time on a slow way. */
export function hasPath({ iceConnectionState }: RTCPeerConnection): boolean {
  return iceConnectionState === "connected" || iceConnectionState === "completed";
}

/** The path of one peer connection. */
export class PathWatch {
  #told: PathState | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hastyUntil = 0;

  /** Calls `changed` as the path comes and goes; `disconnected` is given `grace` milliseconds to mend itself. */
  constructor(
    private readonly pc: RTCPeerConnection,
    private readonly grace: number,
    private readonly changed: (state: PathState) => void,
  ) {
    pc.addEventListener("connectionstatechange", this.#look);
  }

  /** The network is another one: what is broken will not mend itself. */
  networkChanged(): void {
    this.#hastyUntil = Date.now() + HASTE;
    if (this.#timer !== undefined) this.#tell("trouble");
  }

  /** What the pair in use carries shows whether the path is alive, before the browser has noticed. */
  proven(alive: boolean): void {
    if (!alive && this.#told === "connected") this.#tell("trouble");
    if (alive && this.#told === "trouble" && this.pc.connectionState === "connected") this.#tell("connected");
  }

  close(): void {
    clearTimeout(this.#timer);
    this.pc.removeEventListener("connectionstatechange", this.#look);
  }

  #look = (): void => {
    switch (this.pc.connectionState) {
      case "connected":
        return this.#tell("connected");
      case "failed":
        return this.#tell(this.#told === "trouble" ? "failed" : "trouble");
      case "disconnected":
        return this.#fallsSilent();
      default:
        return;
    }
  };

  #fallsSilent(): void {
    if (this.#timer !== undefined || this.#told === "trouble") return;
    this.#tell("silent");
    const grace = Date.now() < this.#hastyUntil ? 0 : this.grace;
    this.#timer = setTimeout(() => this.#tell("trouble"), grace);
  }

  #tell(state: PathState): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#told === state) return;
    this.#told = state;
    this.changed(state);
  }
}
