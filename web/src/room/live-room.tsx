/** The room while one is in it: bar above, stage, side panel, bar below. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Banners } from "./banners";
import { BottomBar } from "./bottom-bar";
import { InviteDialog } from "./invite-dialog";
import "./mix.css";
import "./room.css";
import type { RoomSession } from "./session";
import { type Action, actionOf, isWriting } from "./shortcuts";
import { ShortcutsDialog } from "./shortcuts-dialog";
import { SidePanel } from "./side-panel";
import { Stage } from "./stage";
import { TopBar } from "./top-bar";

export type DialogName = "invite" | "shortcuts" | undefined;

export function LiveRoom({ session }: { session: RoomSession }) {
  const dialog = useSignal<DialogName>(undefined);
  const show = (name: DialogName) => {
    dialog.value = name;
  };
  useShortcuts(session, () => show("shortcuts"));
  return (
    <div class={session.panel.value ? "room with-panel" : "room"} data-testid="room" data-state={session.stage.value}>
      <TopBar session={session} invite={() => show("invite")} />
      <main class="room-main">
        <Banners session={session} />
        <Stage session={session} />
      </main>
      <SidePanel session={session} />
      <BottomBar session={session} show={show} />
      {dialog.value === "invite" && (
        <InviteDialog room={session.roomId.value} host={session.hostToken} close={() => show(undefined)} />
      )}
      {dialog.value === "shortcuts" && <ShortcutsDialog close={() => show(undefined)} />}
    </div>
  );
}

function useShortcuts(session: RoomSession, help: () => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const action = actionOf({
        key: event.key,
        ctrlKey: event.ctrlKey,
        metaKey: event.metaKey,
        altKey: event.altKey,
        repeat: event.repeat,
        writing: isWriting(event.target),
      });
      if (!action || document.querySelector("dialog[open], [popover]:popover-open")) return;
      event.preventDefault();
      perform(action, session, help);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [session]);
}

function perform(action: Action, session: RoomSession, help: () => void): void {
  const { devices, view, panel } = session;
  if (!session.publishes && (action === "mic" || action === "camera" || action === "screen")) return;
  const actions: Record<Action, () => unknown> = {
    mic: devices.toggleMicrophone,
    camera: devices.toggleCamera,
    screen: devices.toggleScreen,
    chat: () => session.toggle("chat"),
    people: () => session.toggle("people"),
    stats: () => session.toggle("stats"),
    close: () => panel.value && session.toggle(panel.value),
    view: view.toggleView,
    next: () => view.turnPage(1),
    previous: () => view.turnPage(-1),
    fullscreen: toggleFullscreen,
    help,
  };
  actions[action]();
}

/** The whole window's worth of room. Refused by some browsers: then nothing happens. */
export function toggleFullscreen(): void {
  if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
  else document.documentElement.requestFullscreen?.().catch(() => {});
}
