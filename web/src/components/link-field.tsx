/** A link to look at and to copy. */
import { Button } from "./button";
import { notify } from "./toast";

interface LinkFieldProps {
  label: string;
  hint: string;
  link: string;
  testid: string;
  copy: (link: string) => Promise<unknown>;
}

export function LinkField({ label, hint, link, testid, copy }: LinkFieldProps) {
  return (
    <div class="field">
      <label for={testid}>{label}</label>
      <div class="link-field">
        <input
          id={testid}
          class="input"
          readOnly
          value={link}
          data-testid={testid}
          onFocus={(event) => event.currentTarget.select()}
        />
        <Button
          kind="primary"
          icon="copy"
          label={`Copy: ${label}`}
          testid={`copy-${testid}`}
          onClick={() => void copy(link)}
        >
          Copy
        </Button>
      </div>
      <span class="field-hint">{hint}</span>
    </div>
  );
}

/** Copies a link, or says how to. */
export async function copyLink(link: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(link);
    notify("Link copied", "good");
    return true;
  } catch {
    notify("The browser did not allow copying: select the link and copy it by hand.", "warning");
    return false;
  }
}
