/** The telephone itself: a screen that says where the call stands, keys, and the bar to call and to hang up with. */
import { useEffect, useState } from "preact/hooks";
import { DeviceMenu } from "../../components/device-menu";
import { Icon } from "../../components/icon";
import { adviceOn } from "../../lib/devices";
import { clock } from "../../lib/format";
import { useNow } from "../../lib/hooks";
import { telephone as readable } from "../../show/words";
import { Keypad } from "./keypad";
import { LineMeter } from "./line-meter";
import { toE164 } from "./numbers";
import type { Telephone } from "./telephone";

/** What a caller will find instead of a show. */
export interface Warning {
  title: string;
  text: string;
}

interface PhoneCardProps {
  telephone: Telephone;
  title: string;
  /** Absent: a show. */
  warning: Warning | undefined;
  /** The number that is called. */
  to: string;
  call: () => void;
}

export function PhoneCard({ telephone, title, warning, to, call }: PhoneCardProps) {
  const [wrong, setWrong] = useState(false);
  const dial = () => {
    const fine = toE164(telephone.number.value) !== undefined;
    setWrong(!fine);
    if (fine) call();
    else document.getElementById("phone-number")?.focus();
  };
  return (
    <section class="phone" aria-label="Simulated telephone">
      <div class={`phone-screen ${telephone.stage.value}`}>
        <span class="phone-label">
          <Icon name="phone" size={14} /> Simulated telephone
        </span>
        <State telephone={telephone} title={title} warning={warning} to={to} />
        {telephone.busy ? (
          <Meters telephone={telephone} />
        ) : (
          <NumberField telephone={telephone} wrong={wrong} settle={() => setWrong(false)} />
        )}
        <MicrophoneProblem telephone={telephone} />
      </div>
      <Keypad telephone={telephone} />
      <Bar telephone={telephone} dial={dial} />
    </section>
  );
}

/** What the large words say. */
function wordsOf(telephone: Telephone, title: string, warning: Warning | undefined): { title: string; text: string } {
  switch (telephone.stage.value) {
    case "idle":
      if (telephone.absent.value) return { title: "Not here", text: "This server has no telephone simulator." };
      return warning ? { title: warning.title, text: warning.text } : { title: "Ready", text: `Calls ${title}` };
    case "dialling":
      return { title: "Calling…", text: title };
    case "on":
      if (!telephone.connected.value) return { title: "Line lost", text: "Connecting it again…" };
      return { title: "Connected", text: hearsOf(telephone.verb.value) };
    case "over":
      return { title: telephone.trouble.value?.fault === "ended" ? "Call ended" : "No call", text: "" };
  }
}

/** What the caller hears, by what the telephone company does with the call. */
function hearsOf(verb: string): string {
  switch (verb) {
    case "Conference":
      return "In the telephone company's conference";
    case "Gather":
      return "You are asked to key something in";
    case "Say":
    case "Play":
      return "You hear an announcement";
    default:
      return "You hear what a caller hears";
  }
}

function State({ telephone, title, warning, to }: Omit<PhoneCardProps, "call">) {
  const words = wordsOf(telephone, title, warning);
  const trouble = telephone.trouble.value;
  return (
    <div class="phone-state" aria-live="polite">
      <h1 data-testid="phone-state">{words.title}</h1>
      {telephone.busy && <Clock since={telephone.since.value} />}
      {words.text && <p class="muted phone-words">{words.text}</p>}
      {telephone.announcement.value && (
        <p class="phone-announcement" data-testid="phone-announcement">
          “{telephone.announcement.value}”
        </p>
      )}
      {trouble && trouble.fault !== "absent" && (
        <p
          class={trouble.fault === "ended" ? "muted" : "phone-trouble"}
          data-testid="phone-trouble"
          data-fault={trouble.fault}
        >
          {trouble.text}
        </p>
      )}
      {telephone.busy && (
        <p class="faint num phone-route">
          {telephone.number.value} <Icon name="right" size={14} /> {readable(to)}
        </p>
      )}
    </div>
  );
}

function Clock({ since }: { since: number }) {
  const now = useNow(500);
  return (
    <p class="phone-clock num" role="timer" data-testid="phone-clock">
      {clock(since ? now - since : 0)}
    </p>
  );
}

