/** Somebody's connection as three bars. */
import type { Quality } from "@crosspoint/client";

const BARS: Record<Quality, number> = { excellent: 3, good: 2, poor: 1, lost: 0 };
const WORDS: Record<Quality, string> = {
  excellent: "Connection: excellent",
  good: "Connection: good",
  poor: "Connection: poor",
  lost: "Connection: lost",
};

export function QualityBars({ quality }: { quality: Quality }) {
  return (
    <span class={`quality ${quality}`} role="img" aria-label={WORDS[quality]} title={WORDS[quality]}>
      {[1, 2, 3].map((bar) => (
        <i key={bar} class={bar <= BARS[quality] ? "on" : ""} />
      ))}
    </span>
  );
}
