/** Where one is: the room, for how long, with how many; and how it is shown. */

import { Sign } from "../components/brand";
import { Button, IconButton } from "../components/button";
import { QualityBars } from "../components/quality-bars";
import { ThemeToggle } from "../components/theme-toggle";
import { clock, count } from "../lib/format";
import { isPhone, useNow } from "../lib/hooks";
import { PROGRAMME } from "./meters";
import type { RoomSession } from "./session";
import { VoiceMeter } from "./voice-meter";

export function TopBar({ session, invite }: { session: RoomSession; invite: () => void }) {
  const { view, people } = session;
  const grid = view.shown.value === "grid";
  const self = people.self;
  return (
    <header class="top-bar">
      <Sign size={24} />
      <h1 class="truncate" title={session.roomId.value} data-testid="room-name">
        {session.roomId.value}
      </h1>
      {session.kind.value === "mesh" && <span class="chip">mesh</span>}
      {session.mix.on.value && (
        <span class="chip mix-chip" data-testid="mixed" title="The server mixes the voices: the level of the programme">
          mixed
          {!isPhone.value && <VoiceMeter meters={session.mix.meters} of={PROGRAMME} label="Level of the programme" />}
        </span>
      )}
      {session.recording.value && (
        <span class="chip bad" data-testid="recording">
          <span class="rec-dot" /> REC
        </span>
      )}
      <span class="top-facts faint num">
        <Elapsed since={session.since} />
        {!isPhone.value && <span>{count(people.list.value.length, "person", "people")}</span>}
      </span>
      <span class="grow" />
      {self && <QualityBars quality={self.quality.value} />}
      <IconButton
        icon={grid ? "speaker" : "grid"}
        label={grid ? "Speaker view" : "Grid view"}
        shortcut="G"
        testid="toggle-view"
        onClick={view.toggleView}
      />
      {!isPhone.value && <ThemeToggle />}
      {isPhone.value ? (
        <IconButton icon="link" label="Invite" testid="invite" onClick={invite} />
      ) : (
        <Button size="small" icon="link" testid="invite" onClick={invite}>
          Invite
        </Button>
      )}
    </header>
  );
}

function Elapsed({ since }: { since: number }) {
  const now = useNow(1000);
  return <span title="Since you joined">{clock(now - since)}</span>;
}
