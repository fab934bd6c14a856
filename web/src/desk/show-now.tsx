/** What the show does while one screens: who is on the air, who waits for it, who sits at the desks. */
import type { CallView } from "@crosspoint/client";
import { Avatar } from "../components/avatar";
import { Icon } from "../components/icon";
import { Elapsed, LineBox } from "../show/call-bits";
import { callerName } from "../show/words";
import { CallRow } from "./call-row";
import type { Desk } from "./desk";
import { List } from "./list";

export function ShowNow({ desk }: { desk: Desk }) {
  const { store } = desk;
  const { onAir, waiting, hold } = store.groups.value;
  return (
    <div class="desk-column side">
      <section class={onAir.length > 0 ? "air-now live" : "air-now"} aria-label="On the air" data-testid="on-air">
        <h2>
          <Icon name="air" size={18} />
          {onAir.length > 0 ? "On air" : "No caller on the air"}
        </h2>
        {onAir.length === 0 && <p>The host is alone on the air.</p>}
        {onAir.length > 0 && (
          <ul>
            {onAir.map((call) => (
              <AirLine key={call.callId} call={call} />
            ))}
          </ul>
        )}
      </section>
      <List
        title="Waiting for the host"
        count={waiting.length}
        testid="list-waiting"
        empty="Callers whom you approve appear here."
      >
        {waiting.map((call) => (
          <CallRow
            key={call.callId}
            desk={desk}
            call={call}
            state={call.state === "next"}
            since={{ at: call.approvedAt ?? call.stateSince, label: "Waiting" }}
          />
        ))}
      </List>
      <List title="On hold" count={hold.length} testid="list-hold" empty="Callers whom the host put on hold.">
        {hold.map((call) => (
          <CallRow key={call.callId} desk={desk} call={call} />
        ))}
      </List>
      <StaffList desk={desk} />
    </div>
  );
}

function AirLine({ call }: { call: CallView }) {
  return (
    <li data-testid={`call-${call.callId}`} data-state={call.state}>
      <LineBox call={call} />
      <span class="grow truncate">{callerName(call)}</span>
      <Elapsed since={call.stateSince} label="On the air" />
    </li>
  );
}

function StaffList({ desk: { store, session } }: { desk: Desk }) {
  const staff = store.staff.value;
  if (staff.length === 0) return null;
  const doing = (identity: string, role: string) => {
    const call = store.groups.value.screening.find(({ screener }) => screener === identity);
    if (call) return `talks to line ${call.line}`;
    return role === "host" ? "host" : "screener, free";
  };
  return (
    <section class="call-section staff-section" aria-label="At the desks">
      <h2>At the desks</h2>
      <ul class="staff-list" data-testid="staff-list">
        {staff.map(({ identity, name, role }) => (
          <li key={identity}>
            <Avatar identity={identity} name={name} size={24} />
            <span class="truncate grow">
              {name}
              {identity === session.identity && <span class="faint"> (you)</span>}
            </span>
            <span class="faint">{doing(identity, role)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
