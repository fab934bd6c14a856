/** The server under test: a process with a configuration and ports of its own, its log kept for when a test fails. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { freeTcp, freeUdp } from "./ports.ts";
import { KEY, SECRET } from "./token.ts";
import { until } from "./wait.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Media threads of the server in this run. */
export const WORKERS = Number(process.env.WORKERS ?? 1);

/** Settings by their path: `{ "rooms.participants": 2 }`. */
export type Settings = Record<string, string | number | boolean | string[]>;

/** Where a server listens. */
export interface Ports {
  address: string;
  http: number;
  /** The first worker's; the others follow. */
  udp: number;
  tcp: number;
}

/** Where the server's binary is. */
export function binary(): string {
  const { CROSSPOINT_BIN, SERVER_UNDER_TEST } = process.env;
  const found = CROSSPOINT_BIN ?? SERVER_UNDER_TEST ?? path.join(ROOT, "target/debug/crosspoint");
  if (!existsSync(found)) throw new Error(`no server at ${found}: build it with \`cargo build -p crosspoint\``);
  return found;
}

/** Free ports of an address. */
export async function freePorts(address = "127.0.0.1"): Promise<Ports> {
  return {
    address,
    http: await freeTcp(address),
    udp: await freeUdp(WORKERS, address),
    tcp: await freeTcp(address),
  };
}

/** A server and its process. */
export class Server {
  #process: ChildProcess | undefined;
  #log: string[] = [];
  readonly #folder = mkdtempSync(path.join(tmpdir(), "crosspoint-test-"));

  private constructor(
    /** Where it listens. */
    readonly ports: Ports,
    private readonly settings: Settings,
    private readonly flags: readonly string[],
  ) {
    writeFileSync(this.#config, toml(ports, { "store.path": path.join(this.#folder, "crosspoint.db"), ...settings }));
  }

  /** Starts one and waits until it is ready. */
  static async start(settings: Settings = {}, ports?: Ports, flags: readonly string[] = []): Promise<Server> {
    const server = new Server(ports ?? (await freePorts()), settings, flags);
    await server.run();
    return server;
  }

  /** Where HTTP is, or HTTPS where the server has a certificate. */
  get url(): string {
    const scheme = this.settings["http.tls_cert"] ? "https" : "http";
    return `${scheme}://${this.ports.address}:${this.ports.http}`;
  }

  /** What the server answers to a GET; nothing but an error where that is no success. */
  async get(path: string): Promise<string> {
    const certificate = this.settings["http.tls_cert"];
    if (typeof certificate === "string") return getEncrypted(this.url + path, readFileSync(certificate));
    const answer = await fetch(this.url + path);
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status}`);
    return answer.text();
  }

  /** What it wrote. */
  get log(): string {
    return this.#log.join("");
  }

  /** Starts the process (again), on the same ports. */
  async run(): Promise<void> {
    const child = spawn(binary(), ["serve", ...this.flags, "--config", this.#config], {
      env: environment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text) => this.#log.push(String(text)));
    await until("the server is ready", async () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${this.log}`);
      await this.get("/readyz");
      return true;
    }).catch((error) => {
      child.kill("SIGKILL");
      throw new Error(`${error.message}\n${this.log}`);
    });
  }

  /** Ends the process as a power cut would. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Ends the process and forgets its files. */
  async stop(): Promise<void> {
    await this.#end("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #config(): string {
    return path.join(this.#folder, "crosspoint.toml");
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }
}

/** As `fetch`, which takes no certificate of one's own. */
function getEncrypted(url: string, ca: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = https.get(url, { ca, agent: false }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("error", reject);
      answer.on("end", () => {
        if (answer.statusCode === 200) resolve(Buffer.concat(parts).toString());
        else reject(new Error(`GET ${url}: ${answer.statusCode}`));
      });
    });
    request.on("error", reject);
  });
}

/** The environment without settings of a server, which would stand before those of the test. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("CROSSPOINT_")));
}

function toml(ports: Ports, settings: Settings): string {
  const all: Settings = {
    "http.bind": `${ports.address}:${ports.http}`,
    "http.allowed_origins": ["*"],
    "media.workers": WORKERS,
    "media.bind": [ports.address],
    "media.advertised": [ports.address],
    "media.udp_port": ports.udp,
    "media.tcp_port": ports.tcp,
    "turn.port": 0,
    "log.level": process.env.SERVER_LOG ?? "info",
    ...settings,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
  return [...lines, `auth.keys = { ${JSON.stringify(KEY)} = ${JSON.stringify(SECRET)} }`, ""].join("\n");
}
