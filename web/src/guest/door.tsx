/** Before a guest's call: who they are, what it is about, and whether the microphone works. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { Button } from "../components/button";
import { DeviceMenu } from "../components/device-menu";
import { Icon } from "../components/icon";
import { LevelMeter } from "../components/level-meter";
import type { ApiError } from "../lib/api";
import { choices, choose } from "../lib/choices";
import { adviceOn, microphones } from "../lib/devices";
import type { PreviewDevice } from "../lobby/preview";
import { CallingIn, type Step } from "./calling-in";
import { refusalOf } from "./ending";
import { GuestHead } from "./guest-head";

interface DoorProps {
  show: string;
  title: string;
  /** The link is known to be good, or nobody says: before, no browser asks for a microphone. */
  asked: boolean;
  invite: string;
  microphone: PreviewDevice;
  /** The door stays shut whatever the guest does. */
  refused: (code: string, detail: string) => void;
}

export function Door({ show, title, asked, invite, microphone, refused }: DoorProps) {
  const [name, setName] = useState(() => choices().name);
  const [topic, setTopic] = useState("");
  const [complaint, setComplaint] = useState(false);
  const calling = useMemo(() => new CallingIn(show, invite, microphone, refused), [show, invite, microphone]);
  useEffect(() => () => calling.close(), [calling]);
  useEffect(() => {
    document.title = `Call in · ${title}`;
  }, [title]);
  useEffect(() => {
    if (asked) void calling.ask();
  }, [calling, asked]);
  const step = calling.step.value;
  const problem = calling.problem.value;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const about = topic.trim();
    const caller = { name: name.trim(), ...(about ? { topic: about } : {}) };
    setComplaint(caller.name === "");
    if (caller.name === "") return document.getElementById("guest-name")?.focus();
    choose({ name: caller.name });
    void calling.call(caller);
  };
  return (
    <div class="page guest" data-testid="guest-door" data-step={step}>
      <GuestHead />
      <main class="guest-door">
        <div class="guest-door-words">
          <p class="guest-kicker">Call in to</p>
          <h1>{title}</h1>
          <p class="muted">
            You talk to a screener first. Then you wait in line, and hear the show until it is your turn.
          </p>
        </div>
        <form class="guest-form" onSubmit={submit} noValidate>
          <NameField name={name} setName={setName} complaint={complaint} />
          <div class="field">
            <label for="guest-topic">What do you want to talk about?</label>
            <textarea
              id="guest-topic"
              class="input"
              rows={2}
              maxLength={200}
              placeholder="In a sentence; you can leave it out"
              data-testid="guest-topic"
              value={topic}
              onInput={(event) => setTopic(event.currentTarget.value)}
            />
          </div>
          <MicrophoneCard microphone={microphone} calling={calling} />
          {problem && <Refusal problem={problem} />}
          <Button kind="primary" size="large" icon="phone" type="submit" busy={step !== "form"} testid="guest-call-in">
            {step === "form" ? (problem ? "Try again" : "Call in") : LABELS[step]}
          </Button>
        </form>
      </main>
    </div>
  );
}

const LABELS: Record<Exclude<Step, "form">, string> = {
  microphone: "Waiting for your microphone…",
  seat: "Calling…",
};

interface NameFieldProps {
  name: string;
  setName: (name: string) => void;
  complaint: boolean;
}

function NameField({ name, setName, complaint }: NameFieldProps) {
  const wrong = complaint && name.trim() === "";
  return (
    <div class="field">
      <label for="guest-name">Your name</label>
      <input
        id="guest-name"
        class="input"
        maxLength={64}
        autocomplete="name"
        placeholder="As the host should call you"
        data-testid="guest-name"
        value={name}
        aria-invalid={wrong ? "true" : undefined}
        aria-describedby={wrong ? "guest-name-error" : undefined}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      {wrong && (
        <span id="guest-name-error" class="field-error" role="alert">
          The host would like to know your name.
        </span>
      )}
    </div>
  );
}

function MicrophoneCard({ microphone, calling }: { microphone: PreviewDevice; calling: CallingIn }) {
  const track = microphone.track.value;
  const problem = microphone.problem.value;
  const current = microphones.value.find(({ id }) => id === microphone.deviceId)?.label;
  const advice = problem && adviceOn(problem, "microphone");
  return (
    <section
      class="guest-microphone"
      aria-label="Microphone"
      data-testid="guest-microphone"
      data-on={track ? "true" : "false"}
    >
      <div class="guest-microphone-row">
        <Icon name={track ? "mic" : "mic-off"} size={20} />
        <span class="truncate grow">
          {track ? (current ?? "Microphone") : microphone.asking.value ? "Asking…" : "Microphone off"}
        </span>
        {track && (
          <DeviceMenu
            kind="microphone"
            current={microphone.deviceId}
            onChoose={(id) => void microphone.switchTo(id)}
            class="guest-devices"
          />
        )}
      </div>
      {track && (
        <>
          <LevelMeter track={track.mediaStreamTrack} label="Microphone level" />
          <p class="field-hint">Say something: the bar should move. Headphones make it sound best.</p>
        </>
      )}
      {!track && microphone.asking.value && (
        <p class="field-hint" role="status" data-testid="guest-asking">
          Your browser asks whether it may use the microphone.
          {calling.step.value === "microphone" && " Allow it, and the call begins."}
        </p>
      )}
      {advice && (
        <div class="guest-advice" role="alert" data-testid="device-problem" data-problem={problem}>
          <strong>{advice.title}</strong>
          <p class="muted">
            You have not called yet: a call needs a voice.{" "}
            {problem === "missing" ? "Plug one in, then try again." : advice.text}
          </p>
          <Button size="small" icon="refresh" onClick={() => void calling.ask()} testid="guest-microphone-retry">
            Try again
          </Button>
        </div>
      )}
    </section>
  );
}

function Refusal({ problem }: { problem: ApiError }) {
  const { icon, title, text } = refusalOf(problem.code, problem.message);
  return (
    <div class="guest-refusal" role="alert" data-testid="guest-refusal" data-code={problem.code}>
      <Icon name={icon} size={20} />
      <div>
        <strong>{title}</strong>
        <p class="muted">{text}</p>
      </div>
    </div>
  );
}
