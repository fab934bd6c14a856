/** One call closely: everything that may be done, what is known of the caller, notes, the line, the voice. */
import type { CallView } from "@crosspoint/client";
import { IconButton } from "../components/button";
import { Icon } from "../components/icon";
import { milliseconds } from "../lib/format";
import { VoiceAlone, VoiceDesk } from "../room/voice-desk";
import { VoiceMeter } from "../room/voice-meter";
import type { Verb } from "../show/api";
import { Badges, CallerName, Elapsed, LineBox, StateChip } from "../show/call-bits";
import { isLive, isOver } from "../show/model";
import { NoteForm } from "../show/note-form";
import { now } from "../show/store";
import { callerDetail, history } from "../show/words";
import type { Desk } from "./desk";
import { useTypedNotes } from "./typing";
import { VerbButton } from "./verb-button";

export function Inspector({ desk }: { desk: Desk }) {
  const call = desk.chosen.value;
  if (!call) {
    return (
      <aside class="inspector empty-inspector" aria-label="Chosen caller" data-testid="inspector">
        <Icon name="phone" size={22} />
        <p>
          Choose a caller to see their notes, and to talk to them alone: with a click, <kbd>1</kbd>–<kbd>0</kbd> for
          lines, or <kbd>↑</kbd> <kbd>↓</kbd>.
        </p>
      </aside>
    );
  }
  return <Chosen key={call.callId} desk={desk} call={call} />;
}

function Chosen({ desk, call }: { desk: Desk; call: CallView }) {
  const { session } = desk;
  const draft = useTypedNotes(desk, call);
  const person = isLive(call) ? session.people.get(call.identity) : undefined;
  return (
    <aside class="inspector" aria-label="Chosen caller" data-testid="inspector" data-call={call.callId}>
      <header class="inspector-head">
        <LineBox call={call} />
        <div class="call-who">
          <CallerName call={call} />
          <span class="call-topic truncate">{callerDetail(call) || `Line ${call.line}`}</span>
        </div>
        <IconButton
          icon="close"
          label="Choose nobody"
          shortcut="Escape"
          size="small"
          onClick={() => desk.choose(undefined)}
        />
      </header>
      <div class="inspector-state">
        <StateChip state={call.state} />
        <Elapsed since={call.endedAt ?? call.stateSince} label="In this state" />
        <Badges call={call} />
        {person && <VoiceMeter meters={session.mix.meters} of={call.identity} label="Level" />}
      </div>
      <Verbs desk={desk} call={call} />
      {person && <VoiceAlone session={session} person={person} />}
      <Past desk={desk} call={call} />
      {isOver(call) ? <p class="muted">{call.endReason || "The call is over."}</p> : null}
      <NoteForm call={call} draft={draft} />
      {person && (
        <details class="inspector-voice" open>
          <summary>Voice</summary>
          <VoiceDesk session={session} person={person} alone={false} />
        </details>
      )}
      <LineFigures desk={desk} call={call} />
    </aside>
  );
}

function Verbs({ desk, call }: { desk: Desk; call: CallView }) {
  const verbs = desk.verbs(call) as Exclude<Verb, "notes">[];
  if (verbs.length === 0) return null;
  return (
    <div class="inspector-verbs">
      {verbs.map((verb, at) => (
        <VerbButton
          key={verb}
          desk={desk}
          call={call}
          verb={verb}
          shape="large"
          kind={at > 0 ? "plain" : verb === "air" ? "air" : "primary"}
        />
      ))}
    </div>
  );
}

/** What was before: warning, ban, how often. */
export function Past({ desk, call }: { desk: Desk; call: CallView }) {
  const caller = call.caller;
  const told = history(caller, now.value);
  const screener = desk.store.nameOf(call.screener);
  return (
    <div class="call-past">
      {caller?.warning && (
        <p class="past-warning" data-testid="caller-warning">
          <Icon name="warning" size={16} />
          <span>{caller.warning}</span>
        </p>
      )}
      {caller?.banned && (
        <p class="past-banned" data-testid="caller-banned">
          <Icon name="ban" size={16} />
          <span>This number is banned: its next calls are turned away.</span>
        </p>
      )}
      <p class="faint" data-testid="caller-history">
        {told || (call.number ? "The first call of this number." : "No history: no number was sent.")}
        {screener && ` Screened by ${screener}.`}
      </p>
      {call.digits && (
        <p class="faint">
          Keyed in: <span class="mono">{call.digits}</span>
        </p>
      )}
      {call.number && (
        <button type="button" class="text-button" data-testid="open-number" onClick={() => desk.show("number")}>
          Warn about or ban this number…
        </button>
      )}
    </div>
  );
}

/** A telephone's frame is 20 ms long. */
const FRAMES_PER_SECOND = 50;

function LineFigures({ desk, call }: { desk: Desk; call: CallView }) {
  const report = desk.store.lines.value.get(call.callId);
  if (!report) return null;
  const figures: [string, string, string][] = [
    ["Delay to the caller", milliseconds(report.backlogMs), "Sound that waits at the telephone company to be played"],
    ["Jitter", milliseconds(report.jitterMs), "How irregular the caller's sound comes"],
    ["Buffer", milliseconds(report.bufferMs), "What is held back to make it regular"],
    [
      "Sound concealed",
      `${(report.concealed / FRAMES_PER_SECOND).toFixed(1)} s`,
      "So much of the caller's sound was lost or late so far, and was filled in or left out",
    ],
  ];
  return (
    <dl class="line-figures" aria-label="Telephone line" data-testid="line-figures">
      {figures.map(([label, value, hint]) => (
        <div key={label} title={hint}>
          <dt>{label}</dt>
          <dd class="num">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
