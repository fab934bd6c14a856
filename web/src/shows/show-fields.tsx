/** The fields that a new show and the settings of one have in common. */
import type { LobbySource } from "@crosspoint/client";
import type { ComponentChildren } from "preact";
import type { Draft, Problems } from "./draft";

interface FieldsProps {
  draft: Draft;
  change: (part: Partial<Draft>) => void;
  problems: Problems;
}

const LOBBY: readonly { value: LobbySource; label: string; hint: string }[] = [
  { value: "programme", label: "The show", hint: "Callers hear the show while it rings and while they wait." },
  { value: "file", label: "A file", hint: "A WAV file from the folder player.directory, over and over again." },
  { value: "silence", label: "Nothing", hint: "Callers hear silence until somebody picks up." },
];

export function TitleField({ draft, change, problems }: FieldsProps) {
  return (
    <Field id="show-title" label="Title" problem={problems.title}>
      <input
        id="show-title"
        class="input"
        autocomplete="off"
        maxLength={200}
        placeholder="Morning talk"
        data-testid="show-title"
        value={draft.title}
        {...complaint("show-title", problems.title)}
        onInput={(event) => change({ title: event.currentTarget.value })}
      />
    </Field>
  );
}

export function NumbersField({ draft, change, problems }: FieldsProps) {
  return (
    <Field
      id="show-numbers"
      label="Telephone numbers"
      problem={problems.numbers}
      hint="With their country, commas between them. None: calls to every number that no open show has; of several such shows the one that was opened last gets them."
    >
      <input
        id="show-numbers"
        class="input num"
        autocomplete="off"
        inputMode="tel"
        placeholder="+1 415 555 0100"
        data-testid="show-numbers"
        value={draft.numbers}
        {...complaint("show-numbers", problems.numbers)}
        onInput={(event) => change({ numbers: event.currentTarget.value })}
      />
    </Field>
  );
}

export function LinesField({ draft, change, problems }: FieldsProps) {
  return (
    <Field
      id="show-lines"
      label="Lines"
      problem={problems.lines}
      hint="Calls at once; more wait in the telephone company's conference."
    >
      <input
        id="show-lines"
        class="input num"
        type="number"
        min={1}
        max={1000}
        data-testid="show-lines"
        value={draft.lines}
        {...complaint("show-lines", problems.lines)}
        onInput={(event) => change({ lines: event.currentTarget.value })}
      />
    </Field>
  );
}

export function LobbyField({ draft, change, problems }: FieldsProps) {
  const chosen = LOBBY.find(({ value }) => value === draft.lobby);
  return (
    <>
      <fieldset class="field plain-fieldset">
        <legend class="label">Waiting callers hear</legend>
        <div class="choice">
          {LOBBY.map(({ value, label }) => (
            <label key={value}>
              <input
                type="radio"
                name="lobby"
                data-testid={`lobby-${value}`}
                checked={draft.lobby === value}
                onChange={() => change({ lobby: value })}
              />
              {label}
            </label>
          ))}
        </div>
        <span class="field-hint">{chosen?.hint}</span>
      </fieldset>
      {draft.lobby === "file" && (
        <Field id="show-file" label="File" problem={problems.lobbyFile}>
          <input
            id="show-file"
            class="input mono"
            autocomplete="off"
            placeholder="hold.wav"
            data-testid="show-file"
            value={draft.lobbyFile}
            {...complaint("show-file", problems.lobbyFile)}
            onInput={(event) => change({ lobbyFile: event.currentTarget.value })}
          />
        </Field>
      )}
    </>
  );
}

interface FieldProps {
  id: string;
  label: string;
  problem?: string | undefined;
  hint?: string;
  children: ComponentChildren;
}

/** A label, a field, and below it what is wrong or else what it means. */
export function Field({ id, label, problem, hint, children }: FieldProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {problem ? (
        <span id={`${id}-problem`} class="field-error" role="alert">
          {problem}
        </span>
      ) : (
        hint && <span class="field-hint">{hint}</span>
      )}
    </div>
  );
}

/** What a field with a problem says to those who do not see it. */
export function complaint(id: string, problem: string | undefined) {
  return problem ? { "aria-invalid": "true" as const, "aria-describedby": `${id}-problem` } : {};
}

/** The first field with a problem gets the focus, once the problem is on the page. */
export function focusFirst(form: HTMLFormElement): void {
  requestAnimationFrame(() => form.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
}
