/** Where to move somebody: a room from the list, or any other by its name. */
import type { RoomKind } from "@crosspoint/client";
import { useEffect, useState } from "preact/hooks";
import { listRooms, type RoomSummary } from "../lib/api";
import { count, kindName } from "../lib/format";
import { roomNameProblem } from "../lib/routes";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { Icon } from "./icon";

interface MoveDialogProps {
  name: string;
  from: string;
  /** The present room's kind: a new one is of the same. */
  kind: RoomKind;
  /** Moves, and says itself what went wrong. */
  move: (to: string, held: boolean) => Promise<unknown>;
  close: () => void;
}

export function MoveDialog({ name, from, kind, move, close }: MoveDialogProps) {
  const rooms = useTargets(from, kind);
  const [to, setTo] = useState("");
  const [held, setHeld] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const choose = (room: string) => {
    setTo(room);
    setProblem(undefined);
  };
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const target = to.trim();
    const wrong = target === from ? `${name} is there already.` : roomNameProblem(target);
    setProblem(wrong);
    if (wrong) return document.getElementById("move-to")?.focus();
    setBusy(true);
    await move(target, held);
    close();
  };
  return (
    <Dialog title={`Move ${name}`} onClose={close} testid="move-dialog">
      <form class="move-form" onSubmit={submit} noValidate>
        <div class="field">
          <label for="move-to">To the room</label>
          <input
            id="move-to"
            class="input"
            data-testid="move-to"
            value={to}
            maxLength={128}
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            aria-invalid={problem ? "true" : undefined}
            aria-describedby="move-hint"
            onInput={(event) => choose(event.currentTarget.value)}
          />
          {problem ? (
            <span class="field-error" id="move-hint" role="alert">
              {problem}
            </span>
          ) : (
            <span class="field-hint" id="move-hint">
              {hint(rooms, to.trim(), kind)}
            </span>
          )}
        </div>
        {rooms && rooms.length > 0 && <Targets rooms={rooms} chosen={to.trim()} choose={choose} />}
        <label class="switch">
          <input
            type="checkbox"
            role="switch"
            aria-checked={held}
            checked={held}
            data-testid="move-held"
            onChange={(event) => setHeld(event.currentTarget.checked)}
          />
          <span>
            On hold when they arrive
            <small>Nobody hears them there until you end it</small>
          </span>
        </label>
        <Button kind="primary" size="large" type="submit" busy={busy} testid="move">
          Move
        </Button>
      </form>
    </Dialog>
  );
}

interface TargetsProps {
  rooms: readonly RoomSummary[];
  chosen: string;
  choose: (room: string) => void;
}

function Targets({ rooms, chosen, choose }: TargetsProps) {
  return (
    <ul class="move-rooms" aria-label="Open rooms">
      {rooms.map(({ roomId, kind, participants }) => (
        <li key={roomId}>
          <button
            type="button"
            class="move-room"
            aria-pressed={roomId === chosen}
            data-testid="move-target"
            onClick={() => choose(roomId)}
          >
            <Icon name={kind === "mix" ? "mixer" : kind === "mesh" ? "mesh" : "bolt"} size={16} />
            <span class="truncate grow">{roomId}</span>
            <span class="faint num">
              {kindName(kind)} · {count(participants, "person", "people")}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Rooms that one can be moved to from here; `undefined` where this server does not list its rooms to whoever is here. */
function useTargets(from: string, kind: RoomKind): RoomSummary[] | undefined {
  const [rooms, setRooms] = useState<RoomSummary[]>();
  useEffect(() => {
    const stop = new AbortController();
    // In a mesh room there is no connection to the server that could be taken along.
    const fits = (room: RoomSummary) => room.roomId !== from && (room.kind === "mesh") === (kind === "mesh");
    listRooms(stop.signal).then(
      (all) => setRooms(all.filter(fits)),
      () => {},
    );
    return () => stop.abort();
  }, [from, kind]);
  return rooms;
}

function hint(rooms: readonly RoomSummary[] | undefined, to: string, kind: RoomKind): string {
  const known = rooms?.find(({ roomId }) => roomId === to);
  if (known) return `Open (${kindName(known.kind)}): ${count(known.participants, "person", "people")} in it.`;
  const fresh = `A name that is new makes a new room (${kindName(kind)}).`;
  if (to !== "" || rooms === undefined) return fresh;
  return rooms.length === 0 ? `No other room is open. ${fresh}` : `Choose one, or type a name. ${fresh}`;
}
