/** Name, room, and how to go in. */
import type { RoomKind } from "@crosspoint/client";
import { useState } from "preact/hooks";
import { Button } from "../components/button";
import { Icon } from "../components/icon";
import type { RoomSummary } from "../lib/api";
import { choices } from "../lib/choices";
import { claimsOf } from "../lib/claims";
import { parsePasted } from "../lib/invite";
import { roomNameProblem } from "../lib/routes";
import type { Entry, Obstacle } from "./door";
import { HostSwitch, InvitedAs, KindChoice, NameField, RoomField, TokenField } from "./join-fields";

interface JoinFormProps {
  /** The room is given: by the address or an invitation. */
  fixedRoom: string | undefined;
  token: string | undefined;
  room: string;
  setRoom: (room: string) => void;
  name: string;
  setName: (name: string) => void;
  open: RoomSummary[] | undefined;
  enter: (entry: Entry) => Promise<Obstacle | undefined>;
}

export function JoinForm(props: JoinFormProps) {
  const { fixedRoom, token, room, setRoom, name, setName, open, enter } = props;
  const [kind, setKind] = useState<RoomKind>("forward");
  const [host, setHost] = useState(true);
  const [busy, setBusy] = useState(false);
  const [obstacle, setObstacle] = useState<Obstacle>();
  const [complaint, setComplaint] = useState<{ name?: string | undefined; room?: string | undefined }>({});
  const [pasted, setPasted] = useState("");
  const present = open?.find(({ roomId }) => roomId === room.trim());

  const isNew = !token && !present && obstacle?.kind !== "no-token";

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const entry = { name: name.trim(), room: room.trim(), kind: present?.kind ?? kind, host: host && isNew, token };
    const wrong = {
      name: entry.name ? undefined : "Others need a name to call you by.",
      room: roomNameProblem(entry.room),
    };
    const invitation = obstacle?.kind === "no-token" ? parsePasted(pasted) : undefined;
    if (invitation?.room) wrong.room = undefined;
    setComplaint(wrong);
    if (wrong.name || wrong.room) {
      document.getElementById(wrong.name ? "name" : "room")?.focus();
      return;
    }
    setBusy(true);
    const target = invitation ? { ...entry, token: invitation.token, room: invitation.room || entry.room } : entry;
    setObstacle(await enter(target));
    setBusy(false);
  };

  return (
    <form class="join-form" onSubmit={submit} noValidate>
      <NameField name={name} setName={setName} complaint={complaint.name} />
      <RoomField
        fixed={fixedRoom !== undefined}
        room={room}
        setRoom={setRoom}
        complaint={complaint.room}
        present={present}
      />
      {isNew && <KindChoice kind={kind} setKind={setKind} />}
      {isNew && <HostSwitch host={host} setHost={setHost} />}
      {token && <InvitedAs token={token} />}
      {obstacle?.kind === "no-token" && <TokenField pasted={pasted} setPasted={setPasted} />}
      {obstacle?.kind === "error" && (
        <p class="field-error" role="alert">
          <Icon name="warning" size={16} /> {obstacle.text}
        </p>
      )}
      <Button kind="primary" size="large" type="submit" busy={busy} testid="lobby-join">
        {present || fixedRoom !== undefined ? "Join" : "Start or join"}
      </Button>
    </form>
  );
}

/** The name to begin with: the invitation's, or the last one used. */
export function firstName(token: string | undefined): string {
  return (token && claimsOf(token)?.name) || choices().name;
}
