/** Why a guest is not in the show any more, or could not come in: what to say, and what to offer. Pure. */
import type { DisconnectReason } from "@crosspoint/client";
import type { IconName } from "../components/icon";
import { sentence } from "../lib/format";

/** `again`: a new call. `rejoin`: the same call, where it was. `retry`: what was refused, once more. */
export type Offer = "again" | "rejoin" | "retry";

/** What the end of a call looks like. */
export interface Ending {
  icon: IconName;
  tone: "plain" | "warning" | "bad";
  title: string;
  text: string;
  /** The code of a refusal. */
  code?: string;
  offer?: Offer;
}

/** The end of a call that had begun. `detail` is what the server said. */
export function endingOf(reason: DisconnectReason, detail: string): Ending {
  switch (reason) {
    case "left":
      return { icon: "leave", tone: "plain", title: "You hung up", text: "Thank you for calling.", offer: "again" };
    case "replaced":
      return {
        icon: "copy",
        tone: "warning",
        title: "Your call goes on elsewhere",
        text: "Another tab or device took your call over, so this one stepped back.",
        code: "replaced",
        offer: "rejoin",
      };
    case "kicked":
      return putOut(detail);
    case "room-closed":
      return over();
    case "unreachable":
      return unreachable();
    case "refused":
      return refusalOf("refused", detail);
  }
}

/** A call that could not begin, or go on. `code` is the server's word, see docs/errors. */
export function refusalOf(code: string, detail: string): Ending {
  if (code === "kicked") return putOut(detail);
  if (code === "room-closed" || code === "room-not-found") return over();
  if (code === "unreachable" || code === "timeout" || code === "closed") return unreachable();
  const known = REFUSALS[code];
  if (known) return { ...known, code };
  const text = sentence(detail) || "The server gave no reason.";
  return { icon: "warning", tone: "bad", title: "That did not work", text, code, offer: "retry" };
}

const BAD_LINK =
  "It has expired, is altered or incomplete (copied only in part?), or was made for another show. Ask whoever gave it to you for a new one.";

const REFUSALS: Partial<Record<string, Omit<Ending, "code">>> = {
  unauthorized: { icon: "key", tone: "bad", title: "This link is no longer good", text: BAD_LINK },
  "token-expired": { icon: "key", tone: "bad", title: "This link has expired", text: "Ask for a new one." },
  forbidden: { icon: "key", tone: "bad", title: "This link does not lead in here", text: BAD_LINK },
  "identity-mismatch": { icon: "key", tone: "bad", title: "This link is somebody else's", text: BAD_LINK },
  "show-not-found": {
    icon: "info",
    tone: "plain",
    title: "This show is not on",
    text: "It has ended, or the link was cut off.",
  },
  "show-closed": {
    icon: "clock",
    tone: "warning",
    title: "The lines are closed",
    text: "The show takes no calls now. Try again when it asks for them.",
    offer: "retry",
  },
  "lines-busy": {
    icon: "phone",
    tone: "warning",
    title: "All lines are busy",
    text: "Many people are calling. Try again in a minute.",
    offer: "retry",
  },
  "server-full": {
    icon: "phone",
    tone: "warning",
    title: "All lines are busy",
    text: "Many people are calling. Try again in a minute.",
    offer: "retry",
  },
  "rate-limited": {
    icon: "clock",
    tone: "warning",
    title: "Too many calls from here",
    text: "Wait a minute, then try again.",
    offer: "retry",
  },
  draining: {
    icon: "refresh",
    tone: "warning",
    title: "The show will be right back",
    text: "The server is restarting. Try again in a moment.",
    offer: "retry",
  },
};

/** A link without which nothing works. */
export function noInvitation(): Ending {
  return {
    icon: "link",
    tone: "plain",
    title: "Call in with your link",
    text: "This address alone is not enough: open the link that the show gave you. If you have none, ask whoever runs the show.",
  };
}

/** What the server says where nobody gave a reason is not worth repeating. */
const NO_REASON = [
  "",
  "kicked",
  "dropped",
  "put out by an administrator",
  "the call was ended",
  "the call is over",
  "hung up",
];
/** With a show end its calls, and then its rooms. */
const SHOW_ENDED = "the show has ended";

function putOut(detail: string): Ending {
  if (detail.trim() === SHOW_ENDED) return over();
  const told = NO_REASON.includes(detail.trim()) ? "" : sentence(detail);
  return {
    icon: "leave",
    tone: "plain",
    title: "Your call has ended",
    text: told || "The show ended the call. Thank you for calling.",
    code: "kicked",
    offer: "again",
  };
}

function over(): Ending {
  return {
    icon: "air",
    tone: "plain",
    title: "The show is over",
    text: "Thank you for calling, and until next time.",
    code: "room-closed",
  };
}

function unreachable(): Ending {
  return {
    icon: "warning",
    tone: "bad",
    title: "The show cannot be reached",
    text: "Check your network. Your place may still be there: try again.",
    code: "unreachable",
    offer: "rejoin",
  };
}
