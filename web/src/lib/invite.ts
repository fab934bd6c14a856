/** Invite links: the token stands in the fragment, which browsers do not send to servers. */
import { claimsOf } from "./claims";
import { roomPath } from "./routes";

/** The token in a fragment like `#token=…`. */
export function tokenInFragment(fragment: string): string | undefined {
  const token = new URLSearchParams(fragment.replace(/^#/, "")).get("token")?.trim();
  return token || undefined;
}

/** A link that leads into a room; with a token, as the person that the token names. */
export function inviteLink(origin: string, room: string, token?: string): string {
  const link = `${origin}${roomPath(room)}`;
  return token ? `${link}#token=${encodeURIComponent(token)}` : link;
}

/** What somebody pasted: a bare token, or a link with one. */
export function parsePasted(pasted: string): { token: string; room: string } | undefined {
  const trimmed = pasted.trim();
  const hash = trimmed.indexOf("#");
  const token = hash >= 0 ? tokenInFragment(trimmed.slice(hash)) : trimmed;
  const claims = token ? claimsOf(token) : undefined;
  if (!token || !claims) return undefined;
  return { token, room: claims.room || roomInLink(trimmed) };
}

function roomInLink(link: string): string {
  const encoded = /\/room\/([^/#?]+)/.exec(link)?.[1];
  try {
    return encoded ? decodeURIComponent(encoded) : "";
  } catch {
    return "";
  }
}
