/** The operators' page: the server, its rooms, and one room in detail. */
import { useEffect, useMemo } from "preact/hooks";
import { Button } from "../components/button";
import { Loading } from "../components/lazy";
import { OperatorHead } from "../components/operator-head";
import { Empty } from "../components/state-page";
import { listRooms, serverStats } from "../lib/api";
import { dashboardPath } from "../lib/routes";
import { route } from "../router";
import "./dashboard.css";
import { LoadHistory } from "./load";
import { LogIn } from "./log-in";
import { NewRoom } from "./new-room";
import { usePolled } from "./poll";
import { RoomDetail } from "./room-detail";
import { RoomsTable } from "./rooms-table";
import { ServerPlots } from "./server-plots";
import { ServerTiles } from "./server-tiles";

export function Dashboard() {
  const present = route.value;
  const room = present.page === "dashboard" ? present.room : undefined;
  useEffect(() => {
    document.title = room === undefined ? "Dashboard · Crosspoint" : `${room} · Dashboard · Crosspoint`;
  }, [room]);
  return (
    <div class="page dashboard" data-testid="dashboard">
      <OperatorHead present="dashboard" logOut />
      <main class="dashboard-main">{room === undefined ? <Overview /> : <RoomDetail key={room} room={room} />}</main>
    </div>
  );
}

function Overview() {
  const load = useMemo(() => new LoadHistory(), []);
  const stats = usePolled(serverStats, [], (data) => load.take(data));
  const rooms = usePolled(listRooms, []);
  const error = stats.error ?? rooms.error;
  if (error?.needsKey) return <LogIn error={error} />;
  if (!stats.data && error) {
    return (
      <Empty icon="warning" title="No answer from the server" text={error.message}>
        <Button icon="refresh" onClick={stats.refresh}>
          Try again
        </Button>
      </Empty>
    );
  }
  if (!stats.data) return <Loading text="Asking the server…" />;
  return (
    <>
      <div class="dashboard-title">
        <h1>Server</h1>
        <span class="faint mono" data-testid="server-version">
          {stats.data.version}
        </span>
        {stats.data.draining && <span class="chip warn">draining</span>}
        {error ? <span class="chip bad">no answer, trying again</span> : <span class="chip ok">live</span>}
      </div>
      <ServerTiles stats={stats.data} load={load} />
      <ServerPlots load={load} revision={stats.at} />
      <div class="dashboard-title">
        <h2>Rooms</h2>
        <span class="faint num">{rooms.data?.length ?? ""}</span>
        <span class="grow" />
        <NewRoom made={rooms.refresh} />
      </div>
      {rooms.data ? <RoomsTable rooms={rooms.data} to={dashboardPath} /> : <Loading />}
    </>
  );
}
