/** Name, room, and how to go in. */
import type { RoomKind } from "@crosspoint/client";
import { useState } from "preact/hooks";
import { Button } from "../components/button";
import { Icon } from "../components/icon";
import type { RoomSummary } from "../lib/api";
import { choices } from "../lib/choices";
import { claimsOf } from "../lib/claims";
import { count } from "../lib/format";
import { randomRoomName } from "../lib/identity";
import { parsePasted } from "../lib/invite";
import { roomNameProblem } from "../lib/routes";
import type { Entry, Obstacle } from "./door";

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
    const entry = { name: name.trim(), room: room.trim(), kind, host: host && !present, token };
    const wrong = {
      name: entry.name ? undefined : "Others need a name to call you by.",
      room: roomNameProblem(entry.room),
    };
    const invitation = obstacle?.kind === "no-token" ? parsePasted(pasted) : undefined;
    if (invitation?.room) wrong.room = undefined;
    setComplaint(wrong);
    if (wrong.name || wrong.room) return;
    setBusy(true);
    const target = invitation ? { ...entry, token: invitation.token, room: invitation.room || entry.room } : entry;
    setObstacle(await enter(target));
    setBusy(false);
  };

  return (
    <form class="join-form" onSubmit={submit} noValidate>
      <div class="field">
        <label for="name">Your name</label>
        <input
          id="name"
          class="input"
          data-testid="lobby-name"
          value={name}
          maxLength={64}
          autocomplete="name"
          placeholder="Ann"
          aria-invalid={complaint.name ? "true" : undefined}
          aria-describedby={complaint.name ? "name-error" : undefined}
          onInput={(event) => setName(event.currentTarget.value)}
        />
        {complaint.name && <FieldError id="name-error" text={complaint.name} />}
      </div>
      <RoomField
        fixed={fixedRoom !== undefined}
        room={room}
        setRoom={setRoom}
        complaint={complaint.room}
        present={present}
      />
      {isNew && <KindChoice kind={kind} setKind={setKind} />}
      {isNew && (
        <label class="switch">
          <input
            type="checkbox"
            role="switch"
            aria-checked={host}
            checked={host}
            onChange={(event) => setHost(event.currentTarget.checked)}
          />
          <span>
            Host the room
            <small>Mute, hold and remove others</small>
          </span>
        </label>
      )}
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

interface RoomFieldProps {
  fixed: boolean;
  room: string;
  setRoom: (room: string) => void;
  complaint: string | undefined;
  present: RoomSummary | undefined;
}

function RoomField({ fixed, room, setRoom, complaint, present }: RoomFieldProps) {
  const people = present && count(present.participants, "person", "people");
  return (
    <div class="field">
      <div class="label-row">
        <label for="room">Room</label>
        {!fixed && (
          <button type="button" class="text-button" onClick={() => setRoom(randomRoomName())}>
            Suggest a name
          </button>
        )}
      </div>
      <input
        id="room"
        class="input"
        data-testid="lobby-room"
        value={room}
        maxLength={128}
        readOnly={fixed}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        placeholder="standup"
        aria-invalid={complaint ? "true" : undefined}
        aria-describedby={complaint ? "room-error" : "room-hint"}
        onInput={(event) => setRoom(event.currentTarget.value)}
      />
      {complaint ? (
        <FieldError id="room-error" text={complaint} />
      ) : (
        <span class="field-hint" id="room-hint">
          {present ? `Open: ${people} in it.` : fixed ? "From your link." : "A new name makes a new room."}
        </span>
      )}
    </div>
  );
}

function KindChoice({ kind, setKind }: { kind: RoomKind; setKind: (kind: RoomKind) => void }) {
  const kinds = [
    {
      value: "forward",
      icon: "bolt",
      label: "Server",
      hint: "Media go through the server: many people, quality by screen size and network.",
    },
    {
      value: "mesh",
      icon: "mesh",
      label: "Mesh",
      hint: "Browsers connect to each other directly: best for two to four people.",
    },
  ] as const;
  return (
    <fieldset class="field plain-fieldset">
      <legend class="label">If the room is new</legend>
      <div class="choice">
        {kinds.map(({ value, label }) => (
          <label key={value}>
            <input
              type="radio"
              name="kind"
              value={value}
              data-testid={`lobby-kind-${value}`}
              checked={kind === value}
              onChange={() => setKind(value)}
            />
            <Icon name={value === "mesh" ? "mesh" : "bolt"} size={16} />
            {label}
          </label>
        ))}
      </div>
      <span class="field-hint">{kinds.find(({ value }) => value === kind)?.hint}</span>
    </fieldset>
  );
}

function InvitedAs({ token }: { token: string }) {
  const claims = claimsOf(token);
  const expired = claims?.expires !== undefined && claims.expires * 1000 < Date.now();
  if (!claims) return <p class="field-error">This invitation is damaged: perhaps the link was cut off.</p>;
  if (expired) return <p class="field-error">This invitation has expired. Ask for a new one.</p>;
  return (
    <p class="invited">
      <Icon name="key" size={16} />
      <span>
        Invited as <strong>{claims.name || claims.identity}</strong>
        {claims.admin && ", with host rights"}
      </span>
    </p>
  );
}

function TokenField({ pasted, setPasted }: { pasted: string; setPasted: (text: string) => void }) {
  const wrong = pasted.trim() !== "" && !parsePasted(pasted);
  return (
    <div class="field token-field">
      <label for="token">Invite link or token</label>
      <textarea
        id="token"
        class="input mono"
        rows={3}
        data-testid="lobby-token"
        value={pasted}
        placeholder="https://…/room/standup#token=…"
        aria-invalid={wrong ? "true" : undefined}
        onInput={(event) => setPasted(event.currentTarget.value)}
      />
      {wrong ? (
        <span class="field-error">This is neither an invite link nor a token.</span>
      ) : (
        <span class="field-hint">This server lets in only who is invited. Paste the link you were given.</span>
      )}
    </div>
  );
}

function FieldError({ id, text }: { id: string; text: string }) {
  return (
    <span class="field-error" id={id} role="alert">
      {text}
    </span>
  );
}

/** The name to begin with: the invitation's, or the last one used. */
export function firstName(token: string | undefined): string {
  return (token && claimsOf(token)?.name) || choices().name;
}
