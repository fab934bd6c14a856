/**
 * A network namespace with a browser's end of a cable; the other end is this machine's. Media between the two takes no
 * loopback interface. Needs root and Debian's `iproute2`; a firewall in it also `nftables`.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromiumPath } from "./browser.ts";

/** What a firewall lets out; all of the other kind where one of them is not said. */
export interface LetOut {
  /** To these ports of UDP. */
  udp?: readonly number[];
  /** To these ports of TCP. */
  tcp?: readonly number[];
}

/** A namespace. */
export class Namespace {
  static #made = 0;
  readonly #number = Namespace.#made++;
  readonly #name = `cp-${process.pid}-${this.#number}`;
  readonly #cable = `cp${process.pid}-${this.#number}`;
  readonly #folder = mkdtempSync(path.join(tmpdir(), "crosspoint-netns-"));
  /** This machine's end of the first cable. */
  readonly outside = at(0, 1);
  /** An address of this machine that stays reachable when the browser moves; see `home`. */
  #home: string | undefined;
  #cables = 0;
  /** This machine's ends of the cables that are plugged in. */
  readonly #plugged: string[] = [];

  /** Why there can be none here; nothing if there can. */
  static missing(): string | undefined {
    if (process.getuid?.() !== 0) return "only root makes network namespaces";
    try {
      execFileSync("ip", ["-V"], { stdio: "ignore" });
    } catch {
      return "there is no `ip` command (Debian: iproute2)";
    }
    return undefined;
  }

  /** Why there can be no firewall here; nothing if there can. */
  static missingFirewall(): string | undefined {
    const missing = Namespace.missing();
    if (missing) return missing;
    try {
      execFileSync("nft", ["--version"], { stdio: "ignore" });
    } catch {
      return "there is no `nft` command (Debian: nftables)";
    }
    return undefined;
  }

  constructor() {
    ip("netns", "add", this.#name);
    try {
      ip("-n", this.#name, "link", "set", "lo", "up");
      // With IPv6 a cable has a second address 1.5 s after the first, and Chromium waits 2 s more after each.
      if (process.env.NAMESPACE_IPV4) this.#run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6");
      this.plugIn();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** An address of this machine that no cable has: where a server stays while the browser moves from one to the other. */
  home(): string {
    if (!this.#home) {
      const home = `203.0.113.${1 + (process.pid % 250)}`;
      ip("addr", "add", `${home}/32`, "dev", "lo");
      this.#home = home;
    }
    return this.#home;
  }

  /** A new cable, with other addresses at both ends. What has no other way goes over the oldest one. */
  plugIn(): void {
    const number = this.#cables++;
    const [cable, port] = [`${this.#cable}-${number}`, `eth${number}`];
    const [outside, inside] = [at(number, 1), at(number, 2)];
    ip("link", "add", cable, "type", "veth", "peer", "name", port, "netns", this.#name);
    this.#plugged.push(cable);
    ip("addr", "add", `${outside}/30`, "dev", cable);
    ip("link", "set", cable, "up");
    ip("-n", this.#name, "addr", "add", `${inside}/30`, "dev", port);
    ip("-n", this.#name, "link", "set", port, "up");
    ip("-n", this.#name, "route", "add", "default", "via", outside, "metric", String(number + 1));
  }

  /** The oldest cable is gone. */
  unplug(): void {
    const oldest = this.#plugged.shift();
    if (oldest) ip("link", "delete", oldest);
  }

  /** A firewall that swallows what is not let out, and what comes back from there. Connections that stand are no exception. */
  firewall({ udp, tcp }: LetOut): void {
    const rule = (kind: string, end: "sport" | "dport", ports?: readonly number[]) => {
      if (!ports) return "";
      return ports.length ? `${kind} ${end} != { ${ports.join(", ")} } drop` : `meta l4proto ${kind} drop`;
    };
    this.#nft(`table inet firewall {
      chain out {
        type filter hook output priority 0; policy accept;
        ${rule("udp", "dport", udp)}
        ${rule("tcp", "dport", tcp)}
      }
      chain in {
        type filter hook input priority 0; policy accept;
        ${rule("udp", "sport", udp)}
        ${rule("tcp", "sport", tcp)}
      }
    }`);
  }

  /** The firewall is open. */
  unblock(): void {
    this.#nft("");
  }

  /** A program that starts Chromium inside. */
  chromium(): string {
    const program = path.join(this.#folder, "chromium");
    writeFileSync(program, `#!/bin/sh\nexec ip netns exec ${this.#name} ${chromiumPath()} "$@"\n`);
    chmodSync(program, 0o755);
    return program;
  }

  /** Takes it down. */
  close(): void {
    // The namespace lives on for as long as a process in it does, and with it the other end.
    while (this.#plugged.length > 0) this.unplug();
    ip("netns", "delete", this.#name);
    if (this.#home) ip("addr", "delete", `${this.#home}/32`, "dev", "lo");
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #run(...program: string[]): void {
    ip("netns", "exec", this.#name, ...program);
  }

  #nft(rules: string): void {
    const input = `flush ruleset\n${rules}\n`;
    execFileSync("ip", ["netns", "exec", this.#name, "nft", "-f", "-"], { input, stdio: ["pipe", "ignore", "pipe"] });
  }
}

/** An address of a cable's end. From a range for documentation (RFC 5737): no real network is hidden. */
function at(cable: number, end: 1 | 2): string {
  return `198.51.100.${cable * 4 + end}`;
}

function ip(...given: string[]): void {
  execFileSync("ip", given, { stdio: ["ignore", "ignore", "pipe"] });
}
