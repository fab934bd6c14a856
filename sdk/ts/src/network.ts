/** Tells when the network may be another one. In: what the browser notices. Out: calls of a listener. */

/**
 * Calls `changed` with `true` when the machine is online again, and with `false` when the kind or the quality of its network
 * is another: Chromium alone says so (`navigator.connection`), on a telephone when it leaves a Wi-Fi, on a desk also for
 * small things. Returns what ends it.
 */
export function watchNetwork(changed: (online: boolean) => void): () => void {
  const { connection } = (globalThis.navigator ?? {}) as { connection?: EventTarget };
  const online = () => changed(true);
  const other = () => changed(false);
  globalThis.addEventListener?.("online", online);
  connection?.addEventListener?.("change", other);
  return () => {
    globalThis.removeEventListener?.("online", online);
    connection?.removeEventListener?.("change", other);
  };
}
