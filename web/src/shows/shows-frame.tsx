/** What stands around the operators' pages of shows. */
import type { ComponentChildren } from "preact";
import { Brand } from "../components/brand";
import { Button } from "../components/button";
import { Icon } from "../components/icon";
import { Link } from "../components/link";
import { ThemeToggle } from "../components/theme-toggle";
import "../dashboard/dashboard.css";
import { adminKey, setAdminKey } from "../lib/api";
import { dashboardPath } from "../lib/routes";
import "./shows.css";

export function ShowsFrame({ testid, children }: { testid: string; children: ComponentChildren }) {
  return (
    <div class="page shows" data-testid={testid}>
      <header class="page-head">
        <Link to="/" class="brand-link" label="Crosspoint, home">
          <Brand />
        </Link>
        {adminKey.value && (
          <Button kind="quiet" size="small" onClick={() => setAdminKey("")}>
            Log out
          </Button>
        )}
        <Link to={dashboardPath()} class="button quiet medium" label="Dashboard">
          <Icon name="dashboard" size={18} />
          <span class="head-word">Dashboard</span>
        </Link>
        <Link to="/" class="button quiet medium" label="Lobby">
          <Icon name="home" size={18} />
          <span class="head-word">Lobby</span>
        </Link>
        <ThemeToggle />
      </header>
      <main class="dashboard-main shows-main">{children}</main>
    </div>
  );
}
