/** The links into a show, and who gets which. */
import { useRef } from "preact/hooks";
import { Icon, type IconName } from "../components/icon";
import { copyLink } from "../components/link-field";
import { claimsOf } from "../lib/claims";
import { moment } from "../lib/format";
import { tokenInFragment } from "../lib/invite";
import type { ShowDetail, ShowLinks } from "../show/api";
import { CopyField } from "./copy-field";

const KINDS: readonly { kind: Exclude<keyof ShowLinks, "callIn">; label: string; icon: IconName; text: string }[] = [
  {
    kind: "host",
    label: "Host",
    icon: "air",
    text: "Is on the air, sees who waits, and decides who is heard. Everything in the show is open to whoever has this link.",
  },
  {
    kind: "screener",
    label: "Screener",
    icon: "headphones",
    text: "Answers calls in private, notes name and topic, and approves. Is never on the air.",
  },
  {
    kind: "guest",
    label: "Guests",
    icon: "people",
    text: "One link for all who call in with a browser, on a telephone's screen too. It rings at the screener like any call.",
  },
];

/** How long links stay on the page, in milliseconds. The server makes new ones each time that it is asked. */
const STAY = 10 * 60_000;

export function LinksCard({ show }: { show: ShowDetail }) {
  const links = useSteady(show.links);
  if (!links) return null;
  return (
    <section aria-labelledby="links-title">
      <h2 id="links-title">Links</h2>
      <div class="card show-links">
        {KINDS.map(({ kind, label, icon, text }) => (
          <div key={kind} class="show-link">
            <span class="show-link-icon">
              <Icon name={icon} size={20} />
            </span>
            <div class="show-link-words">
              <h3>{label}</h3>
              <p class="muted">{text}</p>
            </div>
            <LinkLine kind={kind} label={label} link={absolute(links[kind])} />
          </div>
        ))}
      </div>
      <Lifetime link={links.guest} />
    </section>
  );
}

/** The links of before while they are fresh: what somebody is about to copy is not to change under their hands. */
function useSteady(links: ShowLinks | undefined): ShowLinks | undefined {
  const kept = useRef<{ links: ShowLinks; at: number } | undefined>(undefined);
  if (!links) return undefined;
  if (!kept.current || Date.now() - kept.current.at > STAY) kept.current = { links, at: Date.now() };
  return kept.current.links;
}

function LinkLine({ kind, label, link }: { kind: string; label: string; link: string }) {
  return (
    <div class="show-link-line">
      <CopyField id={`link-${kind}`} label={`Link for the ${label.toLowerCase()}`} value={link} copy={copyLink} />
      <a class="button plain medium" href={link} target="_blank" rel="noopener" data-testid={`open-${kind}`}>
        Open
      </a>
    </div>
  );
}

/** Until when they let people in. */
function Lifetime({ link }: { link: string }) {
  const token = tokenInFragment(new URL(absolute(link)).hash);
  const expires = token ? claimsOf(token)?.expires : undefined;
  if (expires === undefined) return null;
  return (
    <p class="field-hint show-lifetime">
      Who has a link needs nothing else: hand them on in private. Copied now, they let people in until{" "}
      {moment(expires * 1000)}; come back for new ones.
    </p>
  );
}

/** A server that does not know its public address gives paths alone. */
function absolute(link: string): string {
  return new URL(link, location.origin).href;
}
