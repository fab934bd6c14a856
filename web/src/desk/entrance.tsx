/** Before a desk: who are you? In: the invitation of the link. Out: a seat, kept for this tab. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Brand } from "../components/brand";
import { Button } from "../components/button";
import { Icon } from "../components/icon";
import { Loading } from "../components/lazy";
import { Link } from "../components/link";
import { StatePage } from "../components/state-page";
import { ThemeToggle } from "../components/theme-toggle";
import { ApiError } from "../lib/api";
import { choices, choose } from "../lib/choices";
import { sentence } from "../lib/format";
import { tokenInFragment } from "../lib/invite";
import { showPath } from "../lib/routes";
import { elsewhere, inviteFor, keepInvite, keepSeat } from "../lib/show-seat";
import { describeShow, takeSeat } from "../show/api";
import "./desk.css";
import { Refused } from "./refused";

export type DeskPlace = "host" | "screener";

const PLACES: Record<DeskPlace, { title: string; text: string; action: string }> = {
  host: {
    title: "Host desk",
    text: "You are on the air as soon as you are in, and decide who else is.",
    action: "Take the host's seat",
  },
  screener: {
    title: "Screener desk",
    text: "You talk to callers in private before they go on the air.",
    action: "Take a screener's seat",
  },
};

export function Entrance({ show, place }: { show: string; place: DeskPlace }) {
  const invite = inviteFor(show, place);
  const [error, setError] = useState<ApiError>();
  if (error) return <Refused show={show} place={place} error={error} retry={() => setError(undefined)} />;
  if (!invite) return <WithoutInvite show={show} place={place} refused={setError} />;
  const other = elsewhere(invite, show, place);
  if (other) return <OtherShow link={other} />;
  return <NameForm show={show} place={place} invite={invite} refused={setError} />;
}

interface PartProps {
  show: string;
  place: DeskPlace;
  refused: (error: ApiError) => void;
}

/** Whoever operates the server needs no link: the show tells them its links. */
function WithoutInvite({ show, place, refused }: PartProps) {
  const [asked, setAsked] = useState(false);
  useEffect(() => {
    const stop = new AbortController();
    describeShow(show, undefined, stop.signal).then(
      ({ links }) => {
        const token = links && tokenInFragment(new URL(links[place], location.origin).hash);
        if (token) keepInvite(show, place, token);
        else setAsked(true);
      },
      (error) => {
        if (stop.signal.aborted) return;
        if (error instanceof ApiError && (error.code === "show-not-found" || error.status === 0)) refused(error);
        else setAsked(true);
      },
    );
    return () => stop.abort();
  }, [show, place]);
  useEffect(() => {
    if (asked) document.title = "This desk opens with a link · Crosspoint";
  }, [asked]);
  if (!asked) return <Loading text={`Opening ${show}…`} />;
  return (
    <StatePage
      icon="key"
      tone="warning"
      title="This desk opens with a link"
      text="This address alone is not enough. Ask whoever runs the show for your link, and open it here. Whoever runs the server finds the links on the show's page."
      testid="needs-link"
    >
      <Link to={showPath(show)} class="button primary medium">
        Go to the show
      </Link>
    </StatePage>
  );
}

/** The link is one into another show: there it may be good. */
function OtherShow({ link }: { link: string }) {
  useEffect(() => {
    document.title = "This link does not open this desk · Crosspoint";
  }, []);
  return (
    <StatePage
      icon="lock"
      tone="bad"
      title="This link does not open this desk"
      text="It was made for another show. Ask whoever runs this one for a link, or go where yours leads."
      testid="show-refused"
    >
      <a class="button primary medium" href={link} data-testid="follow-link">
        Go where it leads
      </a>
    </StatePage>
  );
}

function NameForm({ show, place, invite, refused }: PartProps & { invite: string }) {
  const [name, setName] = useState(choices().name);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const [title, setTitle] = useState(show);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    // A link that is no good is said so before anybody fills in a form.
    describeShow(show, invite).then(
      ({ settings }) => setTitle(settings.title || show),
      (error) => {
        if (error instanceof ApiError && [401, 403, 404].includes(error.status)) refused(error);
      },
    );
  }, [show, invite]);
  useEffect(() => {
    document.title = `${title} · Crosspoint`;
  }, [title]);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const chosen = name.trim();
    if (!chosen) {
      setProblem("Say who you are: the others at the desks see it.");
      return field.current?.focus();
    }
    setBusy(true);
    setProblem("");
    try {
      const seat = await takeSeat(show, { name: chosen, role: place }, invite);
      choose({ name: chosen });
      keepSeat(show, place, { ...seat, name: chosen });
    } catch (error) {
      setBusy(false);
      if (error instanceof ApiError && error.status !== 0 && error.status !== 400) refused(error);
      else setProblem(sentence((error as Error).message));
    }
  };
  const words = PLACES[place];
  return (
    <div class="page">
      <header class="page-head">
        <Link to="/shows" class="brand-link" label="Shows">
          <Brand />
        </Link>
        <ThemeToggle />
      </header>
      <main class="entrance" data-testid={`${place}-entrance`}>
        <div class="state-icon">
          <Icon name={place === "host" ? "air" : "headphones"} size={28} />
        </div>
        <p class="entrance-show muted truncate">{title}</p>
        <h1>{words.title}</h1>
        <p class="muted">{words.text}</p>
        <form onSubmit={submit} noValidate>
          <div class="field">
            <label for="seat-name">Your name</label>
            <input
              ref={field}
              id="seat-name"
              class="input"
              value={name}
              maxLength={100}
              autocomplete="name"
              aria-invalid={problem ? "true" : undefined}
              aria-describedby={problem ? "seat-problem" : undefined}
              data-testid="seat-name"
              onInput={(event) => setName(event.currentTarget.value)}
            />
            {problem && (
              <span class="field-error" id="seat-problem" role="alert">
                {problem}
              </span>
            )}
          </div>
          <Button kind="primary" size="large" type="submit" busy={busy} testid="take-seat">
            {words.action}
          </Button>
          <p class="field-hint">
            The browser will ask for your microphone. Use headphones: loudspeakers come back as an echo.
          </p>
        </form>
      </main>
    </div>
  );
}
