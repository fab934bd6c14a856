/** A page that says what is the matter and where to go from here. */
import type { ComponentChildren } from "preact";
import { Brand } from "./brand";
import { Icon, type IconName } from "./icon";
import { Link } from "./link";
import { ThemeToggle } from "./theme-toggle";

interface StatePageProps {
  icon: IconName;
  tone?: "plain" | "warning" | "bad";
  title: string;
  text: string;
  /** The code of a refusal, for who asks an operator. */
  code?: string | undefined;
  testid?: string;
  children?: ComponentChildren;
}

export function StatePage({
  icon,
  tone = "plain",
  title,
  text,
  code,
  testid = "error-page",
  children,
}: StatePageProps) {
  return (
    <div class="page">
      <header class="page-head">
        <Link to="/" class="brand-link" label="Crosspoint, home">
          <Brand />
        </Link>
        <ThemeToggle />
      </header>
      <main class="state-page" data-testid={testid} data-code={code}>
        <div class={`state-icon ${tone}`}>
          <Icon name={icon} size={28} />
        </div>
        <h1>{title}</h1>
        <p class="muted">{text}</p>
        {code && <p class="faint mono">{code}</p>}
        <div class="state-actions">{children}</div>
      </main>
    </div>
  );
}

/** A place with nothing in it yet. */
export function Empty({
  icon,
  title,
  text,
  children,
}: {
  icon: IconName;
  title: string;
  text: string;
  children?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <Icon name={icon} size={24} />
      <h3>{title}</h3>
      <p class="muted">{text}</p>
      {children}
    </div>
  );
}
