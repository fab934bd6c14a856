/** How the voices of callers are treated before they are mixed. The words are those of the room's voice desk. */
import type { VoiceSettings } from "@crosspoint/client";

interface VoiceFieldsProps {
  voice: VoiceSettings;
  change: (part: Partial<VoiceSettings>) => void;
}

type Switch = "autoGainControl" | "noiseSuppression" | "highPass" | "ducks";

const SWITCHES: readonly [Switch, string, string][] = [
  ["autoGainControl", "Automatic gain", "Brings callers to the same loudness"],
  ["noiseSuppression", "Noise suppression", "Takes steady noise away"],
  ["highPass", "High-pass", "Takes rumble below 80 Hz away"],
  ["ducks", "Ducks others", "The others go down while a caller speaks"],
];

/** Where a gate begins that is switched on, in dBFS. */
const FIRST_GATE = -50;

export function VoiceFields({ voice, change }: VoiceFieldsProps) {
  return (
    <fieldset class="plain-fieldset voice-fields">
      <legend class="label">Callers' voices</legend>
      <label class="voice-gain">
        <span>
          Gain <output class="num">{gainOf(voice.gain)}</output>
        </span>
        <input
          type="range"
          min={-24}
          max={24}
          step={1}
          value={voice.gain}
          aria-valuetext={gainOf(voice.gain)}
          data-testid="voice-gain"
          onInput={(event) => change({ gain: event.currentTarget.valueAsNumber })}
        />
      </label>
      <div class="voice-switches">
        {SWITCHES.map(([key, label, hint]) => (
          <Toggle key={key} id={key} label={label} hint={hint} on={voice[key]} set={(on) => change({ [key]: on })} />
        ))}
        <Toggle
          id="noiseGate"
          label="Noise gate"
          hint={`Closes below ${voice.noiseGate ?? FIRST_GATE} dBFS`.replace("-", "−")}
          on={voice.noiseGate !== undefined}
          set={(on) => change({ noiseGate: on ? FIRST_GATE : undefined })}
        />
      </div>
    </fieldset>
  );
}

interface ToggleProps {
  id: string;
  label: string;
  hint: string;
  on: boolean;
  set: (on: boolean) => void;
}

function Toggle({ id, label, hint, on, set }: ToggleProps) {
  return (
    <label class="switch">
      <input
        type="checkbox"
        role="switch"
        aria-checked={on}
        checked={on}
        data-testid={`voice-${id}`}
        onChange={(event) => set(event.currentTarget.checked)}
      />
      <span>
        {label}
        <small>{hint}</small>
      </span>
    </label>
  );
}

function gainOf(gain: number): string {
  const rounded = Math.round(gain);
  return `${rounded < 0 ? "−" : rounded > 0 ? "+" : ""}${Math.abs(rounded)} dB`;
}
