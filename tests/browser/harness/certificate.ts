/** A certificate for a server of tests, and how Chromium is told to take it, and no other one that nobody vouches for. */
import { execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** A self-signed one, in files. Needs `openssl`. */
export class Certificate {
  readonly #folder = mkdtempSync(path.join(tmpdir(), "crosspoint-cert-"));
  /** Paths of PEM files, as the server's settings take them. */
  readonly cert = path.join(this.#folder, "cert.pem");
  readonly key = path.join(this.#folder, "key.pem");

  /** For these IP addresses. */
  constructor(...addresses: string[]) {
    const names = addresses.map((address) => `IP:${address}`).join(",");
    const asked = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=crosspoint-tests";
    const files = ["-keyout", this.key, "-out", this.cert, "-addext", `subjectAltName=${names}`];
    execFileSync("openssl", [...asked.split(" "), ...files], { stdio: ["ignore", "ignore", "pipe"] });
  }

  /** Settings of a server that has it. */
  get settings() {
    return { "http.tls_cert": this.cert, "http.tls_key": this.key };
  }

  /** The flag with which Chromium takes it, for pages and for TURN over TLS. */
  get flag(): string {
    const key = new X509Certificate(readFileSync(this.cert)).publicKey.export({ type: "spki", format: "der" });
    return `--ignore-certificate-errors-spki-list=${createHash("sha256").update(key).digest("base64")}`;
  }

  /** Forgets the files. */
  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
