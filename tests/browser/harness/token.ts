/** Tokens, minted here by the letter of docs/protocol/tokens.md: a second opinion on the server's own. */
import { createHmac } from "node:crypto";

/** The API key of every server under test. */
export const KEY = "tests";
export const SECRET = "a secret that only the browser tests know";

/** What a token says beside the room and the identity. */
export interface Claims {
  name?: string;
  metadata?: string;
  attributes?: Record<string, string>;
  /** Seconds from now; negative: it has ended. */
  ttl?: number;
  secret?: string;
  video?: Record<string, unknown>;
}

/** A token to join a room. */
export function mint(room: string, identity: string, claims: Claims = {}): string {
  const { ttl = 3600, secret = SECRET, video, ...rest } = claims;
  const now = Math.floor(Date.now() / 1000);
  const body = {
    iss: KEY,
    sub: identity,
    nbf: now - 1,
    exp: now + ttl,
    video: { roomJoin: true, room, ...video },
    ...rest,
  };
  const signed = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(body)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
