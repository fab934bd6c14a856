/** Every room in a table. */
import { Icon } from "../components/icon";
import { Link } from "../components/link";
import { Empty } from "../components/state-page";
import type { RoomSummary } from "../lib/api";
import { age, bitrate, kindName } from "../lib/format";
import { useNow } from "../lib/hooks";
import { navigate } from "../router";

export function RoomsTable({ rooms, to }: { rooms: readonly RoomSummary[]; to: (room: string) => string }) {
  const now = useNow(2000);
  if (rooms.length === 0) {
    return (
      <div class="card">
        <Empty
          icon="dashboard"
          title="No rooms"
          text="Make one with “New room” and invite people, or wait: a room appears here when somebody joins it."
        />
      </div>
    );
  }
  return (
    <div class="card table-card">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Room</th>
            <th scope="col">Kind</th>
            <th scope="col" class="right">
              People
            </th>
            <th scope="col" class="right">
              Viewers
            </th>
            <th scope="col" class="right">
              Tracks
            </th>
            <th scope="col" class="right">
              In
            </th>
            <th scope="col" class="right">
              Out
            </th>
            <th scope="col" class="right">
              Age
            </th>
          </tr>
        </thead>
        <tbody>
          {rooms.map((room) => (
            <Row key={room.roomId} room={room} to={to(room.roomId)} age={age(now - room.createdAt)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The name is a link, for the keyboard; a click anywhere in the row is a convenience on top. */
function Row({ room, to, age }: { room: RoomSummary; to: string; age: string }) {
  return (
    <tr data-testid="dashboard-room-row" data-room={room.roomId} onClick={() => navigate(to)}>
      <td data-label="Room">
        <span class="table-room">
          <Link to={to} class="truncate">
            {room.roomId}
          </Link>
          {(room.locked || room.hasPin) && <Icon name="lock" size={14} />}
        </span>
      </td>
      <td data-label="Kind">
        <span class="chip">{kindName(room.kind)}</span>
      </td>
      <td class="right num" data-label="People">
        {room.participants}
      </td>
      <td class="right num" data-label="Viewers">
        {room.viewers}
      </td>
      <td class="right num" data-label="Tracks">
        {room.tracks}
      </td>
      <td class="right num" data-label="In">
        {bitrate(room.bitrateIn)}
      </td>
      <td class="right num" data-label="Out">
        {bitrate(room.bitrateOut)}
      </td>
      <td class="right num" data-label="Age">
        {age}
      </td>
    </tr>
  );
}
