/** Which page is shown. Lobby and room come with the first load, the dashboard when it is wanted. */
import { Lazy } from "./components/lazy";
import { Link } from "./components/link";
import { StatePage } from "./components/state-page";
import { Toasts } from "./components/toast";
import { Lobby } from "./lobby/lobby";
import { RoomPage } from "./room/room-page";
import { route } from "./router";

const loadDashboard = async () => (await import("./dashboard/dashboard")).Dashboard;

export function App() {
  return (
    <>
      <Page />
      <Toasts />
    </>
  );
}

function Page() {
  const present = route.value;
  switch (present.page) {
    case "lobby":
      return <Lobby />;
    case "room":
      return <RoomPage key={present.room} room={present.room} />;
    case "dashboard":
      return <Lazy load={loadDashboard} />;
    case "lost":
      return (
        <StatePage icon="info" title="Nothing here" text="This address leads nowhere. Perhaps the link was cut off.">
          <Link to="/" class="button primary medium">
            Go to the lobby
          </Link>
        </StatePage>
      );
  }
}
