/** Who is here, how they do, and for hosts what to do about it. */
import { useId, useState } from "preact/hooks";
import { Avatar } from "../components/avatar";
import { ConfirmDialog } from "../components/dialog";
import { Icon } from "../components/icon";
import { Menu, type MenuItem } from "../components/menu";
import { MoveDialog } from "../components/move-dialog";
import { QualityBars } from "../components/quality-bars";
import { MixHead } from "./mix-head";
import type { Person } from "./people";
import type { RoomSession } from "./session";
import { SpeakingDots } from "./tile";
import { VoiceDesk } from "./voice-desk";
import { VoiceMeter } from "./voice-meter";

/** With more people than these a field to search in is worth its place. */
const SEARCH_FROM = 9;

export function PeoplePanel({ session }: { session: RoomSession }) {
  const [search, setSearch] = useState("");
  const [removing, setRemoving] = useState<Person>();
  const [moving, setMoving] = useState<Person>();
  const people = session.people.list.value;
  const wanted = search.trim().toLowerCase();
  const shown = wanted ? people.filter(({ name }) => name.toLowerCase().includes(wanted)) : people;
  return (
    <div class="panel-body">
      {session.mix.on.value && <MixHead session={session} />}
      {people.length >= SEARCH_FROM && (
        <input
          class="input people-search"
          type="search"
          placeholder="Search"
          aria-label="Search participants"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      <ul class="people-list" aria-label={`${people.length} participants`}>
        {shown.map((person) => (
          <Row
            key={person.identity}
            session={session}
            person={person}
            remove={() => setRemoving(person)}
            move={() => setMoving(person)}
          />
        ))}
      </ul>
      {shown.length === 0 && <p class="muted panel-note">Nobody of that name.</p>}
      {moving && (
        <MoveDialog
          name={moving.name}
          from={session.roomId.value}
          kind={session.kind.value}
          move={(to, held) => session.move(moving.identity, to, held)}
          close={() => setMoving(undefined)}
        />
      )}
      {removing && (
        <ConfirmDialog
          title={`Remove ${removing.name}?`}
          text="They are put out and cannot come back with the same invitation."
          action="Remove"
          onConfirm={() => void session.moderate((room) => room.kick(removing.identity))}
          onClose={() => setRemoving(undefined)}
        />
      )}
    </div>
  );
}

interface RowProps {
  session: RoomSession;
  person: Person;
  remove: () => void;
  move: () => void;
}

function Row(props: RowProps) {
  const { session, person } = props;
  const { identity, name } = person;
  const [open, setOpen] = useState(false);
  const treats = session.isAdmin && session.mix.on.value;
  const id = useId();
  return (
    <li
      class={open && treats ? "person-entry open" : "person-entry"}
      data-testid="participant-row"
      data-user={identity}
    >
      <div class="person">
        <Avatar identity={identity} name={name} size={32} />
        <Name session={session} person={person} />
        <Signs person={person} />
        {treats && (
          <button
            type="button"
            class="icon-button small"
            aria-label={`${name}'s voice`}
            title="Voice"
            aria-expanded={open}
            aria-controls={id}
            data-testid="open-voice"
            onClick={() => setOpen(!open)}
          >
            <Icon name="mixer" size={16} />
          </button>
        )}
        <Menu
          label={`What to do with ${name}`}
          items={itemsFor(props)}
          class="icon-button small"
          testid="participant-menu"
        >
          <Icon name="more" size={16} />
        </Menu>
      </div>
      <div id={id}>{open && treats && <VoiceDesk session={session} person={person} />}</div>
    </li>
  );
}

function Name({
  session: { mix },
  person: { identity, name, isLocal, held },
}: {
  session: RoomSession;
  person: Person;
}) {
  const metered = mix.on.value;
  return (
    <span class={metered ? "grow person-name metered" : "grow person-name"}>
      <span class="person-line">
        <span class="truncate" title={name}>
          {name}
        </span>
        {isLocal && <span class="faint">You</span>}
        {held && <span class="chip warn">On hold</span>}
      </span>
      {metered && <VoiceMeter meters={mix.meters} of={identity} label={`${name}'s level`} />}
    </span>
  );
}

function Signs({ person }: { person: Person }) {
  const { audible } = person;
  return (
    <>
      {person.presentations.length > 0 && <Icon name="screen" size={16} />}
      {audible && person.speaking.value ? (
        <span class="person-speaks">
          <SpeakingDots level={person.level.value} />
        </span>
      ) : (
        <span
          class={audible ? "person-mic" : "person-mic off"}
          role="img"
          aria-label={audible ? "Microphone on" : "Microphone off"}
        >
          <Icon name={audible ? "mic" : "mic-off"} size={16} />
        </span>
      )}
      <QualityBars quality={person.quality.value} />
    </>
  );
}

function itemsFor({ session, person, remove, move }: RowProps): MenuItem[] {
  const { identity, name, isLocal, held } = person;
  const pinned = session.view.pinned.value === identity;
  const items: MenuItem[] = [
    {
      label: pinned ? "Unpin" : "Show large",
      icon: "pin",
      testid: "pin-person",
      run: () => session.view.togglePin(identity),
    },
  ];
  if (!session.isAdmin || isLocal) return items;
  const voice = person.voice;
  items.push(
    { heading: `As host of the room` },
    {
      label: "Mute the microphone",
      icon: "mic-off",
      disabled: voice === undefined || voice.muted,
      testid: "mute-person",
      run: () => void session.moderate((room) => room.mute(identity, true, voice ? { source: voice.source } : {})),
    },
    {
      label: held ? "End the hold" : "Put on hold",
      icon: "hand",
      testid: "hold-person",
      run: () => void session.moderate((room) => room.hold(identity, !held)),
    },
    { label: "Move to another room…", icon: "move", testid: "move-person", run: move },
    { label: `Remove ${name}`, icon: "kick", danger: true, testid: "kick-person", run: remove },
  );
  return items;
}
