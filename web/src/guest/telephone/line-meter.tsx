/** How loud one direction of the line is. Drawn once a frame; nothing is rendered anew. */
import { useEffect, useRef } from "preact/hooks";
import { toUnit } from "../../lib/level";

interface LineMeterProps {
  /** In dBFS; absent: nothing is there. */
  read: () => number | undefined;
  label: string;
  testid: string;
}

/** How much of it is left a frame later, so that short words stay visible. */
const FALL = 0.88;

export function LineMeter({ read, label, testid }: LineMeterProps) {
  const element = useRef<HTMLSpanElement>(null);
  const latest = useRef(read);
  latest.current = read;
  useEffect(() => {
    let frame = 0;
    let shown = 0;
    const draw = () => {
      const level = latest.current() ?? -127;
      shown = Math.max(toUnit(level), shown * FALL);
      element.current?.style.setProperty("--level", shown.toFixed(3));
      if (element.current) element.current.dataset.level = level.toFixed(0);
      frame = requestAnimationFrame(draw);
    };
    draw();
    return () => cancelAnimationFrame(frame);
  }, []);
  return <span ref={element} class="level bar" role="img" aria-label={label} data-testid={testid} />;
}
