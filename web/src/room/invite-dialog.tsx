/** Links that lead here. */
import { useEffect, useState } from "preact/hooks";
import { Dialog } from "../components/dialog";
import { copyLink, LinkField } from "../components/link-field";
import { mintToken } from "../lib/api";
import { identityFrom, randomLetters } from "../lib/identity";
import { inviteLink } from "../lib/invite";

interface InviteDialogProps {
  room: string;
  /** The token of somebody who may invite. */
  host: string | undefined;
  close: () => void;
}

export function InviteDialog({ room, host, close }: InviteDialogProps) {
  const [guest, setGuest] = useState<string | "none">();
  const mint = async () => {
    try {
      const minted = await mintToken({ room, identity: identityFrom("guest", randomLetters(5)), name: "" }, host);
      const link = minted.link ?? inviteLink(location.origin, room, minted.token);
      setGuest(link);
      return link;
    } catch {
      setGuest("none");
      return undefined;
    }
  };
  useEffect(() => void mint(), [room]);
  const copyGuest = async (link: string) => {
    if (await copyLink(link)) void mint();
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
        copy={copyLink}
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

/** For a POSIX shell. */
function shellQuoted(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
