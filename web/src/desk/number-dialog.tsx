/** What the staff shall know the next time a number calls, or that it is turned away. */
import { useState } from "preact/hooks";
import { Button } from "../components/button";
import { Dialog } from "../components/dialog";
import { callerName, telephone } from "../show/words";
import type { Desk } from "./desk";

export function NumberDialog({ desk, close }: { desk: Desk; close: () => void }) {
  const { store } = desk;
  const call = desk.role === "screener" ? (desk.own.value ?? desk.chosen.value) : desk.chosen.value;
  const known = call?.caller;
  const [warning, setWarning] = useState(known?.warning ?? "");
  const [banned, setBanned] = useState(known?.banned ?? false);
  const [busy, setBusy] = useState(false);
  const number = call?.number;
  if (!call || !number) return null;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    const name = call.notes.name?.trim() || known?.name || "";
    const done = await store.noteNumber(number, { name, warning: warning.trim(), banned });
    setBusy(false);
    if (done) close();
  };
  return (
    <Dialog title={telephone(number)} onClose={close} testid="number-dialog">
      <form class="telephones" onSubmit={submit}>
        <p class="muted">
          {callerName(call) === telephone(number) ? "" : `${callerName(call)}. `}What is set here stays with the number,
          whoever calls with it.
        </p>
        <div class="field">
          <label for="number-warning">Warning</label>
          <input
            id="number-warning"
            class="input"
            value={warning}
            maxLength={200}
            placeholder="Shown while it rings"
            data-testid="number-warning"
            onInput={(event) => setWarning(event.currentTarget.value)}
          />
        </div>
        <label class="switch">
          <input
            type="checkbox"
            role="switch"
            aria-checked={banned}
            checked={banned}
            data-testid="number-banned"
            onChange={(event) => setBanned(event.currentTarget.checked)}
          />
          <span>
            Ban this number
            <small>Its next calls are turned away before they ring. This call goes on.</small>
          </span>
        </label>
        <div class="dialog-actions">
          <Button onClick={close}>Cancel</Button>
          <Button kind={banned && !known?.banned ? "danger" : "primary"} type="submit" busy={busy} testid="number-save">
            {banned && !known?.banned ? "Ban the number" : "Save"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
