/**
 * `/shows/{id}`: one show for who runs it: links for everybody who takes part, telephones, settings, what became of calls.
 *
 * Test ids: `show` (with `data-state` open, closed, ended), `show-call-in`, `show-open`, `show-close`, `show-end`, `show-figures`
 * with `figure-on-air`, `figure-waiting`, `figure-screening`, `figure-lines`; `link-host`, `link-screener`, `link-guest` and
 * `copy-…`, `open-host`, `open-screener`, `open-guest`; `show-pin`, `copy-show-pin`, `provider-twilio` (and others),
 * `webhook-voice`, `webhook-status`, `webhook-fallback` and `copy-…`, `real-number`, `no-account`,
 * `phone-account`; `show-settings`, `show-title`, `show-numbers`, `show-lines`, `lobby-…`, `show-file`, `take-drops-previous`,
 * `voice-…`, `save-settings`, `settings-refusal`;
 * `call-row` (with `data-call`, `data-outcome`); `show-gone`.
 */
import type { ShowView } from "@crosspoint/client";
import { useEffect, useState } from "preact/hooks";
import { Button } from "../components/button";
import { ConfirmDialog } from "../components/dialog";
import { Icon } from "../components/icon";
import { Loading } from "../components/lazy";
import { Link } from "../components/link";
import { Empty } from "../components/state-page";
import { notify } from "../components/toast";
import { LogIn } from "../dashboard/log-in";
import { usePolled } from "../dashboard/poll";
import { type ApiError, adminKey } from "../lib/api";
import { count, sentence } from "../lib/format";
import { showPath } from "../lib/routes";
import { seatFor } from "../lib/show-seat";
import { navigate } from "../router";
import { describeShow, endShow, listCalls, listShows, openLines, type ShowDetail } from "../show/api";
import { type Simulated, useSimulator } from "../show/simulator";
import { Figures } from "./figures";
import { LinksCard } from "./links-card";
import { RecentCalls } from "./recent-calls";
import { SettingsCard } from "./settings-card";
import { ShowsFrame } from "./shows-frame";
import { StateChip, stateOf } from "./state-chip";
import { linesIn, type Tally, tallyOf } from "./tally";
import { TelephoneCard } from "./telephone-card";
import { rivalsOf } from "./unlisted";

/** Does something and says when it was refused. Resolves to whether it was done. */
export type Act = (action: () => Promise<unknown>) => Promise<boolean>;

export function ShowPage({ show }: { show: string }) {
  return (
    <ShowsFrame testid="show-page">
      <Content show={show} />
    </ShowsFrame>
  );
}

function Content({ show }: { show: string }) {
  // Operators come with their key or from an address that is trusted, hosts of the show with the seat of this tab.
  const credential = adminKey.value ? undefined : seatFor(show, "host")?.token;
  const detail = usePolled((stop) => describeShow(show, credential, stop), [show]);
  const calls = usePolled(() => listCalls(show, credential), [show]);
  // Only operators are told of other shows.
  const shows = usePolled((stop) => (credential ? Promise.resolve(undefined) : listShows(stop)), [credential]);
  const simulated = useSimulator();
  const { data, error } = detail;
  const title = data?.settings.title || show;
  useEffect(() => {
    document.title = `${title} · Shows · Crosspoint`;
  }, [title]);
  const act: Act = async (action) => {
    try {
      await action();
      return true;
    } catch (problem) {
      notify(sentence((problem as Error).message), "bad");
      return false;
    } finally {
      detail.refresh();
    }
  };
  if (error?.needsKey) return <LogIn error={error} what="The page of a show opens" />;
  return (
    <>
      <nav class="crumbs" aria-label="Where you are">
        <Link to={showPath()}>Shows</Link>
        <Icon name="right" size={14} />
        <span aria-current="page" class="truncate">
          {title}
        </span>
      </nav>
      {data ? (
        <div class="show" data-testid="show" data-state={stateOf(data)}>
          <Head
            show={data}
            tally={calls.data && tallyOf(calls.data)}
            error={error}
            credential={credential}
            canCallIn={simulated === "here"}
            act={act}
          />
          <Figures tally={calls.data && tallyOf(calls.data)} lines={data.settings.lines} />
          {data.endedAt === undefined && (
            <Parts
              show={data}
              rivals={shows.data && rivalsOf(data, shows.data)}
              credential={credential}
              simulated={simulated}
              changed={detail.refresh}
            />
          )}
          <RecentCalls calls={calls.data} />
        </div>
      ) : error ? (
        <Gone error={error} retry={detail.refresh} />
      ) : (
        <Loading />
      )}
    </>
  );
}

