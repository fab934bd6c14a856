/** Somebody's connection as three bars. */
import type { Quality } from "@crosspoint/client";

const BARS: Record<Quality, number> = { excellent: 3, good: 2, poor: 1, lost: 0 };
const WORDS: Record<Quality, string> = {
  excellent: "Connection: excellent",
  good: "Connection: good",
  poor: "Connection: poor",
  lost: "Connection: lost",
};

/** `undefined`: nobody knows, because the server does not answer. */
export function QualityBars({ quality }: { quality: Quality | undefined }) {
  const words = quality ? WORDS[quality] : "Connection: unknown";
  const bars = quality ? BARS[quality] : 0;
  return (
    <span class={`quality ${quality ?? "unknown"}`} role="img" aria-label={words} title={words}>
      {[1, 2, 3].map((bar) => (
        <i key={bar} class={bar <= bars ? "on" : ""} />
      ))}
    </span>
  );
}
