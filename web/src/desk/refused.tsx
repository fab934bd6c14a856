/** Instead of a desk: what the server said, and what can be done about it. */
import { useEffect } from "preact/hooks";
import { Button } from "../components/button";
import type { IconName } from "../components/icon";
import { Link } from "../components/link";
import { StatePage } from "../components/state-page";
import type { ApiError } from "../lib/api";
import { sentence } from "../lib/format";
import { showPath } from "../lib/routes";
import { giveUpSeat, seatFor } from "../lib/show-seat";
import type { DeskPlace } from "./entrance";

interface RefusedProps {
  show: string;
  place: DeskPlace;
  error: ApiError;
  retry: () => void;
}

interface Words {
  icon: IconName;
  tone: "warning" | "bad";
  title: string;
  text: string;
}

export function Refused({ show, place, error, retry }: RefusedProps) {
  const { icon, tone, title, text } = wordsOf(show, error);
  const over = error.status === 401 || error.status === 403;
  // The same link gets the same answer; only a seat that is given up makes a difference.
  const canRetry = error.code !== "show-not-found" && (!over || seatFor(show, place) !== undefined);
  useEffect(() => {
    document.title = `${title} · Crosspoint`;
  }, [title]);
  const again = () => {
    // What the server does not take any more is of no use: the invitation may be.
    if (over) giveUpSeat(show, place);
    retry();
  };
  return (
    <StatePage icon={icon} tone={tone} title={title} text={text} code={error.code} testid="show-refused">
      {canRetry && (
        <Button kind={over ? "plain" : "primary"} icon="refresh" testid="retry" onClick={again}>
          Try again
        </Button>
      )}
      <Link
        to={over ? showPath(show) : showPath()}
        class={`button ${over ? "primary" : "plain"} medium`}
        testid="to-shows"
      >
        {over ? "Go to the show" : "All shows"}
      </Link>
    </StatePage>
  );
}

function wordsOf(show: string, { status, code, message }: ApiError): Words {
  if (code === "show-not-found") {
    const text = `There is no show ${show} on this server, or it is over.`;
    return { icon: "info", tone: "warning", title: "There is no such show", text };
  }
  if (status === 0) {
    const text = "Check your network. Your place is kept: trying again takes one click.";
    return { icon: "warning", tone: "bad", title: "The server cannot be reached", text };
  }
  if (status === 401) {
    const text =
      "It has expired, is altered or incomplete (copied only in part?), or was made for another show or server. Ask whoever runs the show for a new one.";
    return { icon: "key", tone: "bad", title: "This link is no longer good", text };
  }
  if (status === 403) {
    const text = "It leads to another place in the show. Ask for the link to this one.";
    return { icon: "lock", tone: "bad", title: "This link does not open this desk", text };
  }
  return { icon: "warning", tone: "bad", title: "That did not work", text: sentence(message) };
}
