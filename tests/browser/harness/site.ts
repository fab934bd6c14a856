/** Serves the test page and the built SDK. */
import { createReadStream, existsSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";

const PAGE = fileURLToPath(new URL("../page/", import.meta.url));
const SDK = fileURLToPath(new URL("../../../sdk/ts/dist/", import.meta.url));
const TYPES: Record<string, string> = { ".html": "text/html", ".js": "text/javascript", ".map": "application/json" };

/** A page server. */
export class Site {
  private constructor(
    private readonly server: http.Server,
    /** Where it is. */
    readonly url: string,
  ) {}

  /** Listens on a free port of an address. */
  static async start(address = "127.0.0.1"): Promise<Site> {
    if (!existsSync(path.join(SDK, "index.js"))) throw new Error("the SDK is not built: npm run build -w sdk/ts");
    const server = http.createServer((request, response) => {
      const file = locate(new URL(request.url ?? "/", "http://page").pathname);
      if (!file) {
        response.writeHead(404).end();
        return;
      }
      response.writeHead(200, { "content-type": TYPES[path.extname(file)] ?? "application/octet-stream" });
      createReadStream(file).pipe(response);
    });
    await new Promise<void>((resolve) => server.listen(0, address, resolve));
    return new Site(server, `http://${address}:${(server.address() as AddressInfo).port}/`);
  }

  /** Ends it. */
  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

function locate(wanted: string): string | undefined {
  const [folder, name] = wanted.startsWith("/sdk/")
    ? [SDK, wanted.slice(5)]
    : [PAGE, wanted.replace(/^\/(page\/)?/, "")];
  const file = path.join(folder, name || "index.html");
  return file.startsWith(folder) && existsSync(file) ? file : undefined;
}
