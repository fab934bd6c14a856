// Before the first paint: the theme that was chosen, so that the page does not flash. `src/theme.ts` does the rest.
try {
  const theme = localStorage.getItem("crosspoint.theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden: the system's theme it is.
}
