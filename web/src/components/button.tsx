/** Buttons with words, and buttons with an icon alone. */
import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icon";

interface ButtonProps {
  kind?: "primary" | "plain" | "quiet" | "danger";
  size?: "small" | "medium" | "large";
  icon?: IconName;
  type?: "button" | "submit";
  disabled?: boolean;
  /** Something is under way: the button waits with a turning ring. */
  busy?: boolean;
  /** What it does, where the words alone do not say of what. They stand in it too. */
  label?: string;
  testid?: string;
  onClick?: (event: MouseEvent) => void;
  children: ComponentChildren;
}

export function Button(props: ButtonProps) {
  const {
    kind = "plain",
    size = "medium",
    icon,
    type = "button",
    disabled,
    busy,
    label,
    testid,
    onClick,
    children,
  } = props;
  return (
    <button
      type={type}
      aria-label={label}
      class={`button ${kind} ${size}`}
      disabled={disabled || busy}
      aria-busy={busy ? "true" : undefined}
      data-testid={testid}
      onClick={onClick}
    >
      {busy ? (
        <span class="spinner" aria-hidden="true" />
      ) : (
        icon && <Icon name={icon} size={size === "small" ? 16 : 18} />
      )}
      <span class="truncate">{children}</span>
    </button>
  );
}

interface IconButtonProps {
  icon: IconName;
  /** What it does: read aloud, and shown as a tip. */
  label: string;
  /** The key that does the same. */
  shortcut?: string;
  pressed?: boolean;
  disabled?: boolean;
  tone?: "plain" | "danger";
  size?: "small" | "medium";
  testid?: string;
  onClick?: (event: MouseEvent) => void;
}

export function IconButton(props: IconButtonProps) {
  const { icon, label, shortcut, pressed, disabled, tone = "plain", size = "medium", testid, onClick } = props;
  return (
    <button
      type="button"
      class={`icon-button ${tone} ${size}`}
      aria-label={label}
      aria-pressed={pressed}
      aria-keyshortcuts={shortcut}
      title={shortcut ? `${label} (${shortcut})` : label}
      disabled={disabled}
      data-testid={testid}
      onClick={onClick}
    >
      <Icon name={icon} size={size === "small" ? 16 : 20} />
    </button>
  );
}
