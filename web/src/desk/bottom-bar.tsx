/** One's own sound: microphone with its level, connection, statistics, leave. */
import { Icon } from "../components/icon";
import { QualityBars } from "../components/quality-bars";
import { milliseconds } from "../lib/format";
import { MicrophoneControl } from "../room/bottom-bar";
import { VoiceMeter } from "../room/voice-meter";
import type { Desk } from "./desk";

export function BottomBar({ desk }: { desk: Desk }) {
  const { session } = desk;
  const live = session.stage.value === "live";
  const self = session.people.self;
  const rtt = session.stats.latest.value && session.stats.series.last("rtt");
  const on = session.devices.microphoneOn;
  return (
    <div class="desk-bar bottom-bar" role="toolbar" aria-label="Your sound">
      <MicrophoneControl session={session} />
      <div class="own-level">
        <span class="own-words truncate" data-testid="own-state" data-microphone={on}>
          {!live ? "Connecting the sound…" : on ? whereHeard(desk) : "Your microphone is off"}
        </span>
        <VoiceMeter meters={session.mix.meters} of={session.identity} label="Your level" />
      </div>
      <span class="grow" />
      <button
        type="button"
        class="own-connection"
        title="Statistics of your connection"
        data-testid="open-connection"
        onClick={() => desk.show("statistics")}
      >
        <QualityBars quality={self?.quality.value} />
        <span class="num faint">{rtt === undefined ? "–" : milliseconds(rtt)}</span>
      </button>
      <button
        type="button"
        class="button plain medium"
        title="Leave the desk; the show goes on"
        data-testid="leave"
        onClick={() => session.leave()}
      >
        <Icon name="leave" size={18} />
        <span class="wide-only">Leave the desk</span>
        <span class="sr-only narrow-only">Leave the desk</span>
      </button>
    </div>
  );
}

/** Who hears one now. */
function whereHeard({ role, own, store, session, fault }: Desk): string {
  const what = fault.value?.what;
  if (what === "connection" || what === "sound") return "Connection lost";
  const only = session.mix.talkingTo.value;
  if (only !== undefined) return session.people.has(only) ? "One caller alone hears you" : "Nobody hears you";
  if (role === "host") return store.groups.value.onAir.length > 0 ? "You are on the air" : "You are alone on the air";
  const call = own.value;
  if (call) return `Line ${call.line} hears you, nobody else`;
  const free = session.people.list.value.some(({ isLocal, identity }) => !isLocal && identity.startsWith("screener-"));
  return free ? "No caller hears you, free screeners do" : "Nobody hears you: pick up a caller";
}
