/** A guest's page while the call is on: in large words where one is and who hears one; below, the few things there are to do. */
import { useEffect, useRef, useState } from "preact/hooks";
import { DeviceMenu } from "../components/device-menu";
import { Icon } from "../components/icon";
import { LevelMeter } from "../components/level-meter";
import { QualityBars } from "../components/quality-bars";
import { adviceOn } from "../lib/devices";
import { clock, names } from "../lib/format";
import { useNow } from "../lib/hooks";
import { StatisticsDialog } from "../room/statistics-dialog";
import type { Facts } from "./facts";
import type { GuestCall } from "./guest-call";
import { GuestHead } from "./guest-head";
import "./live-call.css";
import { PLACES, textOf } from "./place";

export function LiveCall({ call, facts }: { call: GuestCall; facts: Facts }) {
  const { title } = facts;
  const place = call.place.value;
  const words = place && PLACES[place];
  useEffect(() => {
    document.title = `${place === "on-air" ? "● " : ""}${words?.title ?? "Connecting"} · ${title}`;
  }, [place, words, title]);
  const [figures, setFigures] = useState(false);
  useNudge(call);
  return (
    <div
      class={`page guest guest-live ${place ?? ""}`}
      data-testid="guest-call"
      data-place={place}
      data-muted={call.muted.value}
      data-repair={call.repair.value}
    >
      <GuestHead>
        <span class="guest-title">
          <strong class="truncate">{title}</strong>
          <Clock since={call.since} />
          <button
            type="button"
            class="guest-quality"
            title="Your connection in figures"
            data-testid="guest-quality"
            data-quality={call.quality.value ?? "unknown"}
            onClick={() => setFigures(true)}
          >
            <QualityBars quality={call.quality.value} />
          </button>
        </span>
      </GuestHead>
      <main class="guest-main">
        <Notices call={call} />
        <section class="guest-place" aria-live="assertive">
          <span class="guest-lamp" aria-hidden="true">
            <Icon name={words?.icon ?? "clock"} size={44} />
          </span>
          <h1 data-testid="guest-state">{words?.title ?? "Connecting…"}</h1>
          <p class="guest-text">{words ? textOf(words, facts.lobbyHearsShow) : "Your place is being found."}</p>
          <Heard call={call} />
        </section>
        <Meters call={call} />
      </main>
      <Bar call={call} />
      {figures && <StatisticsDialog session={call.observed} close={() => setFigures(false)} />}
    </div>
  );
}

/** Who looks away is told by the telephone itself that somebody hears them now. Where it can do that. */
function useNudge(call: GuestCall): void {
  const before = useRef(call.audible.value);
  const audible = call.audible.value;
  useEffect(() => {
    if (audible && !before.current) navigator.vibrate?.(180);
    before.current = audible;
  }, [audible]);
}

function Clock({ since }: { since: number }) {
  const now = useNow(1000);
  return (
    <span class="num guest-clock" data-testid="guest-clock">
      {clock(now - since)}
    </span>
  );
}

/** Who hears the guest. A microphone that is off is said where it matters: while somebody would hear it. */
function Heard({ call }: { call: GuestCall }) {
  const place = call.place.value;
  if (!place) return null;
  const silent = call.audible.value && (call.muted.value || !call.voice.value);
  const icon = call.audible.value && !silent ? "mic" : "mic-off";
  return (
    <p class={silent ? "guest-heard silent" : "guest-heard"} data-testid="guest-heard">
      <Icon name={icon} size={18} />
      {silent ? "Microphone off: nobody hears you" : PLACES[place].heard}
    </p>
  );
}

function Meters({ call }: { call: GuestCall }) {
  const talking = call.talking.value;
  const told = talking.length > 0 ? names(talking) : "";
  return (
    <section class="guest-meters" aria-label="Levels">
      <span class="guest-meter">
        <Icon name="volume" size={18} />
        <span class="truncate" data-testid="guest-talking">
          {told || "What you hear"}
        </span>
        <LevelMeter track={call.heard.value} label="Level of what you hear" />
      </span>
      <span class="guest-meter">
        <Icon name={call.muted.value ? "mic-off" : "mic"} size={18} />
        <span>You</span>
        <LevelMeter track={call.muted.value ? undefined : call.voice.value} label="Level of your microphone" />
      </span>
    </section>
  );
}

function Notices({ call }: { call: GuestCall }) {
  const problem = call.problem.value;
  const advice = problem && adviceOn(problem, "microphone");
  const repair = call.repair.value;
  return (
    <div class="guest-notices" aria-live="assertive">
      {repair && (
        <div class={`guest-notice ${repair}`} data-testid="guest-repair">
          {repair === "lost" ? <span class="spinner" aria-hidden="true" /> : <Icon name="check" size={18} />}
          <span>
            {repair === "lost" ? "Connection lost. Your place is kept; connecting again…" : "You are connected again."}
          </span>
        </div>
      )}
      {!call.canPlayAudio.value && (
        <button type="button" class="guest-notice action" data-testid="guest-sound" onClick={call.startAudio}>
          <Icon name="volume" size={18} />
          <span>Tap here to hear the show</span>
        </button>
      )}
      {call.asking.value && (
        <div class="guest-notice" data-testid="guest-asking">
          <Icon name="mic-off" size={18} />
          <span>Your browser asks whether it may use the microphone. Until you allow it, nobody hears you.</span>
        </div>
      )}
      {advice && (
        <div class="guest-notice problem" role="alert" data-testid="guest-microphone-problem" data-problem={problem}>
          <Icon name="warning" size={18} />
          <span>
            <strong>{advice.title}.</strong> {problem === "missing" ? "Plug one in, then try again." : advice.text}
          </span>
          <button
            type="button"
            class="button plain small"
            data-testid="guest-microphone-retry"
            onClick={() => void call.retryMicrophone()}
          >
            Try again
          </button>
        </div>
      )}
    </div>
  );
}

function Bar({ call }: { call: GuestCall }) {
  const muted = call.muted.value;
  return (
    <footer class="guest-bar">
      <button
        type="button"
        class="guest-button"
        aria-pressed={muted}
        disabled={call.busy.value || !call.voice.value}
        data-testid="guest-mute"
        onClick={() => void call.toggleMute()}
      >
        <span class="guest-round">
          <Icon name={muted ? "mic-off" : "mic"} size={26} />
        </span>
        {muted ? "Unmute" : "Mute"}
      </button>
      <button type="button" class="guest-button hang-up" data-testid="guest-hang-up" onClick={call.hangUp}>
        <span class="guest-round">
          <Icon name="leave" size={30} />
        </span>
        Hang up
      </button>
      <div class="guest-button">
        <DeviceMenu
          kind="microphone"
          current={call.deviceId}
          onChoose={(id) => void call.chooseMicrophone(id)}
          class="guest-round"
        >
          <Icon name="mixer" size={24} />
        </DeviceMenu>
        <span aria-hidden="true">Microphone</span>
      </div>
    </footer>
  );
}
