/** The screener's desk: who rings on the left, whom one talks to in the middle, what the show does on the right. */
import { useMemo } from "preact/hooks";
import { CallRow } from "./call-row";
import type { Desk } from "./desk";
import { DeskFrame } from "./desk-frame";
import { screenerKeyboard } from "./keyboards";
import { SCREENER_KEYS } from "./keys";
import { List } from "./list";
import { ShowNow } from "./show-now";
import { Talking } from "./talking";
import { giveKeysBack, useKeys } from "./use-keys";

export function ScreenerDesk({ desk }: { desk: Desk }) {
  const keyboard = useMemo(() => screenerKeyboard(desk), [desk]);
  useKeys(SCREENER_KEYS, keyboard);
  return (
    <DeskFrame desk={desk} keys={SCREENER_KEYS} testid="screener-desk">
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: gives the keyboard back after a click, which keys need not */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: as above */}
      <div class="desk-screener" onClick={giveKeysBack}>
        <Queue desk={desk} />
        <Talking desk={desk} />
        <ShowNow desk={desk} />
      </div>
    </DeskFrame>
  );
}

function Queue({ desk }: { desk: Desk }) {
  const { store, session } = desk;
  const { ringing, screened, screening } = store.groups.value;
  const others = screening.filter(({ screener }) => screener !== session.identity);
  return (
    <div class="desk-column queue">
      <List title="Ringing" count={ringing.length} testid="list-ringing" empty="Nobody rings.">
        {ringing.map((call) => (
          <CallRow
            key={call.callId}
            desk={desk}
            call={call}
            verbs={["pick-up"]}
            since={{ at: call.createdAt, label: "Ringing" }}
          />
        ))}
      </List>
      <List
        title="Parked"
        count={screened.length}
        testid="list-screened"
        empty="Callers whom you talked to, and who are not decided on."
      >
        {screened.map((call) => (
          <CallRow key={call.callId} desk={desk} call={call} verbs={["pick-up", "approve"]} />
        ))}
      </List>
      <List
        title="With other screeners"
        count={others.length}
        testid="list-screening"
        empty="No other screener talks to anybody."
      >
        {others.map((call) => (
          <li key={call.callId} class="with-screener">
            <ul class="call-list">
              <CallRow desk={desk} call={call} />
            </ul>
            <span class="screener-name faint" data-testid="screener-name">
              {store.nameOf(call.screener) ?? "Another screener"}
            </span>
          </li>
        ))}
      </List>
    </div>
  );
}
