/** How telephones reach a show: what to enter at the telephone company, the host's PIN, and what to do without a company. */
import type { ShowView } from "@crosspoint/client";
import { useState } from "preact/hooks";
import { Icon } from "../components/icon";
import { Link } from "../components/link";
import { showPath } from "../lib/routes";
import type { ShowDetail, WebhookSettings } from "../show/api";
import type { Simulated } from "../show/simulator";
import { telephone } from "../show/words";
import { CopyField } from "./copy-field";
import { unlistedOf } from "./unlisted";

const NAMES: Partial<Record<string, string>> = { twilio: "Twilio", telnyx: "Telnyx", signalwire: "SignalWire" };

interface TelephoneCardProps {
  show: ShowDetail;
  /** Other shows that take calls to any number as this one does; absent: not known. */
  rivals: readonly ShowView[] | undefined;
  simulated: Simulated;
}

export function TelephoneCard({ show, rivals, simulated }: TelephoneCardProps) {
  const webhooks = show.webhooks ?? [];
  return (
    <section class="show-part" aria-labelledby="telephone-title">
      <h2 id="telephone-title">Telephone</h2>
      <div class="card show-card">
        <Numbers show={show} rivals={rivals} simulated={simulated} />
        {webhooks.length > 0 ? <Webhooks show={show.showId} webhooks={webhooks} /> : <NoAccount />}
        <Pin pin={show.pin} />
        <Account open={webhooks.length === 0} />
      </div>
    </section>
  );
}

function Numbers({ show, rivals, simulated }: TelephoneCardProps) {
  const { settings, webhooks = [] } = show;
  const { numbers } = settings;
  return (
    <div class="show-numbers">
      <Icon name="phone" size={20} />
      <div>
        <strong class="num" data-testid="show-called-at">
          {numbers.length > 0 ? numbers.map(telephone).join(", ") : unlistedOf(show, rivals)}
        </strong>
        {simulated === "here" && (
          <p class="muted">
            No number yet? <Link to={showPath(show.showId, "call-in")}>Call in with the simulated telephone</Link>, a
            stand-in for a real one.
          </p>
        )}
        {simulated === "absent" && webhooks.length > 0 && (
          <p class="muted" data-testid="real-number">
            To try the show out, point a number of yours at the addresses below and call it.
          </p>
        )}
      </div>
    </div>
  );
}

function Webhooks({ show, webhooks }: { show: string; webhooks: readonly WebhookSettings[] }) {
  const [chosen, choose] = useState(webhooks[0]?.provider ?? "");
  const shown = webhooks.find(({ provider }) => provider === chosen) ?? webhooks[0];
  if (!shown) return null;
  const name = NAMES[shown.provider] ?? shown.provider;
  const rows = [
    { id: "voice", label: "A call comes in", value: shown.voice, hint: "Webhook, HTTP POST" },
    { id: "status", label: "Call status changes", value: shown.status, hint: "Status callback, HTTP POST" },
  ];
  return (
    <div class="webhooks">
      {webhooks.length > 1 && (
        <fieldset class="plain-fieldset">
          <legend class="sr-only">Telephone company</legend>
          <div class="choice">
            {webhooks.map(({ provider }) => (
              <label key={provider}>
                <input
                  type="radio"
                  name="provider"
                  data-testid={`provider-${provider}`}
                  checked={provider === shown.provider}
                  onChange={() => choose(provider)}
                />
                {NAMES[provider] ?? provider}
              </label>
            ))}
          </div>
        </fieldset>
      )}
      <p class="muted">Enter these at {name}, in the voice settings of the number:</p>
      {rows.map(({ id, label, value, hint }) => (
        <div key={id} class="field">
          <span class="label">{label}</span>
          <CopyField id={`webhook-${id}`} label={`Address for “${label}”`} value={absolute(value)} />
          <span class="field-hint">{hint}</span>
        </div>
      ))}
      <Fallback settings={shown} show={show} />
    </div>
  );
}

function NoAccount() {
  return (
    <p class="muted" data-testid="no-account">
      This server has no account at a telephone company yet. Once it has one, what to enter there stands here.
    </p>
  );
}

/** A document rather than an address: it must not be on this server, for it is asked for when this server does not answer. */
function Fallback({ settings, show }: { settings: WebhookSettings; show: string }) {
  return (
    <>
      <div class="field">
        <span class="label">Primary handler fails</span>
        <CopyField id="webhook-fallback" label="Fallback document" value={settings.fallback} />
        <span class="field-hint">
          Keep this document at the telephone company (a TwiML Bin) and enter its address there: with it, callers wait
          in a conference while this server is away.{" "}
          <code class="mono">crosspoint phone fallback-twiml --show {show}</code> prints it too.
        </span>
      </div>
      <div class="field">
        <span class="label">The same for the host's number</span>
        <CopyField id="webhook-fallback-host" label="Host's fallback document" value={settings.fallbackHost} />
        <span class="field-hint">
          Give a second number, which only hosts know, this document alone: whoever calls it begins the conference, and
          the show goes on. With <code class="mono">--host</code> the command prints it too.
        </span>
      </div>
    </>
  );
}

function absolute(value: string): string {
  return value.startsWith("/") ? location.origin + value : value;
}

function Pin({ pin }: { pin: string }) {
  return (
    <div class="field">
      <span class="label">The host's PIN</span>
      <CopyField id="show-pin" label="PIN" value={pin} />
      <span class="field-hint">
        When the telephone company's conference carries the show, or all lines are busy, the host calls the show's
        number and keys this in. When this server does not answer at all, only the host's own number helps.
      </span>
    </div>
  );
}

function Account({ open }: { open: boolean }) {
  return (
    <details class="account" data-testid="phone-account" open={open}>
      <summary>Where a Twilio account is entered</summary>
      <p class="muted">
        In the server's configuration. The address is the one that Twilio reaches this server at, and signs.
      </p>
      <pre class="mono">{`[http]
public_url = "https://shows.example.com"

[phone]
twilio_account = "AC…"
twilio_token = "…"`}</pre>
    </details>
  );
}
