/**
 * What is wrong between a desk and the server: one fault, however many connections notice it. In: how the sound's connection and
 * the lists do. Out: what to say of both. Pure.
 */
import { exactTime } from "../lib/format";
import type { Repair } from "../room/visit";
import type { Flow } from "../show/events";

/** A fault in words. */
export interface Fault {
  /** `connection`: nothing comes through. `sound`, `lists`: this part alone. `back`: it was, just now. */
  what: "connection" | "sound" | "lists" | "back";
  title: string;
  text: string;
}

/** The fault there is, or was just now. */
export function faultOf(repair: Repair | undefined, flow: Flow): Fault | undefined {
  const lost = flow.state === "lost" ? flow.since : undefined;
  if (repair && "stage" in repair) {
    const { stage, since } = repair;
    if (stage === "media" && lost === undefined) return soundFault(since);
    // Lists that still seem to be told prove nothing: a proxy in between may keep their connection open.
    return connectionFault(Math.min(since, lost ?? since), stage === "signalling");
  }
  // Good news wait until they are true of everything.
  if (lost !== undefined) return listsFault(lost);
  return repair && backFrom(repair.back);
}

function connectionFault(since: number, mayBeHeard: boolean): Fault {
  const sound = mayBeHeard ? " You may still be heard." : "";
  return {
    what: "connection",
    title: `Connection lost at ${exactTime(since)}.`,
    text: `Trying again.${sound} Telephones go on: at the server, or in the telephone company's conference if it is away.`,
  };
}

/** The server answers, but sound does not come through. */
function soundFault(since: number): Fault {
  return {
    what: "sound",
    title: `Your sound is away since ${exactTime(since)}.`,
    text: "Looking for another way. Lists and buttons work, and telephones go on.",
  };
}

function listsFault(since: number): Fault {
  return {
    what: "lists",
    title: `The lists stand still since ${exactTime(since)}.`,
    text: "Trying again; what you press may not arrive. Your sound and the telephones go on.",
  };
}

function backFrom(back: "resumed" | "rejoined"): Fault {
  const text = back === "resumed" ? "Your sound went on." : "Your sound was away for a short while.";
  return { what: "back", title: "Connected again.", text };
}
