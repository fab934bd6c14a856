/** What a page may read in a token (RFC 7519 §3). Nothing is verified here: that is the server's business. */

/** The parts of a token that the console shows or acts on. */
export interface Claims {
  identity: string;
  name: string;
  room: string;
  admin: boolean;
  /** May it publish anything at all? */
  publishes: boolean;
  /** What its bearer is in a show; empty: nothing. */
  showRole: string;
  /** In which show; empty: in none, or not said. */
  show: string;
  /** Seconds since 1970; absent: unknown. */
  expires: number | undefined;
}

/** The claims of a token; `undefined` when the text is none. */
export function claimsOf(token: string): Claims | undefined {
  const parts = token.split(".");
  if (parts.length !== 3) return undefined;
  try {
    const body = (parts[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const raw = Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0));
    const json = JSON.parse(new TextDecoder().decode(raw));
    if (typeof json !== "object" || json === null) return undefined;
    const video = json.video ?? {};
    return {
      identity: text(json.sub),
      name: text(json.name),
      room: text(video.room),
      admin: video.roomAdmin === true,
      publishes: video.canPublish !== false,
      showRole: text(json.attributes?.["crosspoint.role"]),
      show: text(json.attributes?.["crosspoint.show"]),
      expires: typeof json.exp === "number" ? json.exp : undefined,
    };
  } catch {
    return undefined;
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
