/** Whether a show takes calls, and who carries its telephones where that is not this server. */
import type { ShowView } from "@crosspoint/client";

export type ShowState = "open" | "closed" | "ended";

export function stateOf({ open, endedAt }: ShowView): ShowState {
  if (endedAt !== undefined) return "ended";
  return open ? "open" : "closed";
}

const WORDS: Record<ShowState, string> = { open: "takes calls", closed: "lines closed", ended: "ended" };
const TONES: Record<ShowState, string> = { open: "chip ok", closed: "chip warn", ended: "chip" };

export function StateChip({ show }: { show: ShowView }) {
  const state = stateOf(show);
  return (
    <span class="chips">
      <span class={TONES[state]}>{WORDS[state]}</span>
      {show.media === "conference" && state !== "ended" && (
        <span class="chip bad" title="The telephone company's conference carries the telephones, not this server">
          fallback
        </span>
      )}
    </span>
  );
}
