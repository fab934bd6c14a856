/** One room: who is in it, what is published, and what an operator can do. */
import { useState } from "preact/hooks";
import { Button } from "../components/button";
import { ConfirmDialog } from "../components/dialog";
import { Icon } from "../components/icon";
import { Loading } from "../components/lazy";
import { Link } from "../components/link";
import { Empty } from "../components/state-page";
import { notify } from "../components/toast";
import { type ApiError, closeRoom, describeRoom, lockRoom, type RoomDescription } from "../lib/api";
import { age, bitrate, count, kindName } from "../lib/format";
import { dashboardPath, roomPath } from "../lib/routes";
import { navigate } from "../router";
import { InviteDialog } from "./invite-dialog";
import { LogIn } from "./log-in";
import { ParticipantsTable } from "./participants-table";
import { usePolled } from "./poll";
import { TracksTable } from "./tracks-table";

/** Does something and says when it was refused. */
export type Act = (action: () => Promise<unknown>) => Promise<void>;

export function RoomDetail({ room }: { room: string }) {
  const polled = usePolled((stop) => describeRoom(room, stop), [room]);
  const { data, error, refresh } = polled;
  const act: Act = async (action) => {
    try {
      await action();
    } catch (problem) {
      notify((problem as Error).message, "bad");
    }
    refresh();
  };
  if (error?.needsKey) return <LogIn error={error} />;
  return (
    <>
      <nav class="crumbs" aria-label="Where you are">
        <Link to={dashboardPath()}>Rooms</Link>
        <Icon name="right" size={14} />
        <span aria-current="page" class="truncate">
          {room}
        </span>
      </nav>
      {data ? <Detail room={data} error={error} act={act} /> : error ? <Gone error={error} /> : <Loading />}
    </>
  );
}

function Gone({ error }: { error: ApiError }) {
  const gone = error.status === 404;
  return (
    <Empty
      icon={gone ? "info" : "warning"}
      title={gone ? "This room is not open" : "No answer from the server"}
      text={gone ? "It was closed, or everybody left." : error.message}
    >
      <Link to={dashboardPath()} class="button plain medium">
        All rooms
      </Link>
    </Empty>
  );
}

function Detail({ room, error, act }: { room: RoomDescription; error: ApiError | undefined; act: Act }) {
  const [closing, setClosing] = useState(false);
  const [inviting, setInviting] = useState(false);
  const facts = [
    count(room.participants, "person", "people"),
    count(room.viewers, "viewer"),
    `${bitrate(room.bitrateIn)} in`,
    `${bitrate(room.bitrateOut)} out`,
    `worker ${room.worker}`,
    `open ${age(Date.now() - room.createdAt)}`,
  ];
  return (
    <>
      <div class="dashboard-title">
        <h1 class="truncate">{room.roomId}</h1>
        <span class="chip">{kindName(room.kind)}</span>
        {room.locked && <span class="chip warn">locked</span>}
        {room.hasPin && <span class="chip">PIN</span>}
        {error && <span class="chip bad">no answer, trying again</span>}
        <span class="grow" />
        <Link to={roomPath(room.roomId)} class="button plain medium">
          Join
        </Link>
        <Button icon="link" testid="invite-to-room" onClick={() => setInviting(true)}>
          Copy invite link
        </Button>
        <Button
          icon={room.locked ? "unlock" : "lock"}
          testid="lock-room"
          onClick={() => void act(() => lockRoom(room.roomId, !room.locked))}
        >
          {room.locked ? "Unlock" : "Lock"}
        </Button>
        <Button kind="danger" testid="close-room" onClick={() => setClosing(true)}>
          Close
        </Button>
      </div>
      <p class="room-facts muted num">{facts.join(" · ")}</p>
      <h2>Participants</h2>
      <ParticipantsTable room={room} act={act} />
      <h2>Tracks</h2>
      <TracksTable room={room} />
      {inviting && <InviteDialog room={room.roomId} close={() => setInviting(false)} />}
      {closing && (
        <ConfirmDialog
          title={`Close ${room.roomId}?`}
          text={`${count(room.participants, "person is", "people are")} put out at once.`}
          action="Close the room"
          onConfirm={() => void act(() => closeRoom(room.roomId)).then(() => navigate(dashboardPath()))}
          onClose={() => setClosing(false)}
        />
      )}
    </>
  );
}
