/** Who is in a room. */
import { useState } from "preact/hooks";
import { Avatar } from "../components/avatar";
import { ConfirmDialog } from "../components/dialog";
import { Icon } from "../components/icon";
import { Menu, type MenuItem } from "../components/menu";
import { MoveDialog } from "../components/move-dialog";
import { Empty } from "../components/state-page";
import { hold, kick, moveTo, mute, type ParticipantView, type RoomDescription } from "../lib/api";
import { age, bitrate, milliseconds, percent } from "../lib/format";
import type { Act } from "./room-detail";

export function ParticipantsTable({ room, act }: { room: RoomDescription; act: Act }) {
  const [removing, setRemoving] = useState<ParticipantView>();
  const [moving, setMoving] = useState<ParticipantView>();
  if (room.users.length === 0) {
    return (
      <div class="card">
        <Empty icon="people" title="Nobody here" text="The room stays open for a while when it is empty." />
      </div>
    );
  }
  return (
    <div class="card table-card">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            <th scope="col" class="right">
              Up
            </th>
            <th scope="col" class="right">
              Down
            </th>
            <th scope="col" class="right">
              Loss
            </th>
            <th scope="col" class="right">
              Round trip
            </th>
            <th scope="col">Path</th>
            <th scope="col" class="right">
              Here for
            </th>
            <th>
              <span class="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {room.users.map((user) => (
            <Row
              key={user.userId}
              room={room}
              user={user}
              act={act}
              remove={() => setRemoving(user)}
              move={() => setMoving(user)}
            />
          ))}
        </tbody>
      </table>
      {moving && (
        <MoveDialog
          name={moving.name || moving.userId}
          from={room.roomId}
          kind={room.kind}
          move={(to, held) => act(() => moveTo(room.roomId, moving.userId, to, held))}
          close={() => setMoving(undefined)}
        />
      )}
      {removing && (
        <ConfirmDialog
          title={`Remove ${removing.name || removing.userId}?`}
          text="They are put out and cannot come back with the same token."
          action="Remove"
          onConfirm={() => void act(() => kick(room.roomId, removing.userId))}
          onClose={() => setRemoving(undefined)}
        />
      )}
    </div>
  );
}

interface RowProps {
  room: RoomDescription;
  user: ParticipantView;
  act: Act;
  remove: () => void;
  move: () => void;
}

function Row({ room, user, act, remove, move }: RowProps) {
  const { userId, stats } = user;
  const name = user.name || userId;
  const own = room.published.filter((track) => track.userId === userId);
  const held = own.some((track) => track.held);
  const microphone = own.find(({ source }) => source === "microphone");
  return (
    <tr data-testid="dashboard-participant-row" data-user={userId}>
      <td data-label="Name">
        <span class="table-person">
          <Avatar identity={userId} name={name} size={28} />
          <span class="grow">
            <span class="truncate table-name">{name}</span>
            {name !== userId && <span class="faint truncate mono table-id">{userId}</span>}
          </span>
        </span>
      </td>
      <td data-label="State">
        <span class="chips">
          <StateChip user={user} />
          {held && <span class="chip warn">held</span>}
          {microphone?.muted && <span class="chip">muted</span>}
          {user.hidden && <span class="chip">hidden</span>}
        </span>
      </td>
      <td class="right num" data-label="Up">
        {bitrate(stats?.up.bitrate)}
      </td>
      <td class="right num" data-label="Down">
        {bitrate(stats?.down.bitrate)}
      </td>
      <td class="right num" data-label="Loss">
        {percent(stats && Math.max(stats.up.loss, stats.down.loss))}
      </td>
      <td class="right num" data-label="Round trip">
        {milliseconds(stats?.roundTrip)}
      </td>
      <td data-label="Path">{stats?.path?.toUpperCase() ?? "–"}</td>
      <td class="right num" data-label="Here for">
        {age(Date.now() - user.joinedAt)}
      </td>
      <td class="right table-actions">
        <Menu
          label={`What to do with ${name}`}
          items={itemsFor({ room, user, act, remove, move })}
          class="icon-button small"
          testid="participant-menu"
        >
          <Icon name="more" size={16} />
        </Menu>
      </td>
    </tr>
  );
}

function itemsFor({ room, user: { userId, media }, act, remove, move }: RowProps): MenuItem[] {
  const own = room.published.filter((track) => track.userId === userId);
  const held = own.some((track) => track.held);
  const microphone = own.find(({ source }) => source === "microphone");
  return [
    {
      label: "Mute the microphone",
      icon: "mic-off",
      disabled: !microphone || microphone.muted,
      testid: "mute-person",
      run: () => void act(() => mute(room.roomId, userId, "microphone", true)),
    },
    {
      label: held ? "End the hold" : "Put on hold",
      icon: "hand",
      testid: "hold-person",
      run: () => void act(() => hold(room.roomId, userId, !held)),
    },
    {
      label: "Move to another room…",
      icon: "move",
      disabled: room.kind !== "mesh" && !media,
      testid: "move-person",
      run: move,
    },
    { label: "Remove from the room", icon: "kick", danger: true, testid: "kick-person", run: remove },
  ];
}

function StateChip({ user: { connected, media } }: { user: ParticipantView }) {
  if (connected && media) return <span class="chip ok">connected</span>;
  if (connected) return <span class="chip">no media</span>;
  if (media) return <span class="chip accent">media only</span>;
  return <span class="chip warn">reconnecting</span>;
}
