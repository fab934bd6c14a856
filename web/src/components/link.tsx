/** A link within the site: no page load, but a real address for new tabs. */
import type { ComponentChildren } from "preact";
import { isPlainClick, navigate } from "../router";

interface LinkProps {
  to: string;
  class?: string;
  label?: string;
  current?: boolean;
  testid?: string;
  children: ComponentChildren;
}

export function Link({ to, class: className, label, current, testid, children }: LinkProps) {
  const click = (event: MouseEvent) => {
    if (!isPlainClick(event)) return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a
      href={to}
      class={className}
      aria-label={label}
      aria-current={current ? "page" : undefined}
      data-testid={testid}
      onClick={click}
    >
      {children}
    </a>
  );
}
