/** Dark, light, or as the system has it. `public/theme.js` applies the choice before the first paint. */
import { signal } from "@preact/signals";
import { local } from "./lib/storage";

export type Theme = "system" | "light" | "dark";

const KEY = "theme";

/** What was chosen. */
export const theme = signal<Theme>(local.read<Theme>(KEY, "system"));

/** Counts changes of what is to be seen: plots draw themselves anew. */
export const themeRevision = signal(0);

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  themeRevision.value += 1;
});

/** Is it dark now? */
export function isDark(): boolean {
  if (theme.value !== "system") return theme.value === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Chooses a theme and remembers it. */
export function setTheme(next: Theme): void {
  theme.value = next;
  // As plain text, because `public/theme.js` reads it too.
  local.write(KEY, next);
  if (next === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  themeRevision.value += 1;
}

/** The other one of light and dark. */
export function toggleTheme(): void {
  setTheme(isDark() ? "light" : "dark");
}
