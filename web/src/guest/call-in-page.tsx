/**
 * `/shows/{id}/call-in`: a telephone for trying a show out. It is a stand-in, and says so.
 *
 * Test ids: `call-in` (with `data-stage` idle, dialling, on, over and `data-verb`), `phone-number`, `phone-renumber`, `phone-call`,
 * `phone-hang-up`, `phone-mute`, `key-0` … `key-9`, `key-star`, `key-hash`, `phone-keyed`, `phone-state`, `phone-clock`,
 * `phone-announcement`, `phone-trouble` (with `data-fault`), `phone-heard` and `phone-said` (meters with `data-level`, dBFS), `phone-sound`,
 * `phone-microphone-problem`, `phone-another`, `devices-microphone`.
 */
import { useEffect, useMemo, useState } from "preact/hooks";
import { Brand } from "../components/brand";
import { Icon } from "../components/icon";
import { Link } from "../components/link";
import { ThemeToggle } from "../components/theme-toggle";
import { ApiError } from "../lib/api";
import { showPath } from "../lib/routes";
import { inviteFor } from "../lib/show-seat";
import { describeShow } from "../show/api";
import "./call-in.css";
import { PhoneCard, type Warning } from "./telephone/phone-card";
import { Telephone } from "./telephone/telephone";

/** What the page knows of the show, whatever the server tells of it to whoever is here. */
interface Known {
  title: string;
  /** The number that is called. */
  to: string;
  voiceUrl: string;
  /** What a caller will find instead of a show; absent: a show. */
  warning: Warning | undefined;
}

/** Where a show without a number of its own is called: the number does not matter, the address chooses the show. */
const ANY_NUMBER = "+15555550100";

export function CallInPage({ show }: { show: string }) {
  const telephone = useMemo(() => new Telephone(show), [show]);
  const known = useShow(show);
  useEffect(() => () => telephone.close(), [telephone]);
  useEffect(() => {
    document.title = `Telephone · ${known.title}`;
  }, [known.title]);
  return (
    <div
      class="page call-in"
      data-testid="call-in"
      data-stage={telephone.stage.value}
      data-verb={telephone.verb.value || undefined}
    >
      <header class="page-head">
        <Link to={showPath(show)} class="brand-link" label="Crosspoint, to the show">
          <Brand />
        </Link>
        <ThemeToggle />
      </header>
      <main class="call-in-main">
        <PhoneCard
          telephone={telephone}
          title={known.title}
          warning={known.warning}
          to={known.to}
          call={() => void telephone.call({ to: known.to, voiceUrl: known.voiceUrl })}
        />
        <Explanation show={show} telephone={telephone} />
      </main>
    </div>
  );
}

/** Asks once. Who may not know more of the show can call it nevertheless. */
function useShow(show: string): Known {
  const [known, setKnown] = useState<Known>({
    title: show,
    to: ANY_NUMBER,
    voiceUrl: `${location.origin}/api/phone/voice?show=${encodeURIComponent(show)}`,
    warning: undefined,
  });
  useEffect(() => {
    const stop = new AbortController();
    describeShow(show, inviteFor(show, "call-in"), stop.signal).then(
      ({ open, settings, webhooks }) => {
        const voice = webhooks?.find(({ provider }) => provider === "twilio")?.voice;
        setKnown((before) => ({
          title: settings.title || show,
          warning: open
            ? undefined
            : { title: "Lines closed", text: `${settings.title || show} takes no calls now: callers are told so.` },
          to: settings.numbers[0] ?? ANY_NUMBER,
          voiceUrl: voice ? forShow(voice, show) : before.voiceUrl,
        }));
      },
      (error) => {
        if (!(error instanceof ApiError) || error.code !== "show-not-found") return;
        const text = `There is no show ${show} on this server, or it is over: callers are told so.`;
        setKnown((before) => ({ ...before, warning: { title: "No such show", text } }));
      },
    );
    return () => stop.abort();
  }, [show]);
  return known;
}

/** The webhook that leads to this show, whichever number is called. */
function forShow(voice: string, show: string): string {
  try {
    const url = new URL(voice, location.origin);
    url.searchParams.set("show", show);
    return url.href;
  } catch {
    return voice;
  }
}

function Explanation({ show, telephone }: { show: string; telephone: Telephone }) {
  return (
    <aside class="call-in-aside">
      <h2>A stand-in for a telephone</h2>
      <p class="muted">
        No telephone company takes part and nobody is charged. The server gets what a telephone company would send it:
        the webhook, the media stream in telephone quality, the keys.
      </p>
      <p class="muted">
        The call rings on the screener's desk. Each tab is another telephone, and a reload does not hang up.
      </p>
      <div class="call-in-links">
        <a
          class="button plain medium"
          href={showPath(show, "call-in")}
          target="_blank"
          rel="noopener"
          data-testid="phone-another"
        >
          <Icon name="plus" size={18} />
          <span>Another telephone</span>
        </a>
        <Link to={showPath(show)} class="button quiet medium">
          <Icon name="air" size={18} />
          <span>The show</span>
        </Link>
      </div>
      {telephone.absent.value && <HowToGetIt />}
    </aside>
  );
}

/** What to do where the server has no simulator. */
function HowToGetIt() {
  return (
    <div class="call-in-how" data-testid="phone-how">
      <h3>This server has no simulator</h3>
      <p class="muted">It comes with a server that is started for trying out:</p>
      <pre class="mono">crosspoint serve --dev</pre>
      <p class="muted">Elsewhere the configuration turns it on, in the place of Twilio:</p>
      <pre class="mono">[phone]{"\n"}simulator = true</pre>
    </div>
  );
}
