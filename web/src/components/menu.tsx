/**
 * A menu that a button opens. A native popover: above everything, closed by Escape or a click elsewhere. Arrow keys walk
 * (WAI-ARIA menu button pattern).
 */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./icon";

/** A line of a menu. `checked`: one of several, this one is chosen. */
export type MenuItem =
  | { heading: string }
  | { note: string }
  | {
      label: string;
      icon?: IconName;
      checked?: boolean;
      danger?: boolean;
      disabled?: boolean;
      testid?: string;
      run: () => void;
    };

interface MenuProps {
  label: string;
  items: readonly MenuItem[];
  class?: string;
  testid?: string;
  onOpen?: () => void;
  children: ComponentChildren;
}

export function Menu({ label, items, class: className, testid, onOpen, children }: MenuProps) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const toggled = (event: Event) => {
      const opened = (event as ToggleEvent).newState === "open";
      setOpen(opened);
      if (!opened) return;
      onOpen?.();
      place(element, button.current);
      first(element)?.focus();
    };
    element.addEventListener("toggle", toggled);
    return () => element.removeEventListener("toggle", toggled);
  }, [onOpen]);
  return (
    <>
      <button
        ref={button}
        type="button"
        class={className}
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        popovertarget={id}
        data-testid={testid}
      >
        {children}
      </button>
      <div
        ref={list}
        id={id}
        popover="auto"
        role="menu"
        aria-label={label}
        class="menu"
        onKeyDown={(e) => walk(e, list.current)}
      >
        {open && items.map((item) => <Line key={keyOf(item)} item={item} close={() => list.current?.hidePopover()} />)}
      </div>
    </>
  );
}

function Line({ item, close }: { item: MenuItem; close: () => void }) {
  if ("heading" in item) return <div class="menu-heading">{item.heading}</div>;
  if ("note" in item) return <div class="menu-note">{item.note}</div>;
  const shared = {
    type: "button",
    class: item.danger ? "menu-item danger" : "menu-item",
    disabled: item.disabled,
    tabIndex: -1,
    "data-testid": item.testid,
    onClick: () => {
      close();
      item.run();
    },
  } as const;
  if (item.checked === undefined) {
    return (
      <button {...shared} role="menuitem">
        {item.icon && <Icon name={item.icon} size={18} />}
        <span class="truncate">{item.label}</span>
      </button>
    );
  }
  return (
    <button {...shared} role="menuitemradio" aria-checked={item.checked}>
      <span class="menu-check">{item.checked && <Icon name="check" size={16} />}</span>
      <span class="truncate">{item.label}</span>
    </button>
  );
}

function keyOf(item: MenuItem): string {
  if ("heading" in item) return `h:${item.heading}`;
  return "note" in item ? `n:${item.note}` : `i:${item.label}`;
}

/** Above or below its button, wherever there is room, and never outside of the window. */
function place(menu: HTMLElement, button: HTMLElement | null): void {
  if (!button) return;
  // The lines are rendered in the same task; their size is known in the next frame.
  requestAnimationFrame(() => {
    const at = button.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = menu;
    const below = innerHeight - at.bottom > height + 12 || at.top < height + 12;
    const left = Math.min(Math.max(8, at.left + at.width / 2 - width / 2), innerWidth - width - 8);
    menu.style.left = `${left}px`;
    menu.style.top = `${below ? at.bottom + 8 : Math.max(8, at.top - height - 8)}px`;
    menu.dataset.placed = "";
    first(menu)?.focus();
  });
}

function first(menu: HTMLElement): HTMLElement | null {
  return menu.querySelector("[aria-checked=true]") ?? menu.querySelector("[role^=menuitem]:not(:disabled)");
}

function walk(event: KeyboardEvent, menu: HTMLElement | null): void {
  const lines = [...(menu?.querySelectorAll<HTMLElement>("[role^=menuitem]:not(:disabled)") ?? [])];
  const at = lines.indexOf(document.activeElement as HTMLElement);
  const steps: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: lines.length - 1 };
  const next = steps[event.key];
  if (event.key === "Tab") menu?.hidePopover();
  if (next === undefined || lines.length === 0) return;
  event.preventDefault();
  lines[(next + lines.length) % lines.length]?.focus();
}
