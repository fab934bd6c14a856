/** Why one is not in the room any more, or never was: what to say, and what to offer. */
import type { DisconnectReason } from "@crosspoint/client";
import type { IconName } from "../components/icon";
import { sentence } from "../lib/format";

/** What the end of a visit looks like. */
export interface Ending {
  icon: IconName;
  tone: "plain" | "warning" | "bad";
  title: string;
  text: string;
  /** The code of a refusal. */
  code?: string;
  /** What makes sense next. */
  offers: readonly Offer[];
}

/** `rejoin`: the same token again; `lobby`: choose anew, with another token; `pin`: ask for the room's PIN. */
export type Offer = "rejoin" | "lobby" | "pin" | "home";

/** The end of a visit that had begun. */
export function endingOf(reason: DisconnectReason, detail: string): Ending {
  switch (reason) {
    case "left":
      return {
        icon: "leave",
        tone: "plain",
        title: "You left the room",
        text: "See you next time.",
        offers: ["rejoin", "home"],
      };
    case "replaced":
      return {
        icon: "copy",
        tone: "warning",
        title: "You are in this room elsewhere",
        text: "Another tab or device joined as you, so this one stepped back.",
        code: "replaced",
        offers: ["rejoin", "home"],
      };
    case "kicked":
      return removed(detail);
    case "room-closed":
      return closed(detail);
    case "unreachable":
      return unreachable();
    case "refused":
      return refusalOf("refused", detail);
  }
}

/** The end of a visit that could not begin. `code` is the server's word, see docs/errors. */
export function refusalOf(code: string, detail: string): Ending {
  if (code === "unreachable" || code === "timeout" || code === "closed") return unreachable();
  if (code === "kicked") return removed(detail);
  if (code === "room-closed") return closed(detail);
  const known = REFUSALS[code];
  if (known) return { ...known, code, text: known.text || said(detail) };
  return { ...bad("warning", "That did not work", said(detail)), code, offers: ["rejoin", "home"] };
}

/** Refusals that have words of their own; without a text the server's detail stands there. */
const REFUSALS: Partial<Record<string, Omit<Ending, "code">>> = {
  unauthorized: invitation(
    "This invitation is no longer good",
    "It has expired, or was made for another server. Ask for a new link.",
  ),
  "token-expired": invitation("This invitation has expired", "Ask for a new link."),
  forbidden: invitation("This invitation is for another room", ""),
  "identity-mismatch": invitation("This invitation is for somebody else", ""),
  "room-full": again("people", "The room is full", "Try again when somebody has left."),
  "server-full": again("people", "The server is full", "Try again in a few minutes."),
  "room-locked": again("lock", "The room is locked", "The host lets nobody new in."),
  "wrong-pin": {
    ...warning("lock", "This room asks for a PIN", "You got it with your invitation."),
    offers: ["pin", "home"],
  },
  "room-not-found": again("info", "There is no such room", "On this server, rooms are made by its operators."),
  draining: again("refresh", "The server is restarting", "It will be back in a moment."),
};

function invitation(title: string, text: string): Omit<Ending, "code"> {
  return { ...bad("key", title, text), offers: ["lobby", "home"] };
}

function again(icon: IconName, title: string, text: string): Omit<Ending, "code"> {
  return { ...warning(icon, title, text), offers: ["rejoin", "home"] };
}

function removed(detail: string): Ending {
  return {
    ...bad("kick", "You were removed from the room", reason(detail, "A host put you out.")),
    code: "kicked",
    offers: ["home"],
  };
}

function closed(detail: string): Ending {
  return {
    ...warning("leave", "The room was closed", reason(detail, "The host ended it for everybody.")),
    code: "room-closed",
    offers: ["home"],
  };
}

function unreachable(): Ending {
  return {
    ...bad(
      "warning",
      "The server cannot be reached",
      "Check your network. Your place is kept: joining again takes one click.",
    ),
    code: "unreachable",
    offers: ["rejoin", "home"],
  };
}

function warning(icon: IconName, title: string, text: string) {
  return { icon, tone: "warning", title, text } as const;
}

function bad(icon: IconName, title: string, text: string) {
  return { icon, tone: "bad", title, text } as const;
}

/** What an admin wrote; the server's own words for nothing are not worth repeating. */
function reason(detail: string, otherwise: string): string {
  const usual = ["", "kicked", "closed", "put out by an administrator", "closed by an administrator"];
  return usual.includes(detail.trim()) ? otherwise : said(detail);
}

function said(detail: string): string {
  return sentence(detail) || "The server gave no reason.";
}
