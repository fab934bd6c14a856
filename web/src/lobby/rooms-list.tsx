/** Rooms to go back to, and rooms where people are. */
import { useEffect, useState } from "preact/hooks";
import { Icon } from "../components/icon";
import { listRooms, type RoomSummary } from "../lib/api";
import { forgetRoom, type Recent, recentRooms } from "../lib/choices";
import { age, count, kindName } from "../lib/format";

/** How often open rooms are looked up, in milliseconds. */
const EVERY = 5000;

/** Open rooms, where this server tells them to whoever is here; else `undefined`. */
export function useOpenRooms(): RoomSummary[] | undefined {
  const [rooms, setRooms] = useState<RoomSummary[] | undefined>();
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const look = async () => {
      try {
        setRooms(await listRooms(stop.signal));
        timer = setTimeout(look, EVERY);
      } catch {
        // Strangers may not list rooms: then there is no such list.
        setRooms(undefined);
      }
    };
    void look();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, []);
  return rooms;
}

interface RoomsListProps {
  open: RoomSummary[] | undefined;
  onPick: (room: string) => void;
}

export function RoomsList({ open, onPick }: RoomsListProps) {
  const [recent, setRecent] = useState<Recent[]>(recentRooms);
  const others = recent.filter(({ room }) => !open?.some(({ roomId }) => roomId === room));
  if (!open?.length && others.length === 0) return null;
  return (
    <div class="lobby-rooms">
      {open && open.length > 0 && (
        <section aria-labelledby="open-rooms">
          <h2 id="open-rooms">Open now</h2>
          <ul>
            {open.slice(0, 8).map((room) => (
              <li key={room.roomId}>
                <RoomLine
                  room={room.roomId}
                  detail={`${kindName(room.kind)} · ${count(room.participants, "person", "people")} · ${age(Date.now() - room.createdAt)}`}
                  live={room.participants > 0}
                  locked={room.locked || room.hasPin}
                  onPick={onPick}
                />
              </li>
            ))}
          </ul>
        </section>
      )}
      {others.length > 0 && (
        <section aria-labelledby="recent-rooms">
          <h2 id="recent-rooms">Recent</h2>
          <ul>
            {others.map(({ room, at }) => (
              <li key={room}>
                <RoomLine room={room} detail={`${age(Date.now() - at)} ago`} onPick={onPick} />
                <button
                  type="button"
                  class="icon-button small"
                  aria-label={`Forget ${room}`}
                  title="Forget"
                  onClick={() => {
                    forgetRoom(room);
                    setRecent(recentRooms());
                  }}
                >
                  <Icon name="close" size={14} />
                </button>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

interface RoomLineProps {
  room: string;
  detail: string;
  live?: boolean;
  locked?: boolean;
  onPick: (room: string) => void;
}

function RoomLine({ room, detail, live, locked, onPick }: RoomLineProps) {
  return (
    <button type="button" class="room-line" data-testid="lobby-pick" onClick={() => onPick(room)}>
      <span class={live ? "room-dot live" : "room-dot"} />
      <span class="truncate room-line-name">{room}</span>
      {locked && <Icon name="lock" size={14} />}
      <span class="faint num">{detail}</span>
    </button>
  );
}
