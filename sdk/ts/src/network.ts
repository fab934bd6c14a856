/** Tells when the machine's network is another one. In: what the browser notices. Out: calls of a listener. */

/** What Chromium tells of the network on telephones and Chromebooks (WICG Network Information). */
type Connection = EventTarget & { type?: string };

/** Calls `changed` when the machine is online again or goes from one kind of network to another. Returns what ends it. */
export function watchNetwork(changed: () => void): () => void {
  const { connection } = (globalThis.navigator ?? {}) as { connection?: Connection };
  let type = connection?.type;
  // The event also comes for estimates of the same network's speed, every few seconds.
  const other = () => {
    if (connection?.type === type) return;
    type = connection?.type;
    changed();
  };
  globalThis.addEventListener?.("online", changed);
  connection?.addEventListener?.("change", other);
  return () => {
    globalThis.removeEventListener?.("online", changed);
    connection?.removeEventListener?.("change", other);
  };
}
