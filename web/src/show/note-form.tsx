/** The notes of a call: written as one types, seen by everybody at the desks. */
import type { CallNotes, CallView } from "@crosspoint/client";
import { useEffect, useMemo } from "preact/hooks";
import { Icon } from "../components/icon";
import { NoteDraft } from "./note-draft";
import type { ShowStore } from "./store";

interface NoteFormProps {
  call: CallView;
  draft: NoteDraft;
  /** Ctrl or ⌘ with Enter, in any field. */
  onDone?: () => void;
}

/** Characters: the server counts bytes, of which a character takes three at most on an average line. */
const MOST: Record<TextField, number> = { name: 66, place: 66, topic: 330, notes: 1300 };

const SAYS = {
  untouched: "",
  saved: "Saved",
  typing: "…",
  saving: "Saving…",
  failed: "Not saved: trying again",
} as const;

/** The draft for a call; what was typed is sent when another call or page comes. */
export function useDraft(store: ShowStore, callId: string): NoteDraft {
  const draft = useMemo(() => new NoteDraft((notes, last) => store.note(callId, notes, last)), [store, callId]);
  useEffect(() => {
    const leave = () => void draft.flush(true);
    addEventListener("pagehide", leave);
    return () => {
      removeEventListener("pagehide", leave);
      leave();
    };
  }, [draft]);
  return draft;
}

export function NoteForm({ call, draft, onDone }: NoteFormProps) {
  draft.know(call.notes);
  const state = draft.state.value;
  const finish = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !onDone) return;
    event.preventDefault();
    onDone();
  };
  return (
    <form class="note-form" data-testid="note-form" onSubmit={(event) => event.preventDefault()} onKeyDown={finish}>
      <div class="pair">
        <Line draft={draft} field="name" label="Name" most={MOST.name} hint={call.caller?.name ?? ""} />
        <Line draft={draft} field="place" label="Place" most={MOST.place} hint="" />
      </div>
      <Text draft={draft} field="topic" label="Topic" hint="What they want to say" />
      <Text draft={draft} field="notes" label="Notes for the staff" hint="Not read out" />
      <div class="note-foot">
        <Rating draft={draft} />
        <span class={state === "failed" ? "field-error" : "faint"} role="status" data-testid="note-state">
          {SAYS[state]}
        </span>
      </div>
    </form>
  );
}

type TextField = Exclude<keyof CallNotes, "rating">;

interface LineProps {
  draft: NoteDraft;
  field: TextField;
  label: string;
  most: number;
  hint: string;
}

function Line({ draft, field, label, most, hint }: LineProps) {
  const id = `note-${field}`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        class="input"
        data-testid={id}
        value={draft.value(field) ?? ""}
        maxLength={most}
        placeholder={hint}
        autocomplete="off"
        onInput={(event) => draft.type(field, event.currentTarget.value)}
        onBlur={() => void draft.flush()}
      />
    </div>
  );
}

function Text({ draft, field, label, hint }: { draft: NoteDraft; field: TextField; label: string; hint: string }) {
  const id = `note-${field}`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        class="input"
        data-testid={id}
        rows={1}
        maxLength={MOST[field]}
        placeholder={hint}
        value={draft.value(field) ?? ""}
        onInput={(event) => draft.type(field, event.currentTarget.value)}
        onBlur={() => void draft.flush()}
      />
    </div>
  );
}

function Rating({ draft }: { draft: NoteDraft }) {
  const rating = draft.value("rating") ?? 0;
  return (
    <fieldset class="rating" data-testid="note-rating" data-rating={rating}>
      <legend class="sr-only">How good a caller, of five stars</legend>
      {[1, 2, 3, 4, 5].map((star) => (
        <label key={star} class={star <= rating ? "star-choice on" : "star-choice"} title={`${star} of 5`}>
          <input
            type="radio"
            name="rating"
            value={star}
            aria-label={`${star} of 5`}
            data-testid={`rating-${star}`}
            checked={star === rating}
            // Once more takes it away.
            onClick={() => star === rating && draft.type("rating", 0)}
            onChange={() => draft.type("rating", star)}
          />
          <Icon name="star" size={18} />
        </label>
      ))}
    </fieldset>
  );
}
