/** What a host does with somebody's voice: loudness, treatment, and the two ways to be with them alone. */
import type { VoiceSettings } from "@crosspoint/client";
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../components/icon";
import { notify } from "../components/toast";
import type { Person } from "./people";
import type { RoomSession } from "./session";

/** Where a gate begins that is switched on, in dBFS. */
const FIRST_GATE = -50;
/** A press that is shorter stays on until the next one; a longer one ends with it. In milliseconds. */
const LATCH = 350;

type Switch = "autoGainControl" | "noiseSuppression" | "highPass" | "ducks";

const SWITCHES: readonly [Switch, string, string][] = [
  ["autoGainControl", "Automatic gain", "Brings speech to the same loudness"],
  ["noiseSuppression", "Noise suppression", "Takes steady noise away"],
  ["highPass", "High-pass", "Takes rumble below 80 Hz away"],
  ["ducks", "Ducks others", "The others go down while this voice speaks"],
];

/** What there must be of a visit: the desk of a show has another one. */
export type VoiceSession = Pick<RoomSession, "mix" | "devices">;

interface VoiceDeskProps {
  session: VoiceSession;
  person: Person;
  /** With the buttons to be with them alone, where they do not stand elsewhere. */
  alone?: boolean;
}

export function VoiceDesk({ session, person, alone = true }: VoiceDeskProps) {
  const { identity, name, isLocal } = person;
  const voice = session.mix.voice(identity);
  if (!voice) return null;
  const change = (part: Partial<VoiceSettings>) => session.mix.setVoice(identity, part);
  return (
    <fieldset class="voice-desk" data-testid="voice-desk" aria-label={`${name}'s voice`}>
      {alone && !isLocal && <VoiceAlone session={session} person={person} />}
      <Slider
        label="Gain"
        value={voice.gain}
        min={-60}
        max={24}
        rest={0}
        unit={(value) => (value <= -60 ? "silent" : `${signed(value)} dB`)}
        testid="voice-gain"
        change={(gain) => change({ gain })}
      />
      {SWITCHES.map(([key, label, hint]) => (
        <Toggle
          key={key}
          label={label}
          hint={hint}
          testid={`voice-${key}`}
          on={voice[key]}
          change={(on) => change({ [key]: on })}
        />
      ))}
      <Toggle
        label="Noise gate"
        hint="Closes below a level"
        testid="voice-noiseGate"
        on={voice.noiseGate !== undefined}
        change={(on) => change({ noiseGate: on ? FIRST_GATE : undefined })}
      >
        {voice.noiseGate !== undefined && (
          <Slider
            label="Closes below"
            value={voice.noiseGate}
            min={-90}
            max={0}
            rest={FIRST_GATE}
            unit={(value) => `${signed(value)} dBFS`}
            testid="voice-gate-level"
            change={(noiseGate) => change({ noiseGate })}
          />
        )}
      </Toggle>
    </fieldset>
  );
}

/** The two ways to be with somebody alone. */
export function VoiceAlone({ session, person }: { session: VoiceSession; person: Person }) {
  return (
    <div class="voice-alone">
      <ListenButton session={session} person={person} />
      <TalkButton session={session} person={person} />
    </div>
  );
}

function ListenButton({ session: { mix }, person: { identity, name } }: { session: VoiceSession; person: Person }) {
  const on = mix.preFade.value === identity;
  return (
    <button
      type="button"
      class="button plain small"
      aria-pressed={on}
      title={`Hear ${name} on the air or not: also while on hold`}
      data-testid="listen-person"
      onClick={() => void mix.toggleListen(identity)}
    >
      <Icon name="headphones" size={16} />
      <span class="truncate">{on ? "Listening" : "Pre-listen"}</span>
    </button>
  );
}

/** Talks while it is held down; a short press stays on until the next one. */
function TalkButton({ session, person: { identity, name } }: { session: VoiceSession; person: Person }) {
  const { mix, devices } = session;
  const on = mix.talkingTo.value === identity;
  const pressed = useRef<{ at: number; was: boolean } | undefined>(undefined);
  const press = () => {
    if (pressed.current) return;
    pressed.current = { at: Date.now(), was: on };
    if (on) return;
    if (!devices.microphoneOn) notify("Your microphone is off: turn it on to be heard.", "warning");
    mix.talkTo(identity);
  };
  const release = () => {
    const press = pressed.current;
    pressed.current = undefined;
    if (press && (press.was || Date.now() - press.at > LATCH)) mix.talkTo(undefined);
  };
  const isKey = ({ key }: KeyboardEvent) => key === " " || key === "Enter";
  return (
    <button
      type="button"
      class="button plain small talk"
      aria-pressed={on}
      title={`Talk to ${name} alone: hold, or press once to stay on`}
      data-testid="talk-person"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        press();
      }}
      onPointerUp={release}
      onPointerCancel={release}
      onKeyDown={(event) => {
        if (!isKey(event)) return;
        event.preventDefault();
        press();
      }}
      onKeyUp={(event) => isKey(event) && release()}
      onBlur={release}
      onContextMenu={(event) => event.preventDefault()}
    >
      <Icon name="talk" size={16} />
      <span class="truncate">{on ? "Talking" : "Talk to"}</span>
    </button>
  );
}

interface ToggleProps {
  label: string;
  hint: string;
  on: boolean;
  testid: string;
  change: (on: boolean) => void;
  children?: ComponentChildren;
}

function Toggle({ label, hint, on, testid, change, children }: ToggleProps) {
  return (
    <>
      <label class="switch small" title={hint}>
        <span class="grow">{label}</span>
        <input
          type="checkbox"
          role="switch"
          aria-checked={on}
          checked={on}
          data-testid={testid}
          onChange={(event) => change(event.currentTarget.checked)}
        />
      </label>
      {children}
    </>
  );
}

interface SliderProps {
  label: string;
  value: number;
  min: number;
  max: number;
  /** Where a double click puts it. */
  rest: number;
  unit: (value: number) => string;
  testid: string;
  change: (value: number) => void;
}

/** A slider that shows the hand's value while it is dragged, and the room's otherwise. */
function Slider({ label, value, min, max, rest, unit, testid, change }: SliderProps) {
  const [dragged, setDragged] = useState<number>();
  const shown = dragged ?? value;
  // The room has caught up, or somebody else's hand was later.
  useEffect(() => setDragged(undefined), [value]);
  const set = (next: number) => {
    setDragged(next);
    change(next);
  };
  return (
    <label class="slider">
      <span class="slider-head">
        <span>{label}</span>
        <output class="num">{unit(shown)}</output>
      </span>
      <input
        type="range"
        min={min}
        max={max}
        step={1}
        value={shown}
        aria-valuetext={unit(shown)}
        style={{ "--share": String((shown - min) / (max - min)) }}
        data-testid={testid}
        onInput={(event) => set(event.currentTarget.valueAsNumber)}
        onDblClick={() => set(rest)}
      />
    </label>
  );
}

function signed(value: number): string {
  const rounded = Math.round(value);
  return rounded < 0 ? `−${-rounded}` : rounded > 0 ? `+${rounded}` : "0";
}
