/**
 * `/shows/{id}/guest#token=…`: calling in with a browser. The door until there is a seat, then the call, then why it ended.
 *
 * Test ids: `guest-door` (with `data-step` form, microphone, seat), `guest-asking`, `guest-name`, `guest-topic`, `guest-microphone` (with `data-on`), `guest-call-in`, `guest-refusal` (with
 * `data-code`), `device-problem`, `devices-microphone`, `level-meter`; `guest-joining`; `guest-call` (with `data-place` ringing,
 * screening, screened, waiting, on-air, hold; `data-muted`; `data-repair`), `guest-state`, `guest-heard`, `guest-clock`,
 * `guest-quality` (with `data-quality`), `guest-talking`, `guest-mute`, `guest-hang-up`, `guest-repair`, `guest-sound`,
 * `guest-muted`, `guest-microphone-problem`, `guest-microphone-retry`; `guest-end` (with `data-code`), `guest-again`.
 */
import { useEffect, useMemo, useState } from "preact/hooks";
import { Loading } from "../components/lazy";
import { clearToasts } from "../components/toast";
import { choose } from "../lib/choices";
import { giveUpSeat, inviteFor, keepSeat, type ShowSeat, seatFor } from "../lib/show-seat";
import { PreviewDevice } from "../lobby/preview";
import { Door } from "./door";
import { type Ending, noInvitation, refusalOf } from "./ending";
import { type Facts, useFacts } from "./facts";
import { GuestEnd } from "./guest-end";
import "./guest.css";
import { GuestCall } from "./guest-call";
import { LiveCall } from "./live-call";

interface Gone {
  ending: Ending;
  seat: ShowSeat | undefined;
}

export function GuestPage({ show }: { show: string }) {
  const [gone, setGone] = useState<Gone>();
  const invite = inviteFor(show, "guest");
  const seat = seatFor(show, "guest");
  const microphone = useMemo(newMicrophone, [show]);
  useEffect(() => () => microphone.release(), [microphone]);
  // A link that is no good is said so before anybody fills in a form. Who is in a call has other ways to hear of its end.
  const facts = useFacts(show, seat?.token ?? invite, ({ code, message }) => {
    const ending = refusalOf(code, message);
    if (!gone && !seat && !ending.offer) setGone({ ending, seat: undefined });
  });
  const { title } = facts;
  // A new link is a new beginning.
  useEffect(() => setGone(undefined), [invite]);
  const finish = (next: Gone) => {
    setGone(next);
    giveUpSeat(show, "guest");
  };

  if (gone) {
    const rejoin = gone.ending.offer === "rejoin" ? gone.seat : undefined;
    return (
      <GuestEnd
        // A link that is no good says nothing of the show: its address in capitals is no title.
        title={gone.seat || gone.ending.offer ? title : ""}
        ending={gone.ending}
        onward={() => {
          if (rejoin) keepSeat(show, "guest", rejoin);
          setGone(undefined);
        }}
      />
    );
  }
  if (seat)
    return <Visit key={seat.token} show={show} facts={facts} seat={seat} microphone={microphone} over={finish} />;
  if (!invite) return <GuestEnd title="" ending={noInvitation()} />;
  return (
    <Door
      show={show}
      title={title}
      asked={facts.asked}
      invite={invite}
      microphone={microphone}
      refused={(code, detail) => setGone({ ending: refusalOf(code, detail), seat: undefined })}
    />
  );
}

/** A guest has a voice: the microphone is not something to turn off beforehand. */
function newMicrophone(): PreviewDevice {
  return new PreviewDevice(
    "audio",
    () => {},
    (microphoneId) => choose({ microphoneId }),
  );
}

interface VisitProps {
  show: string;
  facts: Facts;
  seat: ShowSeat;
  microphone: PreviewDevice;
  over: (gone: Gone) => void;
}

/** One call, from going in to its end. */
function Visit({ show, facts, seat, microphone, over }: VisitProps) {
  const call = useMemo(() => new GuestCall(show, seat), [show, seat.token]);
  useEffect(() => {
    void call.start(microphone.handOver());
    return () => {
      call.close();
      clearToasts();
    };
  }, [call]);
  const ending = call.ending.value;
  useEffect(() => {
    if (ending) over({ ending, seat });
  }, [ending]);
  if (call.stage.value === "live") return <LiveCall call={call} facts={facts} />;
  return (
    <div class="joining" data-testid="guest-joining">
      <Loading text="Calling…" />
    </div>
  );
}
