/** What a client may read in its own token. Nothing is verified here: that is the server's business. */

interface Claims {
  sub?: string;
  name?: string;
  metadata?: string;
  attributes?: Record<string, string>;
  video?: { room?: string };
}

/** The claims of a JWT (RFC 7519 §3), or none when the text is no JWT. */
export function claimsOf(token: string): Claims {
  try {
    const body = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === "object" && claims !== null ? claims : {};
  } catch {
    return {};
  }
}

/** The address of the signalling socket: `url` may be `http(s)` or `ws(s)`, with or without the path `/ws/webrtc`. */
export function socketUrl(url: string, token: string): string {
  const address = new URL(url);
  address.protocol = address.protocol.replace("http", "ws");
  const path = address.pathname.replace(/\/+$/, "");
  address.pathname = path.endsWith("/ws/webrtc") ? path : `${path}/ws/webrtc`;
  address.searchParams.set("token", token);
  return address.href;
}
