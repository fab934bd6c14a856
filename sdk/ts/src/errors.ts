/** Errors that calls of this package reject with. */
import type { Code } from "./wire/index.js";

/** The server's closed set, and what can go wrong on this side of the wire. */
export type ErrorCode = Code | "timeout" | "closed" | "unreachable" | "unsupported";

/** Refusals that another attempt with the same token will meet again. */
const FINAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "unauthorized",
  "token-expired",
  "forbidden",
  "identity-mismatch",
  "kicked",
  "room-locked",
  "wrong-pin",
  "room-closed",
  "room-not-found",
  "protocol-unsupported",
  "unsupported",
]);

/** Does this say that a session is gone? Then it is joined anew. */
export function isResumeRefused(code: ErrorCode): boolean {
  return code === "resume-failed" || code === "session-not-found";
}

/** Something was refused or could not be done. */
export class CrosspointError extends Error {
  override readonly name = "CrosspointError";

  constructor(
    /** What kind. */
    readonly code: ErrorCode,
    message: string,
    /** Where to read about it. */
    readonly docs?: string,
  ) {
    super(message);
  }

  /** Would the same attempt fail again? Then there is no use in reconnecting. */
  get final(): boolean {
    return FINAL.has(this.code);
  }
}
