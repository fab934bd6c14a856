/** The top of a guest's pages. No way into the rest of the console: a guest has nothing to look for there. */
import type { ComponentChildren } from "preact";
import { Brand } from "../components/brand";
import { ThemeToggle } from "../components/theme-toggle";

export function GuestHead({ children }: { children?: ComponentChildren }) {
  return (
    <header class="page-head guest-head">
      {children ?? <Brand />}
      <ThemeToggle />
    </header>
  );
}
