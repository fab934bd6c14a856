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
  switch (code) {
    case "unreachable":
    case "timeout":
    case "closed":
      return unreachable();
    case "kicked":
      return removed(detail);
    case "room-closed":
      return closed(detail);
    case "unauthorized":
    case "token-expired":
      return {
        ...bad(
          "key",
          "This invitation is no longer good",
          "It has expired, or was made for another server. Ask for a new link.",
        ),
        code,
        offers: ["lobby", "home"],
      };
    case "forbidden":
    case "identity-mismatch":
      return { ...bad("key", "This invitation is for another room", said(detail)), code, offers: ["lobby", "home"] };
    case "room-full":
      return {
        ...warning("people", "The room is full", "Try again when somebody has left."),
        code,
        offers: ["rejoin", "home"],
      };
    case "server-full":
      return {
        ...warning("people", "The server is full", "Try again in a few minutes."),
        code,
        offers: ["rejoin", "home"],
      };
    case "room-locked":
      return {
        ...warning("lock", "The room is locked", "The host lets nobody new in."),
        code,
        offers: ["rejoin", "home"],
      };
    case "wrong-pin":
      return {
        ...warning("lock", "This room asks for a PIN", "You got it with your invitation."),
        code,
        offers: ["pin", "home"],
      };
    case "room-not-found":
      return {
        ...warning("info", "There is no such room", "On this server, rooms are made by its operators."),
        code,
        offers: ["rejoin", "home"],
      };
    case "draining":
      return {
        ...warning("refresh", "The server is restarting", "It will be back in a moment."),
        code,
        offers: ["rejoin", "home"],
      };
    default:
      return { ...bad("warning", "That did not work", said(detail)), code, offers: ["rejoin", "home"] };
  }
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
