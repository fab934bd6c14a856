/**
 * The page of a desk: the entrance until there is a seat, then the desk, then why it ended.
 *
 * What tests find the desks by (`data-testid`, and `data-…` that say more):
 *
 * | | |
 * |---|---|
 * | entrance | `host-entrance`, `screener-entrance`; `seat-name`, `take-seat`; `needs-link` |
 * | instead of a desk | `show-refused` (`data-code`; `retry`, `to-shows`, `follow-link`), `show-over`, `desk-over` (`data-code`; `rejoin`) |
 * | a desk | `host-desk`, `screener-desk` with `data-air`, `data-flow` (`connecting`, `live`, `lost`), `data-room`, `data-stage` |
 * | lists | `list-waiting`, `list-hold`, `list-arriving`, `list-over` (host); `list-ringing`, `list-screened`, `list-screening`, `list-waiting`, `list-hold` (screener); `…-count` |
 * | a call | `call-{callId}` with `data-state`, `data-line`; in it `choose-call`, `call-name`, `call-state` (`data-state`), `line-quality` (`data-backlog`), `badge-{banned,warning,locked,returned,lost,pending,conference}` |
 * | what is done | `verb-{pick-up,approve,screened,next,air,hold,screen,lock,unlock,drop}`, after the first click on `verb-drop`: `verb-drop-confirm`; `take-next`, `answer` |
 * | on the air | `on-air` (`data-live`), `next-up` |
 * | the chosen call | host: `inspector` (`data-call`), screener: `talking` (`data-call`, `data-mine`, `data-idle`); `caller-warning`, `caller-banned`, `caller-history`, `open-number`, `line-figures`, `listen-person`, `talk-person`, `voice-…` |
 * | notes | `note-form`, `note-{name,place,topic,notes}`, `note-rating` (`data-rating`), `rating-{1…5}`, `note-state` |
 * | the show | `show-title`, `toggle-lines` (host) or `lines-state`, with `data-open`; `recording`, `media-chip`, `staff`, `staff-{identity}`, `staff-list` |
 * | banners | `reconnect-banner` (`data-state` `connection`, `sound`, `lists`, `back`), `audio-banner`, `microphone-banner`, `talking-banner`, `talkback-banner`, `listening-banner`, `fallback-banner` (`open-call-me`, `switch-back`) |
 * | one's own sound | `toggle-mic`, `devices-microphone`, `own-state` (`data-microphone`), `open-connection`, `leave` |
 * | menu and dialogs | `open-more`, `open-keys`, `open-links`, `open-telephones`, `open-stats`; `keys-dialog`, `links-dialog` (`link-{host,screener,guest,callIn}`), `telephones-dialog` (`media-{crosspoint,conference}`, `switch-media`), `call-me-dialog` (`call-me-number`, `call-me`), `number-dialog` (`number-warning`, `number-banned`, `number-save`), `statistics-dialog` |
 */
import type { ComponentType } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { Button } from "../components/button";
import { Loading } from "../components/lazy";
import { Link } from "../components/link";
import { StatePage } from "../components/state-page";
import { clearToasts, notify } from "../components/toast";
import { ApiError } from "../lib/api";
import { useNow } from "../lib/hooks";
import { showPath } from "../lib/routes";
import { giveUpSeat, keepSeat, type ShowSeat, seatFor } from "../lib/show-seat";
import type { Ending } from "../room/ending";
import { ShowStore } from "../show/store";
import { callerName, newsOf } from "../show/words";
import { Desk } from "./desk";
import { type DeskPlace, Entrance } from "./entrance";
import { Refused } from "./refused";
import { DeskSession } from "./session";

/** How long a server may be silent before one is told, in milliseconds. */
const PATIENCE = 6000;

interface DeskPageProps {
  show: string;
  place: DeskPlace;
  view: ComponentType<{ desk: Desk }>;
}

export function DeskPage({ show, place, view }: DeskPageProps) {
  const [visit, setVisit] = useState(0);
  const seat = seatFor(show, place);
  if (!seat) return <Entrance show={show} place={place} />;
  const again = () => setVisit((count) => count + 1);
  return <Visit key={`${seat.identity}/${visit}`} show={show} place={place} seat={seat} view={view} again={again} />;
}

interface VisitProps extends DeskPageProps {
  seat: ShowSeat;
  again: () => void;
}

