/** What is on the air, at a glance: a strip that is red as long as a caller can be heard. */
import type { CallView } from "@crosspoint/client";
import { Icon } from "../components/icon";
import { count } from "../lib/format";
import { PROGRAMME } from "../room/meters";
import { VoiceMeter } from "../room/voice-meter";
import { Badges, CallerName, Elapsed, LineBox, LineQuality } from "../show/call-bits";
import { callerDetail, callerName } from "../show/words";
import type { Desk } from "./desk";
import { VerbButton } from "./verb-button";

export function OnAir({ desk }: { desk: Desk }) {
  const calls = desk.store.groups.value.onAir;
  const waiting = desk.store.groups.value.waiting.length;
  const live = calls.length > 0;
  const lost = desk.fault.value?.what === "connection";
  return (
    <section class={live ? "on-air live" : "on-air"} aria-label="On the air" data-testid="on-air" data-live={live}>
      <div class="tally">
        <span class="tally-word">
          <Icon name="air" size={22} />
          On air
        </span>
        <span class="tally-count" role="status">
          {live ? count(calls.length, "caller") : "No caller"}
        </span>
        <span class="tally-meter">
          <span>Programme</span>
          <VoiceMeter meters={desk.session.mix.meters} of={PROGRAMME} label="Level of the programme" />
        </span>
      </div>
      {live ? (
        <ul class="air-cards">
          {calls.map((call) => (
            <AirCard key={call.callId} desk={desk} call={call} />
          ))}
        </ul>
      ) : (
        <p class="air-none">
          {lost ? (
            "Connection lost: what stands here may not be so any more."
          ) : waiting > 0 ? (
            <>
              You are alone on the air.
              <span class="wide-only">
                {" "}
                The next caller is one key away: <kbd>Enter</kbd>
              </span>
            </>
          ) : (
            "You are alone on the air. Callers come here from the list of those who wait."
          )}
        </p>
      )}
    </section>
  );
}

function AirCard({ desk, call }: { desk: Desk; call: CallView }) {
  const { store, session } = desk;
  const chosen = desk.chosen.value?.callId === call.callId;
  const topic = [call.notes.topic?.trim(), callerDetail(call)].filter(Boolean).join(" · ");
  return (
    <li
      class={`air-card${chosen ? " chosen" : ""}${desk.dropping.value === call.callId ? " dropping" : ""}`}
      data-testid={`call-${call.callId}`}
      data-state={call.state}
      data-line={call.line}
    >
      <button
        type="button"
        class="call-row-main"
        aria-pressed={chosen}
        aria-label={`Line ${call.line}, ${callerName(call)}, on the air`}
        data-testid="choose-call"
        onClick={() => desk.choose(chosen ? undefined : call.callId)}
      >
        <LineBox call={call} />
        <span class="call-who">
          <span class="call-first">
            <CallerName call={call} />
            <Badges call={call} />
          </span>
          <span class="call-topic truncate">{topic || "No notes"}</span>
        </span>
        <span class="air-time">
          <Elapsed since={call.stateSince} label="On the air" />
          <LineQuality store={store} call={call} browser={session.people.get(call.identity)?.quality.value} />
        </span>
      </button>
      <VoiceMeter meters={session.mix.meters} of={call.identity} label={`Level of ${callerName(call)}`} />
      <div class="air-verbs">
        <VerbButton desk={desk} call={call} verb="hold" />
        <VerbButton desk={desk} call={call} verb={call.locked ? "unlock" : "lock"} />
        <VerbButton desk={desk} call={call} verb="drop" />
      </div>
    </li>
  );
}
