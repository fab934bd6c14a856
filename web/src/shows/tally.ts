/** A show's calls in numbers. Pure. */
import type { CallState, CallView } from "@crosspoint/client";

/** How many calls are where. */
export interface Tally {
  /** Ringing, being talked to, or parked: in the hands of the screeners. */
  screening: number;
  /** Approved. */
  waiting: number;
  onAir: number;
  hold: number;
}

const NONE: Tally = { screening: 0, waiting: 0, onAir: 0, hold: 0 };

const PARTS: Record<CallState, keyof Tally | undefined> = {
  ringing: "screening",
  screening: "screening",
  screened: "screening",
  waiting: "waiting",
  next: "waiting",
  "on-air": "onAir",
  hold: "hold",
  off: undefined,
  dropped: undefined,
};

/** Counts calls; those that are over do not count. */
export function tallyOf(calls: readonly CallView[]): Tally {
  const tally = { ...NONE };
  for (const { state } of calls) {
    const part = PARTS[state];
    if (part) tally[part] += 1;
  }
  return tally;
}

/** All calls that are not over. */
export function linesIn({ screening, waiting, onAir, hold }: Tally): number {
  return screening + waiting + onAir + hold;
}

/** The calls that are over, the latest first. */
export function overOf(calls: readonly CallView[]): CallView[] {
  return calls.filter(({ endedAt }) => endedAt !== undefined).sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0));
}

/** What became of a call, in a word. */
export function outcomeOf({ state, airedAt }: CallView): "aired" | "dropped" | "hung up" {
  if (airedAt !== undefined) return "aired";
  return state === "dropped" ? "dropped" : "hung up";
}

/** Why it ended, as far as the outcome does not say it already. */
export function reasonOf(call: CallView): string {
  const outcome = outcomeOf(call);
  const reason = call.endReason?.trim() ?? "";
  return reason.startsWith(outcome) ? reason.slice(outcome.length).trim() : reason;
}
