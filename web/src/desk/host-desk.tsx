/** The host's desk: what is on the air above, who is next and waits on the left, everybody else beside it, and one call closely. */
import { useEffect, useMemo, useRef } from "preact/hooks";
import { Icon } from "../components/icon";
import { isNarrow } from "../lib/hooks";
import { Badges, Elapsed, LineBox } from "../show/call-bits";
import { isOver, nextInLine } from "../show/model";
import { callerDetail, callerName } from "../show/words";
import { CallRow } from "./call-row";
import type { Desk } from "./desk";
import { DeskFrame } from "./desk-frame";
import { Inspector } from "./inspector";
import { hostKeyboard } from "./keyboards";
import { HOST_KEYS } from "./keys";
import { List } from "./list";
import { OnAir } from "./on-air";
import { giveKeysBack, useKeys } from "./use-keys";

export function HostDesk({ desk }: { desk: Desk }) {
  const keyboard = useMemo(() => hostKeyboard(desk), [desk]);
  useKeys(HOST_KEYS, keyboard);
  useLetGo(desk);
  const { waiting, hold, screening, screened, ringing } = desk.store.groups.value;
  const arriving = [...screened, ...screening, ...ringing];
  return (
    <DeskFrame desk={desk} keys={HOST_KEYS} testid="host-desk">
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: gives the keyboard back after a click, which keys need not */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: as above */}
      <div class="desk-host" onClick={giveKeysBack}>
        <OnAir desk={desk} />
        <div class="desk-columns">
          <div class="desk-column">
            <NextUp desk={desk} />
            <List
              title="Waiting"
              count={waiting.length}
              testid="list-waiting"
              empty="Callers whom the screener approves wait here, and hear the show."
            >
              {waiting.map((call) => (
                <CallRow
                  key={call.callId}
                  desk={desk}
                  call={call}
                  verbs={["air", "next", "drop"]}
                  state={call.state === "next"}
                  since={{ at: call.approvedAt ?? call.stateSince, label: "Waiting" }}
                />
              ))}
            </List>
          </div>
          <div class="desk-column side">
            <List title="On hold" count={hold.length} testid="list-hold" empty="Callers whom you put on hold.">
              {hold.map((call) => (
                <CallRow key={call.callId} desk={desk} call={call} verbs={["air", "drop"]} />
              ))}
            </List>
            <List
              title="At the screener"
              count={arriving.length}
              testid="list-arriving"
              empty="Nobody rings, nobody is being talked to."
              summary={[
                ringing.length > 0 && `${ringing.length} ringing`,
                screening.length > 0 && `${screening.length} talking`,
                screened.length > 0 && `${screened.length} parked`,
              ]
                .filter(Boolean)
                .join(" · ")}
            >
              {arriving.map((call) => (
                <CallRow key={call.callId} desk={desk} call={call} verbs={["approve"]} state />
              ))}
            </List>
            <Over desk={desk} />
          </div>
          <Inspector desk={desk} />
        </div>
      </div>
    </DeskFrame>
  );
}

/** On a telephone the chosen call covers the lists: it goes when it is over, unless it was chosen as one that is over. */
function useLetGo(desk: Desk): void {
  const call = desk.chosen.value;
  const going = useRef<string | undefined>(undefined);
  const narrow = isNarrow.value;
  useEffect(() => {
    if (call && isOver(call) && going.current === call.callId && narrow) desk.choose(undefined);
    going.current = call && !isOver(call) ? call.callId : undefined;
  }, [desk, call, narrow]);
}

/** Who comes next, in large. Its place stays when nobody does. */
function NextUp({ desk }: { desk: Desk }) {
  const { store } = desk;
  const next = nextInLine(store.groups.value);
  const away = next === undefined && store.groups.value.waiting.length > 0;
  const busy = store.isPending("air");
  const detail = next && callerDetail(next);
  return (
    <section class={`next-up${next ? " some" : ""}`} aria-label="Next caller" data-testid="next-up">
      {next ? (
        <>
          <LineBox call={next} />
          <div class="next-who">
            <span class="next-label">
              {next.state === "next" ? "Next, as you chose" : "Next, waiting longest"} ·{" "}
              <Elapsed since={next.approvedAt ?? next.stateSince} label="Waiting" />
            </span>
            <span class="next-name">
              <span class="truncate">{callerName(next)}</span>
              <Badges call={next} />
            </span>
            <span class="next-topic two-lines">
              {[next.notes.topic?.trim(), detail].filter(Boolean).join(" · ") || "No notes"}
            </span>
          </div>
        </>
      ) : (
        <div class="next-who none">
          <span class="next-label">Next</span>
          <span class="next-name">{away ? "Nobody is there" : "Nobody is waiting"}</span>
          <span class="next-topic two-lines">
            {away ? "Who waits was lost, and may come back." : "Approved callers line up here."}
          </span>
        </div>
      )}
      <button
        type="button"
        class="button air take-next"
        aria-disabled={!next || busy}
        aria-busy={busy}
        aria-keyshortcuts="Enter Space"
        title={nextHint(desk)}
        data-testid="take-next"
        onClick={() => next && !busy && void desk.takeNext()}
      >
        {busy ? <span class="spinner" aria-hidden="true" /> : <Icon name="air" size={20} />}
        <span>Take</span>
        <kbd>Enter</kbd>
      </button>
    </section>
  );
}

function nextHint(desk: Desk): string {
  const drops = desk.store.show.value?.settings.takeDropsPrevious;
  return drops
    ? "Puts the next caller on the air. The present one is dropped, unless locked."
    : "Puts the next caller on the air. The present one goes on hold, unless locked.";
}

function Over({ desk }: { desk: Desk }) {
  const { over } = desk.store.groups.value;
  return (
    <details class="desk-over">
      <summary>Over ({over.length})</summary>
      <ul class="call-list" data-testid="list-over">
        {over.length === 0 && <li class="call-none faint">No call is over yet.</li>}
        {over.map((call) => (
          <CallRow
            key={call.callId}
            desk={desk}
            call={call}
            state
            since={{ at: call.endedAt ?? call.stateSince, label: "Over" }}
          />
        ))}
      </ul>
    </details>
  );
}
