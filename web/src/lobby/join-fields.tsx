/** The parts of the form in the lobby. */
import type { RoomKind } from "@crosspoint/client";
import { Icon } from "../components/icon";
import type { RoomSummary } from "../lib/api";
import { claimsOf } from "../lib/claims";
import { count, kindName } from "../lib/format";
import { randomRoomName } from "../lib/identity";
import { parsePasted } from "../lib/invite";

interface NameFieldProps {
  name: string;
  setName: (name: string) => void;
  complaint: string | undefined;
}

export function NameField({ name, setName, complaint }: NameFieldProps) {
  return (
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
        aria-invalid={complaint ? "true" : undefined}
        aria-describedby={complaint ? "name-error" : undefined}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      {complaint && <FieldError id="name-error" text={complaint} />}
    </div>
  );
}

export function HostSwitch({ host, setHost }: { host: boolean; setHost: (host: boolean) => void }) {
  return (
    <label class="switch">
      <input
        type="checkbox"
        role="switch"
        aria-checked={host}
        checked={host}
        data-testid="lobby-host"
        onChange={(event) => setHost(event.currentTarget.checked)}
      />
      <span>
        Host the room
        <small>Mute, hold and remove others</small>
      </span>
    </label>
  );
}

interface RoomFieldProps {
  fixed: boolean;
  room: string;
  setRoom: (room: string) => void;
  complaint: string | undefined;
  present: RoomSummary | undefined;
}

export function RoomField({ fixed, room, setRoom, complaint, present }: RoomFieldProps) {
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
          {present
            ? `Open (${kindName(present.kind)}): ${people} in it.`
            : fixed
              ? "From your link."
              : "A new name makes a new room."}
        </span>
      )}
    </div>
  );
}

interface KindChoiceProps {
  kind: RoomKind;
  setKind: (kind: RoomKind) => void;
  legend?: string;
}

export function KindChoice({ kind, setKind, legend = "If the room is new" }: KindChoiceProps) {
  const kinds = [
    {
      value: "forward",
      icon: "bolt",
      label: "Server",
      hint: "Media goes through the server: many people, quality by screen size and network.",
    },
    {
      value: "mix",
      icon: "mixer",
      label: "Mixed",
      hint: "Audio mixed by the server: one small stream however many are in it; video as before.",
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
      <legend class="label">{legend}</legend>
      <div class="choice">
        {kinds.map(({ value, icon, label }) => (
          <label key={value}>
            <input
              type="radio"
              name="kind"
              value={value}
              data-testid={`lobby-kind-${value}`}
              checked={kind === value}
              onChange={() => setKind(value)}
            />
            <Icon name={icon} size={16} />
            {label}
          </label>
        ))}
      </div>
      <span class="field-hint">{kinds.find(({ value }) => value === kind)?.hint}</span>
    </fieldset>
  );
}

export function InvitedAs({ token }: { token: string }) {
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
        {!claims.publishes && ", to watch and listen"}
      </span>
    </p>
  );
}

export function TokenField({ pasted, setPasted }: { pasted: string; setPasted: (text: string) => void }) {
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
