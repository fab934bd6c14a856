/** Keys that do what buttons do. */

export type Action =
  | "mic"
  | "camera"
  | "screen"
  | "chat"
  | "people"
  | "stats"
  | "view"
  | "fullscreen"
  | "help"
  | "close"
  | "next"
  | "previous";

/** Every key with what it does, in the order in which they are shown. */
export const SHORTCUTS: readonly { key: string; show: string; action: Action; label: string }[] = [
  { key: "m", show: "M", action: "mic", label: "Microphone on or off" },
  { key: "v", show: "V", action: "camera", label: "Camera on or off" },
  { key: "s", show: "S", action: "screen", label: "Share the screen, or stop" },
  { key: "c", show: "C", action: "chat", label: "Chat" },
  { key: "p", show: "P", action: "people", label: "Participants" },
  { key: "i", show: "I", action: "stats", label: "Statistics" },
  { key: "g", show: "G", action: "view", label: "Grid or speaker view" },
  { key: "f", show: "F", action: "fullscreen", label: "Full screen" },
  { key: "ArrowLeft", show: "←", action: "previous", label: "Previous page of the grid" },
  { key: "ArrowRight", show: "→", action: "next", label: "Next page of the grid" },
  { key: "Escape", show: "Esc", action: "close", label: "Close the side panel" },
  { key: "?", show: "?", action: "help", label: "This list" },
];

/** What a key press means. Nothing while somebody writes, or together with keys that belong to browser and system. */
export function actionOf(press: {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  repeat: boolean;
  writing: boolean;
}): Action | undefined {
  if (press.ctrlKey || press.metaKey || press.altKey || press.repeat) return undefined;
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  const found = SHORTCUTS.find((one) => one.key === key)?.action;
  if (press.writing && found !== "close") return undefined;
  return found;
}

/** Does this element take letters, or arrow keys, itself? */
export function isWriting(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || target.closest("input, textarea, select, [role=menu], dialog") !== null;
}