function Meters({ telephone }: { telephone: Telephone }) {
  const muted = telephone.muted.value;
  return (
    <div class="phone-meters">
      <Icon name="volume" size={16} />
      <LineMeter read={() => telephone.handset.value?.levels.heard} label="What you hear" testid="phone-heard" />
      <Icon name={muted ? "mic-off" : "mic"} size={16} />
      <LineMeter
        read={() => (muted ? -127 : telephone.handset.value?.levels.said)}
        label="Your microphone"
        testid="phone-said"
      />
    </div>
  );
}

interface NumberFieldProps {
  telephone: Telephone;
  wrong: boolean;
  settle: () => void;
}

function NumberField({ telephone, wrong, settle }: NumberFieldProps) {
  return (
    <div class="field phone-number">
      <div class="label-row">
        <label for="phone-number">Calls from</label>
        <button
          type="button"
          class="text-button"
          data-testid="phone-renumber"
          onClick={() => {
            settle();
            telephone.renumber();
          }}
        >
          Another number
        </button>
      </div>
      <input
        id="phone-number"
        class="input num"
        type="tel"
        autocomplete="off"
        list="phone-numbers"
        maxLength={24}
        value={telephone.number.value}
        aria-invalid={wrong ? "true" : undefined}
        aria-describedby="phone-number-hint"
        data-testid="phone-number"
        onInput={(event) => {
          settle();
          telephone.number.value = event.currentTarget.value;
        }}
      />
      <datalist id="phone-numbers">
        {telephone.known.map((number) => (
          <option key={number} value={readable(number)} />
        ))}
      </datalist>
      <span id="phone-number-hint" class={wrong ? "field-error" : "field-hint"} role={wrong ? "alert" : undefined}>
        {wrong
          ? "A number with its country: +1 415 555 0123."
          : "Made up. Keep it, and the show knows you as a regular."}
      </span>
    </div>
  );
}

function MicrophoneProblem({ telephone }: { telephone: Telephone }) {
  const problem = telephone.problem.value;
  const handset = telephone.handset.value;
  if (handset?.silent.value) {
    return (
      <button type="button" class="phone-sound" data-testid="phone-sound" onClick={() => void handset.resume()}>
        <Icon name="volume" size={18} /> Your browser holds the sound back. Turn it on
      </button>
    );
  }
  if (!problem) return null;
  const advice = adviceOn(problem, "microphone");
  return (
    <div class="phone-problem" role="alert" data-testid="phone-microphone-problem">
      <Icon name="warning" size={18} />
      <div>
        <strong>{advice.title}</strong>
        <p class="muted">You hear the call, and nobody hears you. {advice.text}</p>
        <button type="button" class="text-button" onClick={() => void telephone.chooseMicrophone("")}>
          Try again
        </button>
      </div>
    </div>
  );
}

function Bar({ telephone, dial }: { telephone: Telephone; dial: () => void }) {
  const muted = telephone.muted.value;
  return (
    <div class="phone-bar">
      <button
        type="button"
        class="phone-side"
        aria-pressed={muted}
        data-testid="phone-mute"
        onClick={telephone.toggleMute}
      >
        <Icon name={muted ? "mic-off" : "mic"} size={22} />
        <span>{muted ? "Unmute" : "Mute"}</span>
      </button>
      {telephone.busy ? (
        <button
          type="button"
          class="phone-round hang-up"
          data-testid="phone-hang-up"
          onClick={() => telephone.hangUp()}
        >
          <Icon name="leave" size={28} />
          <span class="sr-only">Hang up</span>
        </button>
      ) : (
        <button
          type="button"
          class="phone-round call"
          data-testid="phone-call"
          disabled={telephone.absent.value}
          onClick={dial}
        >
          <Icon name="leave" size={28} />
          <span class="sr-only">Call</span>
        </button>
      )}
      <Devices telephone={telephone} />
    </div>
  );
}

function Devices({ telephone }: { telephone: Telephone }) {
  // The menu asks for devices anew when it opens; before a call there is none in use.
  const [, look] = useState(0);
  const handset = telephone.handset.value;
  useEffect(() => look((before) => before + 1), [handset]);
  return (
    <span class="phone-side phone-devices">
      <DeviceMenu
        kind="microphone"
        current={handset?.deviceId ?? ""}
        onChoose={(id) => void telephone.chooseMicrophone(id)}
        class="phone-devices-button"
      >
        <Icon name="mixer" size={22} />
      </DeviceMenu>
      <span aria-hidden="true">Microphone</span>
    </span>
  );
}
