/**
 * `/shows`: every call-in show of this server, for who operates it.
 *
 * Test ids: `shows`, `shows-empty`, `shows-unlisted`, `show-row` (with `data-show`, `data-state` open, closed, ended), `new-show`,
 * `new-show-dialog`, `show-title`, `show-id`, `show-numbers`, `show-lines`, `lobby-programme`, `lobby-file`, `lobby-silence`,
 * `show-file`, `make-show`, `new-show-refusal`; where an operator is asked for the key: `admin-login`, `admin-key`, `admin-enter`.
 */
import { useEffect, useState } from "preact/hooks";
import { Button } from "../components/button";
import { Icon } from "../components/icon";
import { Loading } from "../components/lazy";
import { Empty } from "../components/state-page";
import { LogIn } from "../dashboard/log-in";
import { usePolled } from "../dashboard/poll";
import { loadRows } from "./load";
import { NewShowButton, NewShowDialog } from "./new-show";
import { ShowsFrame } from "./shows-frame";
import { ShowsTable } from "./shows-table";
import { doubtOf } from "./unlisted";

export function ShowsPage() {
  useEffect(() => {
    document.title = "Shows · Crosspoint";
  }, []);
  return (
    <ShowsFrame testid="shows">
      <Overview />
    </ShowsFrame>
  );
}

function Overview() {
  const [asking, setAsking] = useState(false);
  const { data, error, refresh } = usePolled(loadRows, []);
  const ask = () => setAsking(true);
  if (error?.needsKey) return <LogIn error={error} what="Shows open" />;
  if (!data && error) {
    return (
      <Empty icon="warning" title="No answer from the server" text={error.message}>
        <Button icon="refresh" onClick={refresh}>
          Try again
        </Button>
      </Empty>
    );
  }
  if (!data) return <Loading text="Asking the server…" />;
  const doubt = doubtOf(data.map(({ show }) => show));
  return (
    <>
      {data.length === 0 ? (
        <Nothing ask={ask} />
      ) : (
        <>
          <div class="dashboard-title">
            <h1>Shows</h1>
            <span class="faint num">{data.length}</span>
            {error && <span class="chip bad">no answer, trying again</span>}
            <span class="grow" />
            <NewShowButton ask={ask} />
          </div>
          <ShowsTable rows={data} shared={doubt !== ""} />
          {doubt && (
            <p class="shows-doubt" data-testid="shows-unlisted">
              <Icon name="warning" size={16} />
              <span>{doubt}</span>
            </p>
          )}
        </>
      )}
      {asking && <NewShowDialog close={() => setAsking(false)} />}
    </>
  );
}

function Nothing({ ask }: { ask: () => void }) {
  return (
    <div class="shows-empty" data-testid="shows-empty">
      <Empty
        icon="air"
        title="No shows yet"
        text="A show is a programme that people call in to, by telephone or with a browser. A screener talks to each caller first, and the host puts them on the air."
      >
        <NewShowButton ask={ask} />
      </Empty>
    </div>
  );
}
