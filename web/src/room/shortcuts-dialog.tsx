/** Every key. */
import { Dialog } from "../components/dialog";
import { SHORTCUTS } from "./shortcuts";

export function ShortcutsDialog({ close }: { close: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={close} testid="shortcuts">
      <dl class="shortcuts">
        {SHORTCUTS.map(({ show, label }) => (
          <div key={show}>
            <dt>{label}</dt>
            <dd>
              <kbd>{show}</kbd>
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
