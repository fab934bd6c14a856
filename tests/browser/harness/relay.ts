/**
 * A UDP relay between browsers and the server's media ports that makes the network worse. The server advertises the
 * relay's ports in place of its own. In: datagrams of both sides. Out: those that the network's present state lets
 * through, as late as it says, and counters that prove what it did.
 */
import dgram from "node:dgram";
import { seeded } from "./random.ts";

/** The state of a network in one direction. */
export interface Weather {
  /** Bits per second; more waits in a queue, what finds it full is lost. */
  rate?: number;
  /** The length of that queue in milliseconds. Default 200. */
  queue?: number;
  /** The share of datagrams that get lost, 0 to 1. */
  loss?: number;
  /** Milliseconds on the way. */
  delay?: number;
  /** Nothing passes. */
  cut?: boolean;
}

/** What passed in one direction, and what did not. */
export interface Tally {
  passed: number;
  passedBytes: number;
  lost: number;
  overflowed: number;
  cut: number;
}

type Direction = "up" | "down";

/** One browser's transport. */
interface Flow {
  socket: dgram.Socket;
  weather: Record<Direction, Weather>;
  tally: Record<Direction, Tally>;
  /** When the line is free again, in milliseconds. */
  free: Record<Direction, number>;
}

/** A relay in front of the server's media ports. */
export class UdpRelay {
  readonly #flows = new Map<string, Flow>();
  readonly #fronts: dgram.Socket[] = [];
  readonly #random: () => number;
  #weather: Record<Direction, Weather> = { up: {}, down: {} };
  #closed = false;

  private constructor(seed: number) {
    this.#random = seeded(seed);
  }

  /** Listens on `front` and the ports after it, for those from `back` on. */
  static async start(front: number, back: number, count: number, seed = 1): Promise<UdpRelay> {
    const relay = new UdpRelay(seed);
    for (let index = 0; index < count; index++) await relay.#listen(front + index, back + index);
    return relay;
  }

  /** Sets the weather of all flows, present and future. */
  all(up: Weather, down: Weather = up): void {
    this.#weather = { up, down };
    for (const flow of this.#flows.values()) flow.weather = { up, down };
  }

  /** Sets the weather of the flows from these ports of a browser. */
  only(from: readonly number[], up: Weather, down: Weather): void {
    for (const flow of this.#of(from)) flow.weather = { up, down };
  }

  /** What happened in one direction, to these ports of a browser or to all. */
  tally(direction: Direction, of?: readonly number[]): Tally {
    const sum: Tally = { passed: 0, passedBytes: 0, lost: 0, overflowed: 0, cut: 0 };
    const flows = of ? this.#of(of) : [...this.#flows.values()];
    for (const { tally } of flows) {
      for (const name of Object.keys(sum) as (keyof Tally)[]) sum[name] += tally[direction][name];
    }
    return sum;
  }

  /** Ends it. */
  close(): void {
    this.#closed = true;
    for (const socket of this.#fronts) socket.close();
    for (const { socket } of this.#flows.values()) socket.close();
  }

  #of(ports: readonly number[]): Flow[] {
    const isOne = (key: string) => ports.includes(Number(key.split(":").pop()));
    return [...this.#flows].filter(([key]) => isOne(key)).map(([, flow]) => flow);
  }

  async #listen(front: number, back: number): Promise<void> {
    const socket = dgram.createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
    this.#fronts.push(socket);
    socket.on("message", (datagram, { address, port }) => {
      const key = `${front} ${address}:${port}`;
      const flow = this.#flows.get(key) ?? this.#open(key, socket, address, port);
      this.#carry(flow, "up", datagram.length, () => flow.socket.send(datagram, back, "127.0.0.1"));
    });
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(front, "127.0.0.1", resolve);
    });
  }

  #open(key: string, front: dgram.Socket, address: string, port: number): Flow {
    const socket = dgram.createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
    const tally = (): Tally => ({ passed: 0, passedBytes: 0, lost: 0, overflowed: 0, cut: 0 });
    const flow: Flow = {
      socket,
      weather: { ...this.#weather },
      tally: { up: tally(), down: tally() },
      free: { up: 0, down: 0 },
    };
    socket.on("message", (datagram) => {
      this.#carry(flow, "down", datagram.length, () => front.send(datagram, port, address));
    });
    this.#flows.set(key, flow);
    return flow;
  }

  #carry(flow: Flow, direction: Direction, bytes: number, send: () => void): void {
    const { rate, queue = 200, loss = 0, delay = 0, cut } = flow.weather[direction];
    const tally = flow.tally[direction];
    if (cut) {
      tally.cut += 1;
      return;
    }
    if (loss > 0 && this.#random() < loss) {
      tally.lost += 1;
      return;
    }
    const now = performance.now();
    let at = now;
    if (rate) {
      const begins = Math.max(now, flow.free[direction]);
      if (begins - now > queue) {
        tally.overflowed += 1;
        return;
      }
      at = begins + (bytes * 8000) / rate;
      flow.free[direction] = at;
    }
    tally.passed += 1;
    tally.passedBytes += bytes;
    const wait = at - now + delay;
    if (wait < 1) send();
    else setTimeout(() => this.#closed || send(), wait);
  }
}
