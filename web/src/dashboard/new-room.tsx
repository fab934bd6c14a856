/** A new room, and its first invitation: where an operator of an empty server begins. */
import type { RoomKind } from "@crosspoint/client";
import { useState } from "preact/hooks";
import { Button } from "../components/button";
import { Dialog } from "../components/dialog";
import { createRoom } from "../lib/api";
import { sentence } from "../lib/format";
import { randomRoomName } from "../lib/identity";
import { roomNameProblem } from "../lib/routes";
import { KindChoice, RoomField } from "../lobby/join-fields";
import { InviteDialog } from "./invite-dialog";

/** The button, and the dialogs that follow. */
export function NewRoom({ made }: { made: () => void }) {
  const [asking, setAsking] = useState(false);
  const [room, setRoom] = useState<string>();
  const created = (name: string) => {
    setAsking(false);
    setRoom(name);
    made();
  };
  return (
    <>
      <Button kind="primary" icon="plus" testid="new-room" onClick={() => setAsking(true)}>
        New room
      </Button>
      {asking && <NewRoomDialog created={created} close={() => setAsking(false)} />}
      {room !== undefined && <InviteDialog room={room} close={() => setRoom(undefined)} />}
    </>
  );
}

function NewRoomDialog({ created, close }: { created: (room: string) => void; close: () => void }) {
  const [name, setName] = useState(randomRoomName);
  const [kind, setKind] = useState<RoomKind>("forward");
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const room = name.trim();
    const wrong = roomNameProblem(room);
    setProblem(wrong);
    if (wrong) return document.getElementById("room")?.focus();
    setBusy(true);
    try {
      await createRoom(room, kind);
      created(room);
    } catch (error) {
      setProblem(sentence((error as Error).message));
      setBusy(false);
    }
  };
  return (
    <Dialog title="New room" onClose={close} testid="new-room-dialog">
      <form class="invite-form" onSubmit={submit} noValidate>
        <RoomField fixed={false} room={name} setRoom={setName} complaint={problem} present={undefined} />
        <KindChoice kind={kind} setKind={setKind} legend="Kind" />
        <Button kind="primary" size="large" type="submit" busy={busy} testid="make-room">
          Make it, then invite
        </Button>
      </form>
    </Dialog>
  );
}
