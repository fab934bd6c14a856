/** Short messages in a corner. In: `notify`. Out: a list that is read aloud politely. */
import { signal } from "@preact/signals";
import { Icon, type IconName } from "./icon";

export type Tone = "info" | "good" | "warning" | "bad";

interface Toast {
  id: number;
  tone: Tone;
  text: string;
  about: string | undefined;
}

/** How long a message stays, in milliseconds; errors are read more slowly. */
const STAYS: Record<Tone, number> = { info: 3500, good: 3500, warning: 6000, bad: 8000 };
/** More would cover the room. */
const MOST = 4;
const ICONS: Record<Tone, IconName> = { info: "info", good: "check", warning: "warning", bad: "warning" };

const toasts = signal<Toast[]>([]);
let last = 0;

/** Shows a message. The same one twice is shown once; a later one `about` the same takes the place of the earlier. */
export function notify(text: string, tone: Tone = "info", about?: string): void {
  if (toasts.value.some((toast) => toast.text === text)) return;
  last += 1;
  const id = last;
  const others = toasts.value.filter((toast) => about === undefined || toast.about !== about);
  toasts.value = [...others, { id, tone, text, about }].slice(-MOST);
  setTimeout(() => dismiss(id), STAYS[tone]);
}

/** Takes every message away: the page they were about is gone. */
export function clearToasts(): void {
  toasts.value = [];
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((toast) => toast.id !== id);
}

/** Where messages appear. */
export function Toasts() {
  return (
    <div class="toasts" role="log" aria-live="polite" aria-label="Messages">
      {toasts.value.map(({ id, tone, text }) => (
        <div key={id} class={`toast ${tone}`} data-testid="toast">
          <Icon name={ICONS[tone]} size={18} />
          <span class="grow">{text}</span>
          <button type="button" class="toast-close" aria-label="Dismiss" onClick={() => dismiss(id)}>
            <Icon name="close" size={14} />
          </button>
        </div>
      ))}
    </div>
  );
}