interface PartsProps {
  show: ShowDetail;
  /** Other shows that take calls to any number as this one does; absent: not known. */
  rivals: readonly ShowView[] | undefined;
  credential: string | undefined;
  simulated: Simulated;
  changed: () => void;
}

/** What a show that goes on can be given and asked. */
function Parts({ show, rivals, credential, simulated, changed }: PartsProps) {
  return (
    <>
      <LinksCard show={show} />
      <div class="show-columns">
        <TelephoneCard show={show} rivals={rivals} simulated={simulated} />
        <SettingsCard show={show} credential={credential} changed={changed} />
      </div>
    </>
  );
}

function Gone({ error, retry }: { error: ApiError; retry: () => void }) {
  const gone = error.status === 404;
  return (
    <div class="shows-empty" data-testid="show-gone">
      <Empty
        icon={gone ? "info" : "warning"}
        title={gone ? "There is no such show" : "No answer from the server"}
        text={gone ? "It has ended, or its name is another one." : error.message}
      >
        {gone ? (
          <Link to={showPath()} class="button plain medium">
            All shows
          </Link>
        ) : (
          <Button icon="refresh" onClick={retry}>
            Try again
          </Button>
        )}
      </Empty>
    </div>
  );
}

interface HeadProps {
  show: ShowDetail;
  tally: Tally | undefined;
  error: ApiError | undefined;
  credential: string | undefined;
  canCallIn: boolean;
  act: Act;
}

function Head({ show, tally, error, credential, canCallIn, act }: HeadProps) {
  const [ending, setEnding] = useState(false);
  const { showId, settings, open, endedAt } = show;
  const calls = tally ? linesIn(tally) : 0;
  const title = settings.title || showId;
  const end = async () => {
    if (await act(() => endShow(showId, credential))) navigate(showPath());
  };
  return (
    <div class="dashboard-title show-head">
      <h1 class="truncate">{title}</h1>
      <span class="faint mono show-id">{showId}</span>
      <StateChip show={show} />
      {error && <span class="chip bad">no answer, trying again</span>}
      <span class="grow" />
      {endedAt === undefined && (
        <>
          {canCallIn && (
            <Link to={showPath(showId, "call-in")} class="button primary medium" testid="show-call-in">
              <Icon name="phone" size={18} />
              <span>Call in</span>
            </Link>
          )}
          <Button
            icon={open ? "lock" : "unlock"}
            testid={open ? "show-close" : "show-open"}
            onClick={() => void act(() => openLines(showId, !open, credential))}
          >
            {open ? "Close lines" : "Open lines"}
          </Button>
          <Button kind="danger" testid="show-end" onClick={() => setEnding(true)}>
            End show
          </Button>
        </>
      )}
      {ending && (
        <ConfirmDialog
          title={`End ${title}?`}
          text={`${calls > 0 ? `${count(calls, "call is", "calls are")} hung up at once, and everybody` : "Everybody"} who is in the show is put out. Its links stop working, and its list of calls goes from the console with it; the server's store keeps the calls. This cannot be taken back.`}
          action="End the show"
          onConfirm={() => void end()}
          onClose={() => setEnding(false)}
        />
      )}
    </div>
  );
}
