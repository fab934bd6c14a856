/** `/room/{room}`: the lobby until there is a seat, then the room, then why it ended. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Loading } from "../components/lazy";
import { clearToasts } from "../components/toast";
import { invitation } from "../lib/arrival";
import { roomPath } from "../lib/routes";
import { leaveSeat, type Seat, seatIn, seatRevision, takeSeat } from "../lib/seat";
import { Lobby } from "../lobby/lobby";
import { navigate } from "../router";
import { EndPage } from "./end-page";
import type { Ending } from "./ending";
import { LiveRoom } from "./live-room";
import { RoomSession } from "./session";

interface Gone {
  ending: Ending;
  seat: Seat;
  room: string;
}

export function RoomPage({ room }: { room: string }) {
  const [gone, setGone] = useState<Gone>();
  seatRevision.value;
  const invited = invitation.value?.room === room;
  // A new invitation is a new beginning.
  useEffect(() => {
    if (invited) setGone(undefined);
  }, [invited]);
  // Who is moved takes the seat along to the other room, and the visit goes on.
  const visiting = useRef<Seat | undefined>(undefined);
  const seat = seatIn(room) ?? visiting.current;
  visiting.current = seat;
  const over = (ending: Gone) => {
    visiting.current = undefined;
    setGone(ending);
  };

  if (gone) {
    return (
      <EndPage
        ending={gone.ending}
        room={gone.room}
        rejoin={(change) => {
          takeSeat(gone.room, { ...gone.seat, ...change });
          setGone(undefined);
          if (gone.room !== room) navigate(roomPath(gone.room), "replace");
        }}
        lobby={() => setGone(undefined)}
      />
    );
  }
  if (!seat) return <Lobby key={room} room={room} />;
  return <Visit key={seat.token + (seat.pin ?? "")} room={room} seat={seat} over={over} />;
}

/** One visit, from going in to its end. */
function Visit({ room, seat, over }: { room: string; seat: Seat; over: (gone: Gone) => void }) {
  // The seat of the first render: what is remembered of it later (microphone on or off) must not begin a new visit.
  const session = useMemo(() => new RoomSession(room, seat), [room]);
  useEffect(() => {
    void session.start();
    return () => {
      session.close();
      clearToasts();
    };
  }, [session]);
  const ending = session.ending.value;
  useEffect(() => {
    if (!ending) return;
    const last = session.roomId.value;
    const kept = seatIn(last) ?? seat;
    over({ ending, seat: kept, room: last });
    leaveSeat(last);
  }, [ending]);
  const title = session.roomId.value;
  useEffect(() => {
    document.title = `${title} · Crosspoint`;
  }, [title]);

  if (session.stage.value === "live") return <LiveRoom session={session} />;
  return (
    <div class="joining">
      <Loading text={`Joining ${room}…`} />
    </div>
  );
}
