/** A value to look at and to copy, without a button of the first rank: there are many on a page. */
import { IconButton } from "../components/button";
import { notify } from "../components/toast";

interface CopyFieldProps {
  /** Also the test id. */
  id: string;
  /** What it is, for those who do not see where it stands. */
  label: string;
  value: string;
  copy?: (value: string) => Promise<unknown>;
}

export function CopyField({ id, label, value, copy = copyText }: CopyFieldProps) {
  return (
    <span class="copy-field">
      <input
        id={id}
        class="input mono"
        readOnly
        aria-label={label}
        value={value}
        data-testid={id}
        onFocus={(event) => event.currentTarget.select()}
      />
      <IconButton icon="copy" label={`Copy: ${label}`} testid={`copy-${id}`} onClick={() => void copy(value)} />
    </span>
  );
}

async function copyText(value: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(value);
    notify("Copied", "good");
  } catch {
    notify("The browser did not allow copying: select the text and copy it by hand.", "warning");
  }
}
