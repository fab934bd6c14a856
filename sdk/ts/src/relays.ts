/**
 * The server's relays (TURN), kept aside until nothing direct works: from the start they would cost every client, and the
 * server, an allocation that hardly anybody uses. In: the ICE servers of each `joined`. Out: those that a peer connection
 * to the server is to have now.
 */
import { CrosspointError } from "./errors.js";
import type { RoomOptions } from "./types.js";
import type { IceServer } from "./wire/index.js";

/** What an application says about ways through the network. */
type Wanted = Pick<RoomOptions, "iceServers" | "iceTransportPolicy">;

/** The relays of one room, over all media that it has. */
export class Relays {
  #servers: readonly IceServer[] = [];
  #needed = false;

  constructor(private readonly wanted: Wanted) {}

  /** Takes what a `joined` says: its credentials are fresh, and those from before may be over their time. */
  take(servers: readonly IceServer[]): void {
    this.#servers = servers;
  }

  /** The server's ICE servers as last heard. */
  get servers(): readonly IceServer[] {
    return this.#servers;
  }

  /** Does the server have a relay? */
  get present(): boolean {
    return hasRelay(this.#servers);
  }

  /** May media go through relays only, of which the server alone knows one? */
  get awaited(): boolean {
    return this.#only && !hasRelay(this.wanted.iceServers ?? []);
  }

  /** Media may go through relays only, and there is none. */
  get missing(): boolean {
    return this.awaited && !this.present;
  }

  /** The server's ICE servers for media that are made now: all, where a relay is wanted or was needed before; else none. */
  forNewMedia(): readonly IceServer[] {
    return this.#only || this.#needed ? this.#servers : [];
  }

  /** The direct way fails, and the browser has taken the server's ICE servers: the network is such. */
  need(): void {
    this.#needed = true;
  }

  get #only(): boolean {
    return this.wanted.iceTransportPolicy === "relay";
  }
}

/** The configuration of a peer connection of a room. */
export function configuration(wanted: Wanted, iceServers: readonly IceServer[]): RTCConfiguration {
  return {
    iceServers: [...(wanted.iceServers ?? []), ...iceServers],
    bundlePolicy: "max-bundle",
    ...(wanted.iceTransportPolicy ? { iceTransportPolicy: wanted.iceTransportPolicy } : {}),
  };
}

/** Media may go through relays only, and nobody names one. */
export function noRelay(): CrosspointError {
  return new CrosspointError(
    "unsupported",
    'iceTransportPolicy is "relay", but neither the server nor the option iceServers names a TURN server: no media can flow',
  );
}

/** Is there a TURN address (RFC 7065) among them? */
function hasRelay(servers: readonly RTCIceServer[]): boolean {
  return servers.some(({ urls }) => [urls].flat().some((url) => /^turns?:/i.test(url)));
}
