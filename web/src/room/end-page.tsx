/** After the room, or instead of it. */
import { useState } from "preact/hooks";
import { Button } from "../components/button";
import { Link } from "../components/link";
import { StatePage } from "../components/state-page";
import type { Seat } from "../lib/seat";
import type { Ending } from "./ending";

interface EndPageProps {
  ending: Ending;
  room: string;
  rejoin: (change?: Partial<Seat>) => void;
  lobby: () => void;
}

export function EndPage({ ending, room, rejoin, lobby }: EndPageProps) {
  const { icon, tone, title, text, code, offers } = ending;
  return (
    <StatePage icon={icon} tone={tone} title={title} text={text} code={code}>
      {offers.includes("pin") && <PinForm enter={(pin) => rejoin({ pin })} />}
      {offers.includes("rejoin") && (
        <Button kind="primary" icon="refresh" testid="rejoin" onClick={() => rejoin()}>
          {tone === "plain" ? `Rejoin ${room}` : "Try again"}
        </Button>
      )}
      {offers.includes("lobby") && (
        <Button kind="primary" icon="key" testid="to-lobby" onClick={lobby}>
          Use another invitation
        </Button>
      )}
      <Link to="/" class="button plain medium" testid="go-home">
        Back to the lobby
      </Link>
    </StatePage>
  );
}

function PinForm({ enter }: { enter: (pin: string) => void }) {
  const [pin, setPin] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (pin.trim()) enter(pin.trim());
  };
  return (
    <form onSubmit={submit}>
      <label class="sr-only" for="pin">
        PIN
      </label>
      <input
        id="pin"
        class="input"
        data-testid="pin"
        inputMode="numeric"
        autocomplete="one-time-code"
        placeholder="PIN"
        value={pin}
        onInput={(event) => setPin(event.currentTarget.value)}
      />
      <Button kind="primary" type="submit" testid="pin-enter">
        Join
      </Button>
    </form>
  );
}
