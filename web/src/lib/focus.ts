/** The keyboard's place in the page. */

/** Remembers what has the focus; the returned function gives it back, if nothing else has taken it meanwhile. */
export function keepFocus(): () => void {
  const before = document.activeElement;
  const giveBack = () => {
    const now = document.activeElement;
    const free = now === null || now === document.body || !now.isConnected;
    if (free && before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
  };
  // Not at once: what had the focus in between is still in the page while its component is taken away.
  return () => void setTimeout(giveBack);
}
