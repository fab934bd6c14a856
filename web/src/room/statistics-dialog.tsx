/** One's connection in figures, over the page; its code comes when it is opened. */
import { useEffect } from "preact/hooks";
import { Dialog } from "../components/dialog";
import { Lazy } from "../components/lazy";
import { type Observed, SessionContext } from "./session-context";

const load = async () => (await import("./stats-panel")).StatsPanel;

export function StatisticsDialog({ session, close }: { session: Observed; close: () => void }) {
  useEffect(() => {
    session.stats.look(true);
    return () => session.stats.look(false);
  }, [session]);
  return (
    <Dialog title="Your connection" onClose={close} wide testid="statistics-dialog">
      <SessionContext.Provider value={session}>
        <Lazy load={load} />
      </SessionContext.Provider>
    </Dialog>
  );
}
