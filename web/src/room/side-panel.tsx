/** The panel beside the stage: chat, participants or statistics. On a telephone it covers the stage. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { IconButton } from "../components/button";
import { Lazy } from "../components/lazy";
import { keepFocus } from "../lib/focus";
import { ChatPanel } from "./chat-panel";
import { PeoplePanel } from "./people-panel";
import type { Panel, RoomSession } from "./session";
import { SessionContext } from "./session-context";

const TITLES: Record<Panel, string> = { chat: "Chat", people: "Participants", stats: "Statistics" };

const loadStats = async () => (await import("./stats-panel")).StatsPanel;

export function SidePanel({ session }: { session: RoomSession }) {
  const panel = session.panel.value;
  const element = useRef<HTMLElement>(null);
  // The keyboard follows into the panel; the chat puts it into its field itself, in an effect that comes after this one.
  useLayoutEffect(() => {
    if (!panel) return;
    const giveBack = keepFocus();
    if (panel !== "chat") element.current?.focus({ preventScroll: true });
    return giveBack;
  }, [panel]);
  if (!panel) return null;
  return (
    <aside ref={element} class="side-panel" aria-label={TITLES[panel]} tabIndex={-1} data-testid={`panel-${panel}`}>
      <header class="panel-head">
        <h2>{TITLES[panel]}</h2>
        <IconButton icon="close" label="Close the panel" shortcut="Esc" onClick={() => session.toggle(panel)} />
      </header>
      <SessionContext.Provider value={session}>
        {panel === "chat" && <ChatPanel session={session} />}
        {panel === "people" && <PeoplePanel session={session} />}
        {panel === "stats" && <Lazy load={loadStats} />}
      </SessionContext.Provider>
    </aside>
  );
}
