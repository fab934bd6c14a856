/** What can be set of a show. Saved with one button: a show that is on the air is not to change with every key. */
import type { VoiceSettings } from "@crosspoint/client";
import { useState } from "preact/hooks";
import { Button } from "../components/button";
import { notify } from "../components/toast";
import { sentence } from "../lib/format";
import { changeShow, type ShowDetail } from "../show/api";
import { changeOf, type Draft, draftOf, type Problems, settingsOf } from "./draft";
import { focusFirst, LinesField, LobbyField, NumbersField, TitleField } from "./show-fields";
import { VoiceFields } from "./voice-fields";

interface SettingsCardProps {
  show: ShowDetail;
  credential: string | undefined;
  changed: () => void;
}

export function SettingsCard({ show, credential, changed }: SettingsCardProps) {
  const saved = draftOf(show.settings);
  // Only what somebody changed here: what another operator saves meanwhile shows in the fields that nobody touched.
  const [changes, setChanges] = useState<Partial<Draft>>({});
  const [problems, setProblems] = useState<Problems>({});
  const [refusal, setRefusal] = useState<string>();
  const [busy, setBusy] = useState(false);
  const draft = { ...saved, ...changes };
  const dirty = JSON.stringify(draft) !== JSON.stringify(saved);
  const change = (part: Partial<Draft>) => setChanges((before) => ({ ...before, ...part }));
  const fields = { draft, problems, change };
  const reset = () => {
    setChanges({});
    setProblems({});
    setRefusal(undefined);
  };
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const made = settingsOf(draft);
    setProblems("problems" in made ? made.problems : {});
    setRefusal(undefined);
    if ("problems" in made) return focusFirst(event.currentTarget as HTMLFormElement);
    setBusy(true);
    try {
      await changeShow(show.showId, changeOf(show.settings, made.settings), credential);
      notify("Settings saved", "good");
      changed();
      setChanges({});
    } catch (error) {
      setRefusal(sentence((error as Error).message));
    }
    setBusy(false);
  };
  return (
    <section class="show-part" aria-labelledby="settings-title">
      <h2 id="settings-title">Settings</h2>
      <form class="card show-card show-form" onSubmit={submit} noValidate data-testid="show-settings">
        <TitleField {...fields} />
        <div class="show-form-row">
          <NumbersField {...fields} />
          <LinesField {...fields} />
        </div>
        <LobbyField {...fields} />
        <label class="switch">
          <input
            type="checkbox"
            role="switch"
            aria-checked={draft.takeDropsPrevious}
            checked={draft.takeDropsPrevious}
            data-testid="take-drops-previous"
            onChange={(event) => change({ takeDropsPrevious: event.currentTarget.checked })}
          />
          <span>
            The next caller ends the call before
            <small>Else that one goes on hold. Locked calls stay on the air either way.</small>
          </span>
        </label>
        <VoiceFields
          voice={draft.voice}
          change={(part: Partial<VoiceSettings>) => change({ voice: { ...draft.voice, ...part } })}
        />
        {refusal && (
          <p class="field-error" role="alert" data-testid="settings-refusal">
            {refusal}
          </p>
        )}
        <div class="dialog-actions">
          {dirty && (
            <Button kind="quiet" onClick={reset}>
              Undo
            </Button>
          )}
          <Button kind="primary" type="submit" disabled={!dirty} busy={busy} testid="save-settings">
            Save
          </Button>
        </div>
      </form>
    </section>
  );
}
