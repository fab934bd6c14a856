/**
 * A network namespace with a browser's end of a cable; the other end is this machine's. Media between the two takes no
 * loopback interface. Needs root and Debian's `iproute2`.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromiumPath } from "./browser.ts";

/** A namespace. */
export class Namespace {
  readonly #name = `cp-${process.pid}`;
  readonly #cable = `cp${process.pid}`;
  readonly #folder = mkdtempSync(path.join(tmpdir(), "crosspoint-netns-"));
  /** This machine's end of the cable. From a range for documentation (RFC 5737): no real network is hidden. */
  readonly outside = "198.51.100.1";
  /** The browser's end. */
  readonly inside = "198.51.100.2";

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

  constructor() {
    ip("netns", "add", this.#name);
    try {
      ip("link", "add", this.#cable, "type", "veth", "peer", "name", "eth0", "netns", this.#name);
      ip("addr", "add", `${this.outside}/30`, "dev", this.#cable);
      ip("link", "set", this.#cable, "up");
      ip("-n", this.#name, "addr", "add", `${this.inside}/30`, "dev", "eth0");
      ip("-n", this.#name, "link", "set", "eth0", "up");
      ip("-n", this.#name, "link", "set", "lo", "up");
      ip("-n", this.#name, "route", "add", "default", "via", this.outside);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** A program that starts Chromium inside. */
  chromium(): string {
    const program = path.join(this.#folder, "chromium");
    writeFileSync(program, `#!/bin/sh\nexec ip netns exec ${this.#name} ${chromiumPath()} "$@"\n`);
    chmodSync(program, 0o755);
    return program;
  }

  /** Takes it down; the cable goes with it. */
  close(): void {
    ip("netns", "delete", this.#name);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function ip(...given: string[]): void {
  execFileSync("ip", given, { stdio: ["ignore", "ignore", "pipe"] });
}
