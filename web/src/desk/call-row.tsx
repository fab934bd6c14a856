/** A call as a line of a list: who, about what, since when, and the one or two things that are done with it most. */
import type { CallView } from "@crosspoint/client";
import { useEffect, useRef } from "preact/hooks";
import type { Verb } from "../show/api";
import { Badges, CallerName, Elapsed, LineBox, LineQuality, Stars, StateChip } from "../show/call-bits";
import { callerDetail, callerName } from "../show/words";
import type { Desk } from "./desk";
import { VerbButton } from "./verb-button";

interface CallRowProps {
  desk: Desk;
  call: CallView;
  /** What is done with it here, in this order. */
  verbs?: readonly Exclude<Verb, "notes">[];
  /** Say the state: not where a whole list is of one. */
  state?: boolean;
  /** What the timer counts from. */
  since?: { at: number; label: string };
}

export function CallRow({ desk, call, verbs = [], state = false, since }: CallRowProps) {
  const element = useRef<HTMLLIElement>(null);
  const chosen = desk.chosen.value?.callId === call.callId;
  const { store, session } = desk;
  useEffect(() => {
    if (chosen) element.current?.scrollIntoView?.({ block: "nearest" });
  }, [chosen]);
  const { at, label } = since ?? { at: call.stateSince, label: "In this state" };
  const possible = desk.verbs(call);
  const detail = callerDetail(call);
  const topic = call.notes.topic?.trim();
  return (
    <li
      ref={element}
      class={`call-row st-${call.state}${chosen ? " chosen" : ""}${desk.dropping.value === call.callId ? " dropping" : ""}`}
      data-testid={`call-${call.callId}`}
      data-state={call.state}
      data-line={call.line}
    >
      <button
        type="button"
        class="call-row-main"
        aria-pressed={chosen}
        aria-label={`Line ${call.line}, ${callerName(call)}`}
        data-testid="choose-call"
        onClick={() => desk.choose(chosen ? undefined : call.callId)}
      >
        <LineBox call={call} />
        <span class="call-who">
          <span class="call-first">
            <CallerName call={call} />
            <Stars rating={call.notes.rating ?? 0} />
            <Badges call={call} />
          </span>
          <span class={`call-topic two-lines${topic ? "" : " none"}`}>
            {[topic || undefined, detail].filter(Boolean).join(" · ") || "No notes yet"}
          </span>
        </span>
      </button>
      <span class="call-facts">
        <Elapsed since={at} label={label} />
        {state ? (
          <StateChip state={call.state} />
        ) : (
          <LineQuality store={store} call={call} browser={session.people.get(call.identity)?.quality.value} />
        )}
      </span>
      {verbs.length > 0 && (
        <span class="call-verbs">
          {verbs
            .filter((verb) => possible.includes(verb))
            .map((verb, at) => (
              <VerbButton
                key={verb}
                desk={desk}
                call={call}
                verb={verb}
                shape={at === 0 ? "small" : "icon"}
                kind={verb === "pick-up" ? "primary" : verb === "air" ? "to-air" : "plain"}
              />
            ))}
        </span>
      )}
    </li>
  );
}
