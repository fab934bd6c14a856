/** The small parts of which calls are shown, wherever they are: state, line, name, badges, timers, stars. */
import type { CallView, Quality } from "@crosspoint/client";
import { Icon, type IconName } from "../components/icon";
import { QualityBars } from "../components/quality-bars";
import { clock, milliseconds } from "../lib/format";
import "./show.css";
import { now, type ShowStore } from "./store";
import { callerName, healthOf, STATES } from "./words";

/** The state in a word, an icon and a colour. */
export function StateChip({ state }: Pick<CallView, "state">) {
  const { word, icon, hint } = STATES[state];
  return (
    <span class={`call-state st-${state}`} title={hint} data-testid="call-state" data-state={state}>
      <Icon name={icon} size={14} />
      {word}
    </span>
  );
}

/** The number of the line, in the colour of the state. */
export function LineBox({ call: { line, state } }: { call: CallView }) {
  return (
    <span class={`line-box st-${state}`} title={`Line ${line}`}>
      <span class="sr-only">Line </span>
      {line}
    </span>
  );
}

/** Who calls, and with what. */
export function CallerName({ call }: { call: CallView }) {
  const browser = call.connectionType === "webrtc";
  return (
    <span class="call-name">
      <Icon name={browser ? "browser" : "phone"} size={15} />
      <span class="sr-only">{browser ? "Browser: " : "Telephone: "}</span>
      <span class="truncate" data-testid="call-name">
        {callerName(call)}
      </span>
    </span>
  );
}

/** How long ago something began, counting. */
export function Elapsed({ since, label }: { since: number; label: string }) {
  const text = clock(now.value - since);
  return (
    <time class="elapsed" title={`${label}, since ${new Date(since).toLocaleTimeString()}`}>
      <span class="sr-only">{label} </span>
      {text}
    </time>
  );
}

interface Badge {
  word: string;
  icon: IconName;
  tone: "plain" | "warn" | "bad" | "accent";
  hint: string;
  testid: string;
}

/** What one must know of a call before anything else. */
export function Badges({ call }: { call: CallView }) {
  const badges = badgesOf(call);
  if (badges.length === 0) return null;
  return (
    <span class="call-badges">
      {badges.map(({ word, icon, tone, hint, testid }) => (
        <span key={testid} class={`call-badge ${tone}`} title={hint} data-testid={testid}>
          <Icon name={icon} size={12} />
          <span class="badge-word">{word}</span>
        </span>
      ))}
    </span>
  );
}

function badgesOf(call: CallView): Badge[] {
  const { caller, link, locked, returned, state } = call;
  const badges: Badge[] = [];
  const add = (word: string, icon: IconName, tone: Badge["tone"], hint: string, id: string) =>
    badges.push({ word, icon, tone, hint, testid: `badge-${id}` });
  if (caller?.banned) add("Banned", "ban", "bad", "Further calls of this number are turned away", "banned");
  if (caller?.warning) add("Warning", "warning", "warn", caller.warning, "warning");
  if (locked) add("Locked", "lock", "accent", "Stays on the air when the next caller is taken", "locked");
  if (returned && state === "screened")
    add("Sent back", "back", "accent", "The host wants them talked to again", "returned");
  if (link === "lost") add("Lost", "warning", "warn", "The connection broke; the call may come back", "lost");
  if (link === "pending") add("Connecting", "refresh", "plain", "Their sound has not come yet", "pending");
  if (link === "conference")
    add("Conference", "people", "plain", "In the telephone company's conference", "conference");
  return badges;
}

/** How the connection of a call does: of a telephone what its line reports, of a browser what the room tells. */
export function LineQuality({
  store,
  call,
  browser,
}: {
  store: ShowStore;
  call: CallView;
  browser?: Quality | undefined;
}) {
  const report = store.lines.value.get(call.callId);
  if (call.link === "lost") return <QualityBars quality="lost" />;
  // Its line is the telephone company's own affair now; what was reported before says nothing of it.
  if (call.link === "conference") return null;
  if (!report) return call.connectionType === "webrtc" && browser ? <QualityBars quality={browser} /> : null;
  const { quality, words } = healthOf(report);
  return (
    <span class="line-quality num" title={words} data-testid="line-quality" data-backlog={report.backlogMs}>
      <QualityBars quality={quality} />
      {milliseconds(report.backlogMs)}
    </span>
  );
}

/** Stars of five. */
export function Stars({ rating }: { rating: number }) {
  if (rating === 0) return null;
  return (
    <span class="stars" role="img" aria-label={`${rating} of 5 stars`} title={`${rating} of 5`}>
      {[1, 2, 3, 4, 5].slice(0, rating).map((star) => (
        <svg key={star} fill="currentColor" class="icon" width="11" height="11" viewBox="0 0 24 24" aria-hidden="true">
          <path d="M12 3.8l2.5 5.2 5.7.8-4.1 4 1 5.7-5.1-2.7-5.1 2.7 1-5.7-4.1-4 5.7-.8Z" />
        </svg>
      ))}
    </span>
  );
}
