/** How loud a captured track is, live. Writes one CSS variable per frame; nothing is rendered anew. */
import { useEffect, useRef } from "preact/hooks";
import { meterOf } from "../lib/level";

interface LevelMeterProps {
  track: MediaStreamTrack | undefined;
  /** `bar` lies along a width, `ring` stands in a small button. */
  shape?: "bar" | "dots";
  label: string;
}

export function LevelMeter({ track, shape = "bar", label }: LevelMeterProps) {
  const element = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const target = element.current;
    if (!track || !target) return;
    const meter = meterOf(track);
    let frame = 0;
    const draw = () => {
      target.style.setProperty("--level", meter.read().toFixed(3));
      frame = requestAnimationFrame(draw);
    };
    draw();
    return () => {
      cancelAnimationFrame(frame);
      meter.stop();
      target.style.setProperty("--level", "0");
    };
  }, [track]);
  return (
    <span class={`level ${shape}`} ref={element} role="img" aria-label={label} data-testid="level-meter">
      {shape === "dots" && [0, 1, 2].map((dot) => <i key={dot} />)}
    </span>
  );
}
