/** What lies over a desk when it is asked for. */
import type { ShowMedia } from "@crosspoint/client";
import { useEffect, useState } from "preact/hooks";
import { Button } from "../components/button";
import { Dialog } from "../components/dialog";
import { Loading } from "../components/lazy";
import { copyLink, LinkField } from "../components/link-field";
import { notify } from "../components/toast";
import { local } from "../lib/storage";
import { StatisticsDialog } from "../room/statistics-dialog";
import { callMe, describeShow, type ShowLinks, switchMedia } from "../show/api";
import { useSimulator } from "../show/simulator";
import { telephone } from "../show/words";
import type { Desk } from "./desk";
import type { Key } from "./keys";
import { NumberDialog } from "./number-dialog";

export function Dialogs({ desk, keys }: { desk: Desk; keys: readonly Key[] }) {
  const close = () => desk.show(undefined);
  switch (desk.dialog.value) {
    case "keys":
      return <KeysDialog keys={keys} close={close} />;
    case "statistics":
      return <StatisticsDialog session={desk.session} close={close} />;
    case "links":
      return <LinksDialog desk={desk} close={close} />;
    case "telephones":
      return <TelephonesDialog desk={desk} close={close} />;
    case "call-me":
      return <CallMeDialog desk={desk} close={close} />;
    case "number":
      return <NumberDialog desk={desk} close={close} />;
    case undefined:
      return null;
  }
}

interface DialogProps {
  desk: Desk;
  close: () => void;
}

function KeysDialog({ keys, close }: { keys: readonly Key[]; close: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={close} testid="keys-dialog">
      <dl class="shortcuts">
        {keys.map(({ action, label, show }) => (
          <div key={action}>
            <dt>{label}</dt>
            <dd>{show.map((one) => (one === "…" ? <span key={one}> … </span> : <kbd key={one}>{one}</kbd>))}</dd>
          </div>
        ))}
        {keys.some(({ action }) => action === "approve") && (
          <div>
            <dt>Approve while writing notes</dt>
            <dd>
              <kbd>Ctrl</kbd>
              <kbd>Enter</kbd>
            </dd>
          </div>
        )}
      </dl>
    </Dialog>
  );
}

const LINKS: readonly [keyof ShowLinks, string, string][] = [
  ["host", "Host", "Whoever has it hosts the show: everything is theirs."],
  ["screener", "Screener", "Answers calls, notes, approves and drops them."],
  ["guest", "Guest", "Calls in with a browser and waits in the same list as telephones."],
  ["callIn", "Call in", "A telephone in the browser, for trying out."],
];

function LinksDialog({ desk: { store }, close }: DialogProps) {
  const [links, setLinks] = useState<ShowLinks>();
  const [failed, setFailed] = useState(false);
  const simulated = useSimulator();
  useEffect(() => {
    const load = (credential: string | undefined) =>
      describeShow(store.showId, credential).then((detail) => setLinks(detail.links));
    store.manage(load).then((done) => setFailed(!done));
  }, [store]);
  return (
    <Dialog title="Links into the show" onClose={close} testid="links-dialog">
      {failed && <p class="muted">The links could not be had. Whoever made the show has them too.</p>}
      {!links && !failed && <Loading />}
      {links &&
        LINKS.filter(([place]) => links[place] && (place !== "callIn" || simulated === "here")).map(
          ([place, label, hint]) => (
            <LinkField
              key={place}
              label={label}
              hint={hint}
              link={absolute(links[place])}
              testid={`link-${place}`}
              copy={copyLink}
            />
          ),
        )}
    </Dialog>
  );
}

/** A server that does not know its public address gives paths. */
function absolute(link: string): string {
  return new URL(link, location.origin).href;
}

const MEDIA: readonly [ShowMedia, string, string][] = [
  [
    "crosspoint",
    "Through this server",
    "Callers and host are in one mix, with private screening, talkback and meters. This is the usual way.",
  ],
  [
    "conference",
    "In the telephone company's conference",
    "For trouble with this server or its network: callers hear each other and you through the telephone company alone. You take part by telephone. Air, hold and drop go on working from here.",
  ],
];

function TelephonesDialog({ desk: { store }, close }: DialogProps) {
  const present = store.show.value?.media ?? "crosspoint";
  const [media, setMedia] = useState<ShowMedia>(present);
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    const done = await store.manage((credential) => switchMedia(store.showId, media, credential));
    setBusy(false);
    if (done) close();
  };
  return (
    <Dialog title="Who carries the telephones" onClose={close} testid="telephones-dialog">
      <form class="telephones" onSubmit={submit}>
        {MEDIA.map(([value, label, text]) => (
          <label key={value} class="media-choice">
            <input
              type="radio"
              name="media"
              value={value}
              checked={media === value}
              data-testid={`media-${value}`}
              onChange={() => setMedia(value)}
            />
            <span>
              <strong>{label}</strong>
              {value === present && <span class="chip">now</span>}
              <small>{text}</small>
            </span>
          </label>
        ))}
        <p class="field-hint">
          Every telephone call moves within a second or two; nobody is hung up. Guests in browsers are not concerned.
        </p>
        <div class="dialog-actions">
          <Button onClick={close}>Cancel</Button>
          <Button kind="primary" type="submit" busy={busy} disabled={media === present} testid="switch-media">
            Switch
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

const OWN_NUMBER = "own-number";

function CallMeDialog({ desk: { store }, close }: DialogProps) {
  const [number, setNumber] = useState(local.read(OWN_NUMBER, ""));
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(false);
  const show = store.show.value;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const dialled = number.replace(/[\s()./-]/g, "").replace(/^00/, "+");
    const wrong = !/^\+[1-9]\d{6,14}$/.test(dialled);
    setProblem(wrong);
    if (wrong) return;
    setBusy(true);
    const done = await store.manage((credential) => callMe(store.showId, dialled, credential));
    setBusy(false);
    if (!done) return;
    local.write(OWN_NUMBER, dialled);
    notify(`${telephone(dialled)} is being called.`, "good");
    close();
  };
  return (
    <Dialog title="Have the conference call you" onClose={close} testid="call-me-dialog">
      <form class="telephones" onSubmit={submit} noValidate>
        <div class="field">
          <label for="call-me">Your telephone number</label>
          <input
            id="call-me"
            class="input"
            type="tel"
            autocomplete="tel"
            placeholder="+44 20 7946 0123"
            value={number}
            aria-invalid={problem ? "true" : undefined}
            data-testid="call-me-number"
            onInput={(event) => setNumber(event.currentTarget.value)}
          />
          {problem ? (
            <span class="field-error" role="alert">
              With + and the country's code, please: +44 20 7946 0123.
            </span>
          ) : (
            <span class="field-hint">
              You come into the conference as its host. Or call the show and key in {show?.pin}.
            </span>
          )}
        </div>
        <div class="dialog-actions">
          <Button onClick={close}>Cancel</Button>
          <Button kind="primary" icon="phone" type="submit" busy={busy} testid="call-me">
            Call me
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
