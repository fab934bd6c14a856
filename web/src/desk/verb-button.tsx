/** Buttons that do something with a call. Dropping takes two clicks, with a moment between them that a double click does not fill. */
import type { CallView } from "@crosspoint/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../components/icon";
import type { Verb } from "../show/api";
import { VERBS } from "../show/words";
import type { Desk } from "./desk";

interface VerbButtonProps {
  desk: Desk;
  call: CallView;
  verb: Exclude<Verb, "notes">;
  /** `icon`: no word; `large`: with its key. */
  shape?: "icon" | "small" | "large";
  kind?: "primary" | "plain" | "quiet" | "danger" | "air" | "to-air";
}

export function VerbButton(props: VerbButtonProps) {
  return props.verb === "drop" ? <DropButton {...props} /> : <PlainButton {...props} />;
}

function PlainButton({ desk, call, verb, shape = "small", kind = "plain" }: VerbButtonProps) {
  const { label, icon, hint, key } = VERBS[verb];
  const pending = desk.store.isPending(verb, call.callId);
  return (
    <button
      type="button"
      class={`button verb ${kind} ${shape}`}
      aria-label={label}
      aria-keyshortcuts={key}
      aria-busy={pending}
      aria-disabled={pending}
      title={`${label} (${key}): ${hint}`}
      data-testid={`verb-${verb}`}
      onClick={() => {
        if (!pending) void desk.act(call, verb);
      }}
    >
      {pending ? <span class="spinner" aria-hidden="true" /> : <Icon name={icon} size={16} />}
      {shape !== "icon" && <span class="truncate">{label}</span>}
      {shape === "large" && <kbd>{key}</kbd>}
      {shape === "large" && verb === "approve" && desk.role === "screener" && (
        <kbd class="while-writing" title="While you write">
          Ctrl ↵
        </kbd>
      )}
    </button>
  );
}

/** A second click counts from here on, in milliseconds: a double click is one decision. */
const SETTLE = 300;
/** After this it wants to be asked again, in milliseconds. */
const ASKS = 3500;

function DropButton({ desk, call, shape = "small" }: VerbButtonProps) {
  const [asks, setAsks] = useState<"no" | "soon" | "yes">("no");
  useEffect(() => {
    if (asks === "no") return;
    const timer = setTimeout(() => setAsks(asks === "soon" ? "yes" : "no"), asks === "soon" ? SETTLE : ASKS);
    return () => clearTimeout(timer);
  }, [asks]);
  const asked = desk.dropAsked.value;
  const shown = useRef(asked);
  useEffect(() => {
    // What was asked before this button came is over.
    if (asked === shown.current) return;
    shown.current = asked;
    if (asked?.callId === call.callId) setAsks((before) => (before === "no" ? "soon" : before));
  }, [asked, call.callId]);
  const { label, icon, hint, key } = VERBS.drop;
  const pending = desk.store.isPending("drop", call.callId);
  const held = desk.dropping.value === call.callId;
  const click = () => {
    if (pending || asks === "soon") return;
    if (asks === "no") return setAsks("soon");
    setAsks("no");
    void desk.act(call, "drop");
  };
  const word = asks === "no" ? label : "Sure?";
  return (
    <button
      type="button"
      class={`button verb ${asks === "no" ? "plain drop" : "danger"} ${shape}`}
      aria-label={asks === "no" ? "Drop the caller" : "Drop the caller for good: press again"}
      aria-keyshortcuts={key}
      aria-busy={pending}
      aria-disabled={pending || asks === "soon"}
      title={`${hint}: click twice, or hold ${key}`}
      data-testid={asks === "no" ? "verb-drop" : "verb-drop-confirm"}
      data-held={held ? "" : undefined}
      onClick={click}
    >
      {pending ? <span class="spinner" aria-hidden="true" /> : <Icon name={icon} size={16} />}
      {shape !== "icon" && <span class="truncate">{word}</span>}
      {shape === "large" && <kbd>hold {key}</kbd>}
    </button>
  );
}
