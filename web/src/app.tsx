/** Which page is shown. Lobby and room come with the first load, the dashboard and the shows when they are wanted. */
import { Lazy } from "./components/lazy";
import { Link } from "./components/link";
import { StatePage } from "./components/state-page";
import { Toasts } from "./components/toast";
import type { ShowPlace } from "./lib/routes";
import { Lobby } from "./lobby/lobby";
import { RoomPage } from "./room/room-page";
import { route } from "./router";

const loadShows = async () => (await import("./shows/shows-page")).ShowsPage;
const loadDashboard = async () => (await import("./dashboard/dashboard")).Dashboard;

export function App() {
  return (
    <>
      <Page />
      <Toasts />
    </>
  );
}

/** The pages of a show, each with code of its own: a guest's telephone loads no desk. */
const SHOW_PAGES = {
  show: async () => (await import("./shows/show-page")).ShowPage,
  host: async () => (await import("./desk/host-page")).HostPage,
  screener: async () => (await import("./desk/screener-page")).ScreenerPage,
  guest: async () => (await import("./guest/guest-page")).GuestPage,
  "call-in": async () => (await import("./guest/call-in-page")).CallInPage,
};

function ShowPages({ show, place = "show" as const }: { show: string; place?: ShowPlace | "show" | undefined }) {
  return <Lazy key={`${show}/${place}`} load={SHOW_PAGES[place]} props={{ show }} />;
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
    case "shows":
      return <Lazy load={loadShows} />;
    case "show":
      return <ShowPages show={present.show} place={present.place} />;
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
