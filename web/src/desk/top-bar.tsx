/** The show: its name, whether lines are open, recording, who carries the telephones, who is there; and what one may change. */
import { Avatar } from "../components/avatar";
import { Sign } from "../components/brand";
import { IconButton } from "../components/button";
import { Icon } from "../components/icon";
import { Link } from "../components/link";
import { Menu, type MenuItem } from "../components/menu";
import { ThemeToggle } from "../components/theme-toggle";
import { isPhone } from "../lib/hooks";
import { showPath } from "../lib/routes";
import { openLines } from "../show/api";
import { now } from "../show/store";
import type { Desk } from "./desk";

export function TopBar({ desk }: { desk: Desk }) {
  const { store, session, role } = desk;
  const show = store.show.value;
  if (!show) return null;
  const host = role === "host";
  return (
    <header class="desk-top">
      <Link to={showPath(show.showId)} class="brand-link" label="About this show">
        <Sign size={26} />
      </Link>
      <div class="desk-title">
        <h1 class="truncate" data-testid="show-title">
          {show.settings.title || show.showId}
        </h1>
        <span class="faint">{host ? "Host" : "Screener"}</span>
      </div>
      <div class="desk-signs">
        <LinesSign desk={desk} />
        {session.recording.value && (
          <span class="chip bad" data-testid="recording">
            <span class="rec-dot" aria-hidden="true" />
            <span class="wide-only">Recording</span>
            <span class="narrow-only">Rec</span>
          </span>
        )}
        {show.media === "conference" && !isPhone.value && (
          <span class="chip warn" data-testid="media-chip">
            <Icon name="phone" size={14} />
            Conference
          </span>
        )}
      </div>
      <span class="grow" />
      <Staff desk={desk} />
      <time class="desk-clock num">
        {new Date(now.value).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" })}
      </time>
      <ThemeToggle />
      <IconButton icon="keyboard" label="Keyboard" shortcut="?" testid="open-keys" onClick={() => desk.show("keys")} />
      <More desk={desk} />
    </header>
  );
}

/** Open or closed; for a host the button that changes it. */
function LinesSign({ desk }: { desk: Desk }) {
  const { store, role } = desk;
  const open = store.show.value?.open ?? false;
  const words = (
    <>
      <span class="lines-lamp" aria-hidden="true" />
      {open ? "Lines open" : "Lines closed"}
    </>
  );
  if (role !== "host") {
    return (
      <span class={`lines-sign ${open ? "open" : ""}`} data-testid="lines-state" data-open={open}>
        {words}
      </span>
    );
  }
  return (
    <button
      type="button"
      class={`lines-sign button-like ${open ? "open" : ""}`}
      aria-pressed={open}
      title={open ? "Close the lines: new callers are told so, those who are here stay" : "Open the lines for callers"}
      data-testid="toggle-lines"
      data-open={open}
      onClick={(event) => {
        if (event.detail > 0) event.currentTarget.blur();
        void store.manage((credential) => openLines(store.showId, !open, credential));
      }}
    >
      {words}
    </button>
  );
}

const ROLES: Record<string, string> = { host: "host", screener: "screener" };

/** Who else is there. */
function Staff({ desk }: { desk: Desk }) {
  const { store, session } = desk;
  const staff = store.staff.value.filter(({ identity }) => identity !== session.identity);
  const shown = staff.slice(0, 4);
  if (staff.length === 0) return null;
  const talksTo = (identity: string) => store.groups.value.screening.find(({ screener }) => screener === identity);
  return (
    <ul class="desk-staff" aria-label="Who else is here" data-testid="staff">
      {shown.map(({ identity, name, role }) => {
        const call = talksTo(identity);
        const doing = call ? `, talks to line ${call.line}` : "";
        return (
          <li key={identity} title={`${name}, ${ROLES[role] ?? role}${doing}`} data-testid={`staff-${identity}`}>
            <Avatar identity={identity} name={name} size={28} />
            <span class="sr-only">
              {name}, {ROLES[role] ?? role}
              {doing}
            </span>
          </li>
        );
      })}
      {staff.length > shown.length && <li class="more num">+{staff.length - shown.length}</li>}
    </ul>
  );
}

function More({ desk }: { desk: Desk }) {
  const items: MenuItem[] = [
    { label: "Statistics", icon: "stats", testid: "open-stats", run: () => desk.show("statistics") },
    { label: "Keyboard", icon: "keyboard", run: () => desk.show("keys") },
  ];
  if (desk.role === "host") {
    items.unshift(
      { label: "Links into the show", icon: "link", testid: "open-links", run: () => desk.show("links") },
      { label: "Telephones…", icon: "phone", testid: "open-telephones", run: () => desk.show("telephones") },
    );
  }
  return (
    <Menu label="More" items={items} class="icon-button" testid="open-more">
      <Icon name="more" />
    </Menu>
  );
}
