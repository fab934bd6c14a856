/** What a mixed room says above its people: how loud the programme is, and what one hears. */
import type { Hears } from "@crosspoint/client";
import { PROGRAMME } from "./meters";
import type { RoomSession } from "./session";
import { VoiceMeter } from "./voice-meter";

const CHOICES: readonly [Hears, string][] = [
  ["mix", "The mix"],
  ["tracks", "Each voice"],
];

/** What one hears where it is not one's own choice. */
const DECIDED: Partial<Record<Hears, string>> = {
  hold: "A host has you wait: you hear what those who wait are played.",
  nothing: "A host decided that you hear nothing for now.",
};

export function MixHead({ session: { mix, isAdmin } }: { session: RoomSession }) {
  const hears = mix.hears.value;
  const decided = DECIDED[hears];
  return (
    <section class="mix-head" aria-label="The mix" data-testid="mix-head">
      <div class="mix-programme">
        <span class="faint">Programme</span>
        <VoiceMeter meters={mix.meters} of={PROGRAMME} label="Level of the programme" />
      </div>
      {decided && <p class="field-hint">{decided}</p>}
      {(!decided || isAdmin) && (
        <fieldset class="plain-fieldset">
          <legend class="sr-only">What you hear</legend>
          <div class="choice">
            {CHOICES.map(([value, label]) => (
              <label key={value}>
                <input
                  type="radio"
                  name="hears"
                  value={value}
                  data-testid={`hear-${value}`}
                  checked={hears === value}
                  onChange={() => void mix.listen(value)}
                />
                {label}
              </label>
            ))}
          </div>
        </fieldset>
      )}
    </section>
  );
}
