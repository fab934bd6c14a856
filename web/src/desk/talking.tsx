/** Whom a screener talks to, or looks at: the caller in large, notes, and what becomes of them. */
import type { CallNotes, CallView } from "@crosspoint/client";
import { useLayoutEffect } from "preact/hooks";
import { Icon } from "../components/icon";
import { VoiceMeter } from "../room/voice-meter";
import type { Verb } from "../show/api";
import { Badges, Elapsed, LineBox, LineQuality, StateChip } from "../show/call-bits";
import { NoteForm } from "../show/note-form";
import { callerDetail, callerName } from "../show/words";
import type { Desk } from "./desk";
import { Past } from "./inspector";
import { answer } from "./keyboards";
import { useTypedNotes } from "./typing";
import { VerbButton } from "./verb-button";

export function Talking({ desk }: { desk: Desk }) {
  const call = desk.own.value ?? desk.chosen.value;
  if (!call) return <Idle desk={desk} />;
  return <Subject key={call.callId} desk={desk} call={call} />;
}

function Idle({ desk }: { desk: Desk }) {
  const { ringing, screened } = desk.store.groups.value;
  const waiting = ringing.length + screened.filter(({ returned }) => returned).length;
  return (
    <section class="talking idle" aria-label="Your line" data-testid="talking" data-idle="">
      <div class={waiting > 0 ? "state-icon ringing" : "state-icon"}>
        <Icon name={waiting > 0 ? "phone" : "headphones"} size={28} />
      </div>
      <h2>{waiting > 0 ? "Somebody is ringing" : "Nobody is ringing"}</h2>
      <p class="muted">
        {waiting > 0
          ? "Pick up, and talk in private: nobody else hears the two of you."
          : "The next caller appears on the left. Meanwhile you hear the show."}
      </p>
      <button
        type="button"
        class="button primary large"
        aria-disabled={waiting === 0}
        data-testid="answer"
        onClick={() => void answer(desk)}
      >
        <Icon name="phone" size={18} />
        <span>Pick up</span>
        <kbd>Enter</kbd>
      </button>
    </section>
  );
}

function Subject({ desk, call }: { desk: Desk; call: CallView }) {
  const { store, session } = desk;
  const draft = useTypedNotes(desk, call);
  const mine = desk.own.value?.callId === call.callId;
  // Who is picked up is asked for their name first, then what about. With the same paint, and whatever is known already: no letter
  // may be taken for a key of the desk. Escape gives the keys back to it.
  useLayoutEffect(() => {
    if (mine) document.getElementById(`note-${firstToAsk(call.notes)}`)?.focus({ preventScroll: true });
  }, [mine]);
  const detail = callerDetail(call);
  const done = () => {
    // The keys are the desk's again.
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    void desk.act(call, "approve");
  };
  return (
    <section
      class={`talking${mine ? " mine" : ""} st-${call.state}${desk.dropping.value === call.callId ? " dropping" : ""}`}
      aria-label={mine ? "You talk to" : "Chosen caller"}
      data-testid="talking"
      data-call={call.callId}
      data-mine={mine}
    >
      <header class="talking-head">
        <LineBox call={call} />
        <div class="call-who">
          <span class="talking-name truncate">{callerName(call)}</span>
          <span class="call-topic truncate">{detail || `Line ${call.line}`}</span>
        </div>
        <div class="talking-state">
          <StateChip state={call.state} />
          <Elapsed since={call.stateSince} label="In this state" />
        </div>
      </header>
      <div class="talking-line">
        <Badges call={call} />
        <LineQuality store={store} call={call} browser={session.people.get(call.identity)?.quality.value} />
        {mine && (
          <span class="talking-meters">
            <span class="faint">Them</span>
            <VoiceMeter meters={session.mix.meters} of={call.identity} label="Level of the caller" />
            <span class="faint">You</span>
            <VoiceMeter meters={session.mix.meters} of={session.identity} label="Your level" />
          </span>
        )}
      </div>
      <Past desk={desk} call={call} />
      <NoteForm call={call} draft={draft} onDone={done} />
      <Outcome desk={desk} call={call} />
    </section>
  );
}

/** The field that is asked for first. */
function firstToAsk({ name, topic }: CallNotes): "name" | "topic" | "notes" {
  if (!name) return "name";
  return topic ? "notes" : "topic";
}

/** What becomes of them. */
function Outcome({ desk, call }: { desk: Desk; call: CallView }) {
  const verbs = desk.verbs(call) as Exclude<Verb, "notes">[];
  const screener = desk.store.nameOf(call.screener);
  if (verbs.length === 0) {
    const text = call.state === "screening" ? `${screener ?? "Another screener"} talks to them.` : call.endReason;
    return <p class="talking-none muted">{text || "There is nothing to do with this call now."}</p>;
  }
  return (
    <div class="talking-verbs">
      {verbs.map((verb, at) => (
        <VerbButton
          key={verb}
          desk={desk}
          call={call}
          verb={verb}
          shape="large"
          kind={at === 0 ? "primary" : "plain"}
        />
      ))}
    </div>
  );
}
