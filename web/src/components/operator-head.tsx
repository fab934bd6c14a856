/** What stands above the operators' pages: the same ways on each, in the same places, so that none slides under the pointer. */
import { adminKey, setAdminKey } from "../lib/api";
import { dashboardPath, showPath } from "../lib/routes";
import { Brand } from "./brand";
import { Button } from "./button";
import { Icon, type IconName } from "./icon";
import { Link } from "./link";
import { ThemeToggle } from "./theme-toggle";

/** The pages that it leads to. */
export type OperatorPage = "shows" | "dashboard" | "lobby";

const PAGES: readonly { page: OperatorPage; label: string; icon: IconName; to: string }[] = [
  { page: "shows", label: "Shows", icon: "air", to: showPath() },
  { page: "dashboard", label: "Dashboard", icon: "dashboard", to: dashboardPath() },
  { page: "lobby", label: "Lobby", icon: "home", to: "/" },
];

interface OperatorHeadProps {
  present: OperatorPage;
  /** Offer to forget the key that an operator logged in with. */
  logOut?: boolean;
}

export function OperatorHead({ present, logOut = false }: OperatorHeadProps) {
  return (
    <header class="page-head">
      <Link to="/" class="brand-link" label="Crosspoint, home">
        <Brand />
      </Link>
      {logOut && adminKey.value && (
        <Button kind="quiet" size="small" onClick={() => setAdminKey("")}>
          Log out
        </Button>
      )}
      {PAGES.map(({ page, label, icon, to }) => (
        <Link
          key={page}
          to={to}
          class="button quiet medium"
          label={label}
          current={page === present}
          testid={`${present}-${page}`}
        >
          <Icon name={icon} size={18} />
          <span class="head-word">{label}</span>
        </Link>
      ))}
      <ThemeToggle />
    </header>
  );
}
