/** Notices that media which were arriving stop. In: what receivers last received. Out: a call each time they stop. */

/** Milliseconds between two looks, which cost next to nothing. */
const LOOK_EVERY = 150;
/** Sound comes every 20 ms, and every 400 ms while nobody speaks; a pause this long, in milliseconds, is unusual. */
const STOPPED_AFTER = 550;

/**
 * Calls `stopped` when nothing arrives any more. Chromium itself takes 6 s to notice that a path is dead; but that people mute
 * themselves looks the same, so that whoever is called has to find out.
 */
export function watchFlow(receivers: () => readonly RTCRtpReceiver[], stopped: () => void): () => void {
  let last: number | undefined;
  let since = 0;
  const look = () => {
    const latest = latestOf(receivers());
    const now = Date.now();
    if (latest !== undefined && latest !== last) {
      last = latest;
      since = now;
    } else if (since > 0 && now - since >= STOPPED_AFTER) {
      since = 0;
      stopped();
    }
  };
  const timer = setInterval(look, LOOK_EVERY);
  return () => clearInterval(timer);
}

/** When the last packet came, by the browser's clock. Sources that sent nothing for 10 s are gone. */
function latestOf(receivers: readonly RTCRtpReceiver[]): number | undefined {
  const times = receivers.flatMap((one) => one.getSynchronizationSources?.().map(({ timestamp }) => timestamp) ?? []);
  return times.length > 0 ? Math.max(...times) : undefined;
}
