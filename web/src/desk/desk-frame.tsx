/** What all desks have around them: the show and its state above, one's own sound below, dialogs and banners over it. */
import type { ComponentChildren } from "preact";
import { Banners } from "./banners";
import { BottomBar } from "./bottom-bar";
import type { Desk } from "./desk";
import type { Key } from "./keys";
import "./desk.css";
import { Dialogs } from "./dialogs";
import { TopBar } from "./top-bar";

interface DeskFrameProps {
  desk: Desk;
  keys: readonly Key[];
  testid: string;
  children: ComponentChildren;
}

export function DeskFrame({ desk, keys, testid, children }: DeskFrameProps) {
  const onAir = desk.store.groups.value.onAir.length > 0;
  return (
    <div
      class="desk"
      data-testid={testid}
      data-air={onAir}
      data-flow={desk.store.flow.value.state}
      data-room={desk.session.roomId.value}
      data-stage={desk.session.stage.value}
    >
      <TopBar desk={desk} />
      <Banners desk={desk} />
      <main class="desk-main">{children}</main>
      <BottomBar desk={desk} />
      <Dialogs desk={desk} keys={keys} />
      <p class="sr-only" role="status">
        {desk.said.value}
      </p>
    </div>
  );
}
