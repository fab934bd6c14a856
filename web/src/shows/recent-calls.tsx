/** The calls that are over: who it was, what it was about, and what became of it. */
import type { CallView } from "@crosspoint/client";
import { Empty } from "../components/state-page";
import { clock, sentence, timeOfDay } from "../lib/format";
import { callerDetail, callerName } from "../show/words";
import { outcomeOf, overOf, reasonOf } from "./tally";

export function RecentCalls({ calls }: { calls: readonly CallView[] | undefined }) {
  if (!calls) return null;
  const over = overOf(calls);
  return (
    <section aria-labelledby="recent-title">
      <h2 id="recent-title">Recent calls</h2>
      <div class="card table-card">
        {over.length === 0 ? (
          <Empty icon="clock" title="No calls yet" text="A call stands here once it is over." />
        ) : (
          <table class="table">
            <thead>
              <tr>
                <th scope="col">Caller</th>
                <th scope="col">Topic</th>
                <th scope="col">Outcome</th>
                <th scope="col" class="right">
                  Came
                </th>
                <th scope="col" class="right">
                  Lasted
                </th>
              </tr>
            </thead>
            <tbody>
              {over.map((call) => (
                <Row key={call.callId} call={call} />
              ))}
            </tbody>
          </table>
        )}
      </div>
    </section>
  );
}

const TONES = { aired: "chip ok", dropped: "chip bad", "hung up": "chip" } as const;

function Row({ call }: { call: CallView }) {
  const outcome = outcomeOf(call);
  const reason = reasonOf(call);
  const { createdAt, endedAt = createdAt, notes } = call;
  return (
    <tr data-testid="call-row" data-call={call.callId} data-outcome={outcome}>
      <td data-label="Caller">
        <span class="shows-name">
          <span class="table-name truncate">{callerName(call)}</span>
          <span class="faint num truncate">{callerDetail(call)}</span>
        </span>
      </td>
      <td data-label="Topic" class="shows-wide">
        <span class="call-topic truncate">{notes.topic?.trim() || <span class="faint">–</span>}</span>
      </td>
      <td data-label="Outcome" class="shows-wide">
        <span class="chips">
          <span class={TONES[outcome]}>{outcome === "aired" ? "was on the air" : outcome}</span>
          {reason && <span class="faint call-reason truncate">{sentence(reason)}</span>}
        </span>
      </td>
      <td class="right num" data-label="Came">
        {timeOfDay(createdAt)}
      </td>
      <td class="right num" data-label="Lasted">
        {clock(endedAt - createdAt)}
      </td>
    </tr>
  );
}
