/** A new show: the button, and the dialog that follows. */
import { useState } from "preact/hooks";
import { Button } from "../components/button";
import { Dialog } from "../components/dialog";
import { ApiError } from "../lib/api";
import { sentence } from "../lib/format";
import { showPath } from "../lib/routes";
import { navigate } from "../router";
import { createShow } from "../show/api";
import { type Draft, NEW_DRAFT, type Problems, settingsOf, showIdProblem, slugOf } from "./draft";
import { complaint, Field, focusFirst, LinesField, LobbyField, NumbersField, TitleField } from "./show-fields";

/** The button. The dialog is the page's own, so that it stays while the list around the button changes. */
export function NewShowButton({ ask }: { ask: () => void }) {
  return (
    <Button kind="primary" icon="plus" testid="new-show" onClick={ask}>
      New show
    </Button>
  );
}

export function NewShowDialog({ close }: { close: () => void }) {
  const [draft, setDraft] = useState<Draft>(NEW_DRAFT);
  // Follows the title until somebody writes a name of their own.
  const [ownId, setOwnId] = useState<string>();
  const [problems, setProblems] = useState<Problems & { id?: string | undefined }>({});
  const [refusal, setRefusal] = useState<string>();
  const [busy, setBusy] = useState(false);
  const id = ownId ?? slugOf(draft.title);
  const fields = {
    draft,
    problems,
    change: (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part })),
  };
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const made = settingsOf(draft);
    const wrongId = showIdProblem(id);
    const wrong = { ...("problems" in made ? made.problems : {}), ...(wrongId ? { id: wrongId } : {}) };
    setProblems(wrong);
    setRefusal(undefined);
    if ("problems" in made || wrongId) return focusFirst(form);
    setBusy(true);
    try {
      const { showId } = await createShow({ ...(id ? { showId: id } : {}), ...made.settings });
      navigate(showPath(showId));
    } catch (error) {
      setBusy(false);
      if (error instanceof ApiError && error.code === "show-exists") {
        setProblems({ id: "A show of this name exists already." });
        return focusFirst(form);
      }
      setRefusal(sentence((error as Error).message));
    }
  };
  return (
    <Dialog title="New show" onClose={close} testid="new-show-dialog">
      <form class="show-form" onSubmit={submit} noValidate>
        <TitleField {...fields} />
        <Field
          id="show-id"
          label="Name in addresses"
          problem={problems.id}
          hint={`Its page will be at ${location.host}${showPath(id || "…").replace("%E2%80%A6", "…")}`}
        >
          <input
            id="show-id"
            class="input mono"
            autocomplete="off"
            maxLength={100}
            placeholder="morning-talk"
            data-testid="show-id"
            value={id}
            {...complaint("show-id", problems.id)}
            onInput={(event) => setOwnId(event.currentTarget.value)}
          />
        </Field>
        <div class="show-form-row">
          <NumbersField {...fields} />
          <LinesField {...fields} />
        </div>
        <LobbyField {...fields} />
        {refusal && (
          <p class="field-error" role="alert" data-testid="new-show-refusal">
            {refusal}
          </p>
        )}
        <Button kind="primary" size="large" type="submit" busy={busy} testid="make-show">
          Create the show
        </Button>
      </form>
    </Dialog>
  );
}
