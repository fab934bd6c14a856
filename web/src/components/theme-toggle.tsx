/** Dark or light. */
import { isDark, themeRevision, toggleTheme } from "../theme";
import { IconButton } from "./button";

export function ThemeToggle() {
  // Read, so that a change of the system's theme changes the icon too.
  themeRevision.value;
  const dark = isDark();
  return (
    <IconButton
      icon={dark ? "sun" : "moon"}
      label={dark ? "Use the light theme" : "Use the dark theme"}
      testid="toggle-theme"
      onClick={toggleTheme}
    />
  );
}
