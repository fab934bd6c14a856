/** Links that lead here. */
import { useEffect, useState } from "preact/hooks";
import { Dialog } from "../components/dialog";
import { copyLink, LinkField } from "../components/link-field";
import { isOpenToAnybody, mintToken } from "../lib/api";
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
  const [open, setOpen] = useState(false);
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
  useEffect(() => {
    void mint();
    void isOpenToAnybody(room).then(setOpen);
  }, [room]);
  const copyGuest = async (link: string) => {
    if (await copyLink(link)) void mint();
  };
  return (
    <Dialog title="Invite people" onClose={close} testid="invite-dialog">
      <LinkField
        label="Link to this room"
        hint={open ? "Whoever opens it chooses a name and comes in." : "Who opens it needs an invitation of their own."}
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
        <p class="note" data-testid="ask-the-host">
          Only the host can invite others into this room: ask the host for a link.
        </p>
      )}
    </Dialog>
  );
}
