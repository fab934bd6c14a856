/** Ports that nobody uses now. */
import dgram from "node:dgram";
import net from "node:net";

const given = new Set<number>();

/** A free TCP port of an address. */
export async function freeTcp(address = "127.0.0.1"): Promise<number> {
  for (;;) {
    const port = await bindTcp(address);
    if (!given.has(port)) return keep(port);
  }
}

/** The first of so many free UDP ports in a row. */
export async function freeUdp(count: number, address = "127.0.0.1"): Promise<number> {
  for (;;) {
    const first = await bindUdp(0, address);
    if (first === undefined || first + count > 65_535 || given.has(first)) continue;
    const rest = Array.from({ length: count - 1 }, (_, index) => first + 1 + index);
    const bound = await Promise.all(rest.map((port) => bindUdp(port, address)));
    if (bound.includes(undefined)) continue;
    for (const port of rest) keep(port);
    return keep(first);
  }
}

function keep(port: number): number {
  given.add(port);
  return port;
}

function bindTcp(address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", reject);
    server.listen(0, address, () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function bindUdp(port: number, address: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const socket = dgram.createSocket("udp4");
    socket.once("error", () => resolve(undefined));
    socket.bind(port, address, () => {
      const bound = socket.address().port;
      socket.close(() => resolve(bound));
    });
  });
}
