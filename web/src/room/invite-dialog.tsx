/** Links that lead here. */
import { useEffect, useState } from "preact/hooks";
import { Button } from "../components/button";
import { Dialog } from "../components/dialog";
import { notify } from "../components/toast";
import { mintToken } from "../lib/api";
import { identityFrom, randomLetters } from "../lib/identity";
import { inviteLink } from "../lib/invite";

export function InviteDialog({ room, close }: { room: string; close: () => void }) {
  const [guest, setGuest] = useState<string | "none">();
  const mint = async () => {
    try {
      const token = await mintToken({ room, identity: identityFrom("guest", randomLetters(5)), name: "" });
      const link = inviteLink(location.origin, room, token);
      setGuest(link);
      return link;
    } catch {
      setGuest("none");
      return undefined;
    }
  };
  useEffect(() => void mint(), [room]);
  const copyGuest = async (link: string) => {
    if (await copy(link)) void mint();
  };
  return (
    <Dialog title="Invite people" onClose={close} testid="invite-dialog">
      <LinkField
        label="Link to this room"
        hint={
          guest === "none"
            ? "Who opens it needs an invitation of their own."
            : "Whoever opens it chooses a name and comes in."
        }
        link={inviteLink(location.origin, room)}
        testid="invite-link"
        copy={copy}
      />
      {guest !== undefined && guest !== "none" && (
        <LinkField
          label="Link with an invitation"
          hint="For one person: it carries their token. Each copy is for another guest."
          link={guest}
          testid="invite-token-link"
          copy={copyGuest}
        />
      )}
      {guest === "none" && (
        <div class="note">
          <p>On the server, this makes a token for a guest:</p>
          <code class="mono">crosspoint token create --room {shellQuoted(room)} --identity guest</code>
          <p class="faint">
            Put it behind the link as <span class="mono">#token=…</span>
          </p>
        </div>
      )}
    </Dialog>
  );
}

interface LinkFieldProps {
  label: string;
  hint: string;
  link: string;
  testid: string;
  copy: (link: string) => Promise<unknown>;
}

function LinkField({ label, hint, link, testid, copy }: LinkFieldProps) {
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
        <Button kind="primary" icon="copy" testid={`copy-${testid}`} onClick={() => void copy(link)}>
          Copy
        </Button>
      </div>
      <span class="field-hint">{hint}</span>
    </div>
  );
}

async function copy(link: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(link);
    notify("Link copied", "good");
    return true;
  } catch {
    notify("The browser did not allow copying: select the link and copy it by hand.", "warning");
    return false;
  }
}

/** For a POSIX shell. */
function shellQuoted(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
