/** An invite link for one guest of a room, made by an operator: for how long, and what the guest may do. */
import { useState } from "preact/hooks";
import { Button } from "../components/button";
import { Dialog } from "../components/dialog";
import { Icon } from "../components/icon";
import { copyLink, LinkField } from "../components/link-field";
import { mintToken, type TokenRequest } from "../lib/api";
import { moment, sentence } from "../lib/format";
import { identityFrom, randomLetters } from "../lib/identity";
import { inviteLink } from "../lib/invite";

const HOUR = 3600;
const LIVES = [
  { seconds: HOUR, label: "1 hour" },
  { seconds: 24 * HOUR, label: "1 day" },
  { seconds: 7 * 24 * HOUR, label: "7 days" },
  { seconds: 30 * 24 * HOUR, label: "30 days" },
] as const;

/** What the guest may do. */
type May = "publish" | "view" | "host";

const RIGHTS: Record<May, Pick<TokenRequest, "canPublish" | "admin">> = {
  publish: { canPublish: true },
  view: { canPublish: false },
  host: { canPublish: true, admin: true },
};

const HINTS: Record<May, string> = {
  publish: "Camera, microphone, screen and chat.",
  view: "Sees, hears and chats; shows and says nothing.",
  host: "Takes part, invites others, mutes, holds and removes them.",
};

interface Made {
  link: string;
  /** Milliseconds since 1970. */
  expires: number;
}

export function InviteDialog({ room, close }: { room: string; close: () => void }) {
  const [name, setName] = useState("");
  const [may, setMay] = useState<May>("publish");
  const [lives, setLives] = useState<number>(LIVES[1].seconds);
  const [made, setMade] = useState<Made>();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  // What was made says what it was made with: with another choice it is not shown any more.
  const change = (act: () => void) => {
    act();
    setMade(undefined);
  };
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    const called = name.trim();
    const identity = identityFrom(called || "guest", randomLetters(6));
    try {
      const minted = await mintToken({ room, identity, name: called, ...RIGHTS[may], ttl: lives });
      const link = minted.link ?? inviteLink(location.origin, room, minted.token);
      setMade({ link, expires: minted.expires * 1000 });
      await copyLink(link);
    } catch (error) {
      setProblem(sentence((error as Error).message));
    }
    setBusy(false);
  };
  return (
    <Dialog title={`Invite to ${room}`} onClose={close} testid="operator-invite">
      <form class="invite-form" onSubmit={submit}>
        <div class="field">
          <label for="invite-name">Name</label>
          <input
            id="invite-name"
            class="input"
            autocomplete="off"
            maxLength={100}
            placeholder="The guest chooses one"
            data-testid="invite-name"
            value={name}
            onInput={(event) => change(() => setName(event.currentTarget.value))}
          />
        </div>
        <MayChoice may={may} choose={(next) => change(() => setMay(next))} />
        <div class="field">
          <label for="invite-lives">Can be used for</label>
          <select
            id="invite-lives"
            class="input"
            data-testid="invite-lives"
            value={lives}
            onChange={(event) => change(() => setLives(Number(event.currentTarget.value)))}
          >
            {LIVES.map(({ seconds, label }) => (
              <option key={seconds} value={seconds}>
                {label}
              </option>
            ))}
          </select>
          <span class="field-hint">Who is in the room by then stays in.</span>
        </div>
        {problem && (
          <p class="field-error" role="alert">
            <Icon name="warning" size={16} /> {problem}
          </p>
        )}
        <Button
          kind={made ? "plain" : "primary"}
          size="large"
          icon="copy"
          type="submit"
          busy={busy}
          testid="make-invite"
        >
          {made ? "Copy another for the next guest" : "Copy invite link"}
        </Button>
      </form>
      {made && (
        <LinkField
          label="For one person"
          hint={`Good until ${moment(made.expires)}. Who has this link comes in as this guest: send it to nobody else.`}
          link={made.link}
          testid="operator-invite-link"
          copy={copyLink}
        />
      )}
    </Dialog>
  );
}

function MayChoice({ may, choose }: { may: May; choose: (may: May) => void }) {
  const options = [
    { value: "publish", label: "Take part", icon: "camera", testid: "invite-publish" },
    { value: "view", label: "View only", icon: "screen", testid: "invite-view" },
    { value: "host", label: "Host", icon: "key", testid: "invite-host" },
  ] as const;
  return (
    <fieldset class="field plain-fieldset">
      <legend class="label">May</legend>
      <div class="choice">
        {options.map(({ value, label, icon, testid }) => (
          <label key={label}>
            <input
              type="radio"
              name="may"
              data-testid={testid}
              checked={may === value}
              onChange={() => choose(value)}
            />
            <Icon name={icon} size={16} />
            {label}
          </label>
        ))}
      </div>
      <span class="field-hint">{HINTS[may]}</span>
    </fieldset>
  );
}
