/** What one does: microphone, camera, screen, panels, leave. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { DeviceMenu } from "../components/device-menu";
import { ConfirmDialog } from "../components/dialog";
import { Icon, type IconName } from "../components/icon";
import { LevelMeter } from "../components/level-meter";
import { Menu, type MenuItem } from "../components/menu";
import { isPhone } from "../lib/hooks";
import { isDark, themeRevision, toggleTheme } from "../theme";
import { type DialogName, toggleFullscreen } from "./live-room";
import type { Panel, RoomSession } from "./session";

interface BarProps {
  session: RoomSession;
  show: (dialog: DialogName) => void;
}

export function BottomBar({ session, show }: BarProps) {
  const { devices, chat } = session;
  const phone = isPhone.value;
  return (
    <div class="bottom-bar" role="toolbar" aria-label="Controls">
      {session.publishes ? (
        <div class="bar-group">
          <MicrophoneControl session={session} />
          <CameraControl session={session} />
          {devices.canShare && !phone && <ScreenControl session={session} />}
        </div>
      ) : (
        <span class="chip" data-testid="view-only" title="You were invited to watch and listen">
          View only
        </span>
      )}
      <div class="bar-group">
        <PanelButton session={session} panel="chat" icon="chat" label="Chat" shortcut="C" testid="open-chat">
          {chat.unread.value > 0 && (
            <span class="badge num" data-testid="chat-unread" role="img" aria-label={`${chat.unread.value} unread`}>
              {Math.min(99, chat.unread.value)}
            </span>
          )}
        </PanelButton>
        {!phone && (
          <>
            <PanelButton
              session={session}
              panel="people"
              icon="people"
              label="Participants"
              shortcut="P"
              testid="open-people"
            >
              <span class="badge quiet num" aria-hidden="true">
                {session.people.list.value.length}
              </span>
            </PanelButton>
            <PanelButton
              session={session}
              panel="stats"
              icon="stats"
              label="Statistics"
              shortcut="I"
              testid="open-stats"
            />
          </>
        )}
        <MoreMenu session={session} show={show} />
      </div>
      <button
        type="button"
        class="leave-button"
        aria-label="Leave the room"
        title="Leave the room"
        data-testid="leave"
        onClick={() => session.leave()}
      >
        <Icon name="leave" size={22} />
        {!phone && <span>Leave</span>}
      </button>
    </div>
  );
}

/** The microphone, its level, and which one it is. */
export function MicrophoneControl({ session: { devices } }: { session: Pick<RoomSession, "devices"> }) {
  const on = devices.microphoneOn;
  const word = on ? "Mute" : "Unmute";
  return (
    <div class={`split ${on ? "" : "off"} ${devices.held ? "held" : ""}`}>
      <button
        type="button"
        class="split-main"
        aria-pressed={on}
        aria-keyshortcuts="M"
        aria-label={`${word} the microphone`}
        title={`${word} (M)`}
        aria-busy={devices.busy.microphone.value}
        data-testid="toggle-mic"
        onClick={() => void devices.toggleMicrophone()}
      >
        <Icon name={on ? "mic" : "mic-off"} />
        {on && <LevelMeter track={devices.track("microphone")?.mediaStreamTrack} shape="dots" label="Your level" />}
      </button>
      <DeviceMenu
        kind="microphone"
        current={devices.deviceId("microphone")}
        onChoose={(id) => void devices.choose("microphone", id)}
      />
    </div>
  );
}

function CameraControl({ session: { devices } }: { session: RoomSession }) {
  const on = devices.cameraOn;
  const word = on ? "Turn off" : "Turn on";
  return (
    <div class={`split ${on ? "" : "off"}`}>
      <button
        type="button"
        class="split-main"
        aria-pressed={on}
        aria-keyshortcuts="V"
        aria-label={`${word} the camera`}
        title={`${word} the camera (V)`}
        aria-busy={devices.busy.camera.value}
        data-testid="toggle-camera"
        onClick={() => void devices.toggleCamera()}
      >
        {devices.busy.camera.value ? (
          <span class="spinner" aria-hidden="true" />
        ) : (
          <Icon name={on ? "camera" : "camera-off"} />
        )}
      </button>
      <DeviceMenu
        kind="camera"
        current={devices.deviceId("camera")}
        onChoose={(id) => void devices.choose("camera", id)}
      />
    </div>
  );
}

function ScreenControl({ session: { devices } }: { session: RoomSession }) {
  return (
    <BarButton
      icon={devices.sharing ? "screen-off" : "screen"}
      label={devices.sharing ? "Stop sharing" : "Share your screen"}
      shortcut="S"
      active={devices.sharing}
      busy={devices.busy.screen_share.value}
      testid="toggle-screen"
      onClick={() => void devices.toggleScreen()}
    />
  );
}

interface BarButtonProps {
  icon: IconName;
  label: string;
  shortcut: string;
  active: boolean;
  busy?: boolean;
  testid: string;
  onClick: () => void;
  children?: ComponentChildren;
}

function BarButton({ icon, label, shortcut, active, busy, testid, onClick, children }: BarButtonProps) {
  return (
    <button
      type="button"
      class="bar-button"
      aria-label={label}
      aria-pressed={active}
      aria-busy={busy}
      aria-keyshortcuts={shortcut}
      title={`${label} (${shortcut})`}
      data-testid={testid}
      onClick={onClick}
    >
      {busy ? <span class="spinner" aria-hidden="true" /> : <Icon name={icon} />}
      {children}
    </button>
  );
}

interface PanelButtonProps {
  session: RoomSession;
  panel: Panel;
  icon: IconName;
  label: string;
  shortcut: string;
  testid: string;
  children?: ComponentChildren;
}

function PanelButton({ session, panel, ...rest }: PanelButtonProps) {
  return <BarButton {...rest} active={session.panel.value === panel} onClick={() => session.toggle(panel)} />;
}

function MoreMenu({ session, show }: BarProps) {
  const [closing, setClosing] = useState(false);
  themeRevision.value;
  const { devices } = session;
  const items: MenuItem[] = [];
  if (isPhone.value) {
    const people = session.people.list.value.length;
    items.push(
      { label: `Participants (${people})`, icon: "people", testid: "open-people", run: () => session.toggle("people") },
      { label: "Statistics", icon: "stats", testid: "open-stats", run: () => session.toggle("stats") },
    );
    if (devices.canShare && session.publishes) {
      const label = devices.sharing ? "Stop sharing" : "Share your screen";
      items.push({ label, icon: "screen", testid: "toggle-screen", run: () => void devices.toggleScreen() });
    }
    items.push({ label: isDark() ? "Light theme" : "Dark theme", icon: isDark() ? "sun" : "moon", run: toggleTheme });
  } else {
    items.push({ label: "Full screen", icon: "expand", run: toggleFullscreen });
    items.push({
      label: "Keyboard shortcuts",
      icon: "keyboard",
      testid: "open-shortcuts",
      run: () => show("shortcuts"),
    });
  }
  if (session.isAdmin) {
    items.push({
      label: "Close the room for everybody",
      icon: "kick",
      danger: true,
      testid: "close-room",
      run: () => setClosing(true),
    });
  }
  return (
    <>
      <Menu label="More" items={items} class="bar-button" testid="open-more">
        <Icon name="more" />
      </Menu>
      {closing && (
        <ConfirmDialog
          title="Close the room?"
          text="Everybody is put out. What was said in the chat is gone."
          action="Close the room"
          onConfirm={() => void session.moderate((room) => room.close())}
          onClose={() => setClosing(false)}
        />
      )}
    </>
  );
}
