/** A TCP proxy in front of the server's HTTP port whose connections can be cut. */
import net from "node:net";

/** The proxy. */
export class TcpCut {
  readonly #server = net.createServer((socket) => this.#carry(socket));
  readonly #open = new Set<net.Socket>();
  #broken = false;
  /** Connections that were cut. */
  cuts = 0;
  /** Connections that were turned away while the line was broken. */
  refused = 0;

  private constructor(private readonly back: number) {}

  /** Listens on a free port. */
  static async start(back: number): Promise<TcpCut> {
    const proxy = new TcpCut(back);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  /** Where it is. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as net.AddressInfo).port}`;
  }

  /** Breaks the line: every connection ends without a goodbye, and new ones are turned away. */
  break(): void {
    this.#broken = true;
    for (const socket of this.#open) {
      this.cuts += 1;
      socket.resetAndDestroy();
    }
  }

  /** The line works again. */
  mend(): void {
    this.#broken = false;
  }

  /** Ends it. */
  close(): void {
    this.break();
    this.#server.close();
  }

  #carry(client: net.Socket): void {
    client.on("error", () => {});
    if (this.#broken) {
      this.refused += 1;
      client.resetAndDestroy();
      return;
    }
    const server = net.connect(this.back, "127.0.0.1");
    this.#open.add(client);
    server.on("error", () => client.destroy());
    client.on("close", () => {
      this.#open.delete(client);
      server.destroy();
    });
    server.on("close", () => client.destroy());
    client.pipe(server);
    server.pipe(client);
  }
}
