/** After a guest's call, or instead of it. */
import { useEffect } from "preact/hooks";
import { Button } from "../components/button";
import { Icon } from "../components/icon";
import type { Ending, Offer } from "./ending";
import { GuestHead } from "./guest-head";

interface GuestEndProps {
  title: string;
  ending: Ending;
  /** What the button does; absent: there is none. */
  onward?: () => void;
}

const LABELS: Record<Offer, string> = { again: "Call again", rejoin: "Go on here", retry: "Try again" };

export function GuestEnd({ title, ending, onward }: GuestEndProps) {
  const { icon, tone, text, code, offer } = ending;
  useEffect(() => {
    document.title = title ? `${ending.title} · ${title}` : ending.title;
  }, [title, ending]);
  return (
    <div class="page guest">
      <GuestHead />
      <main class="state-page" data-testid="guest-end" data-code={code}>
        <div class={`state-icon ${tone}`}>
          <Icon name={icon} size={28} />
        </div>
        {title && <p class="guest-kicker">{title}</p>}
        <h1>{ending.title}</h1>
        <p class="muted">{text}</p>
        <div class="state-actions">
          {offer && onward && (
            <Button
              kind={offer === "again" ? "plain" : "primary"}
              size="large"
              icon={offer === "again" ? "phone" : "refresh"}
              testid="guest-again"
              onClick={onward}
            >
              {code === "unreachable" ? "Try again" : LABELS[offer]}
            </Button>
          )}
        </div>
      </main>
    </div>
  );
}