/** One visit, from going in to its end. */
function Visit({ show, place, seat, view: View, again }: VisitProps) {
  const desk = useMemo(() => {
    const store = new ShowStore(show, seat.token);
    const refreshed = (token: string) => {
      store.trust(token);
      keepSeat(show, place, { ...seat, token });
    };
    return new Desk(store, new DeskSession(seat, refreshed), seat.role);
  }, [show, seat.identity]);
  const { store, session } = desk;
  useEffect(() => {
    store.open();
    void session.start();
    return () => {
      store.close();
      session.close();
      clearToasts();
    };
  }, [store, session]);
  useEffect(() => listenTo(desk), [desk]);
  const present = store.show.value;
  const title = present?.settings.title || show;
  const sign = signOf(desk);
  useEffect(() => {
    document.title = `${sign}${title} · ${place === "host" ? "Host" : "Screener"}`;
  }, [sign, title, place]);

  const flow = store.flow.value;
  useEffect(() => {
    // What was told last may not be so any more.
    if (flow.state === "lost") desk.said.value = "";
  }, [desk, flow.state]);
  const ending = session.ending.value;
  if (present?.endedAt) return <ShowOver title={title} />;
  if (ending) return <DeskOver ending={ending} show={show} place={place} again={again} />;
  if (flow.state === "failed") return <Refused show={show} place={place} error={flow.error} retry={again} />;
  if (!present) return <Waiting show={show} place={place} lost={flow.state === "lost"} again={again} />;
  return <View desk={desk} />;
}

/** Tells in passing what the lists alone would not: who hung up while on the air, who comes back from the host. */
function listenTo(desk: Desk): () => void {
  const { store, role, own, session } = desk;
  const lost = new Set<string>();
  store.onCall = ({ what, by, call }) => {
    const line = `Line ${call.line}`;
    const isBack = what === "connected" && lost.delete(call.callId);
    if (what === "lost") lost.add(call.callId);
    const news = isBack ? `${line}, ${callerName(call)}, is back.` : newsOf(what, call);
    if (news) desk.said.value = news;
    const others = by !== undefined && by !== session.identity;
    const name = store.nameOf(by) ?? "Somebody";
    if (what === "ended" && call.airedAt) notify(`${line} hung up.`, "info", call.callId);
    // Who is switched to the conference leaves here first; that is no loss.
    const switched = store.show.value?.media === "conference";
    if (what === "lost" && !switched && (role === "host" || own.value?.callId === call.callId)) {
      notify(`${line} was lost; the call may come back.`, "warning", call.callId);
    }
    if (what === "returned" && role === "screener") notify(`The host wants line ${call.line} talked to again.`);
    if (what === "dropped" && others) notify(`${name} dropped line ${call.line}.`, "info", call.callId);
    if (what === "keyed" && own.value?.callId === call.callId) notify(`They keyed in ${call.digits.at(-1)}.`);
  };
  return () => {
    store.onCall = undefined;
  };
}

/** What the tab says while another one is looked at. */
function signOf({ role, store }: Desk): string {
  const { onAir, ringing } = store.groups.value;
  if (role === "host") return onAir.length > 0 ? "● " : "";
  return ringing.length > 0 ? `(${ringing.length}) ` : "";
}

function Waiting({ show, place, lost, again }: { show: string; place: DeskPlace; lost: boolean; again: () => void }) {
  const [since] = useState(Date.now);
  const now = useNow(500);
  if (lost && now - since > PATIENCE) {
    return <Refused show={show} place={place} error={new ApiError(0, "unreachable", "")} retry={again} />;
  }
  return (
    <div class="joining">
      <Loading text={lost ? "The server does not answer. Trying again…" : "Opening the desk…"} />
    </div>
  );
}

function ShowOver({ title }: { title: string }) {
  return (
    <StatePage
      icon="check"
      title="The show is over"
      text={`${title} has ended, and its lines are closed.`}
      testid="show-over"
    >
      <Link to={showPath()} class="button primary medium">
        All shows
      </Link>
    </StatePage>
  );
}

interface DeskOverProps {
  ending: Ending;
  show: string;
  place: DeskPlace;
  again: () => void;
}

/** What a room calls itself, a desk calls otherwise. */
function DeskOver({ ending, show, place, again }: DeskOverProps) {
  const left = ending.title === "You left the room";
  const replaced = ending.code === "replaced";
  const refused = ["unauthorized", "token-expired", "forbidden", "identity-mismatch"].includes(ending.code ?? "");
  const title = left ? "You left the desk" : replaced ? "This desk is open elsewhere" : ending.title;
  const text = left ? "The show goes on. Your seat is kept in this tab." : ending.text;
  const back = () => {
    if (refused) giveUpSeat(show, place);
    else again();
  };
  return (
    <StatePage icon={ending.icon} tone={ending.tone} title={title} text={text} code={ending.code} testid="desk-over">
      <Button kind={refused ? "plain" : "primary"} icon="refresh" testid="rejoin" onClick={back}>
        {left ? "Back to the desk" : "Try again"}
      </Button>
      <Link to={showPath(show)} class="button plain medium" testid="to-show">
        Go to the show
      </Link>
    </StatePage>
  );
}
