/** How loud somebody is in the mix, or the programme. Drawn by `Meters`, never rendered anew. */
import { useEffect, useRef } from "preact/hooks";
import type { Meters } from "./meters";

export function VoiceMeter({ meters, of, label }: { meters: Meters; of: string; label: string }) {
  const element = useRef<HTMLSpanElement>(null);
  useEffect(() => (element.current ? meters.show(of, element.current) : undefined), [meters, of]);
  return (
    <span ref={element} class="voice-meter" role="img" aria-label={label} data-testid="voice-meter" data-of={of}>
      <i />
      <b />
    </span>
  );
}
