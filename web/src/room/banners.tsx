/** What stands above the stage: repairs, sound that the browser holds back, being held. */
import { Button } from "../components/button";
import { Icon } from "../components/icon";
import type { RoomSession } from "./session";
import type { Repair } from "./visit";

const STAGES = {
  signalling: "Sound and picture may go on meanwhile.",
  media: "Looking for a new way through the network.",
  rejoin: "Joining again.",
} as const;

export function Banners({ session }: { session: RoomSession }) {
  const repair = session.repair.value;
  return (
    <div class="banners" aria-live="assertive">
      {repair && <RepairBanner repair={repair} />}
      {!session.canPlayAudio.value && (
        <div class="banner accent" data-testid="audio-banner">
          <Icon name="volume" size={18} />
          <span class="grow">Your browser holds the sound back.</span>
          <Button kind="primary" size="small" testid="start-audio" onClick={() => void session.room?.startAudio()}>
            Turn on sound
          </Button>
        </div>
      )}
      {session.mix.talkers.value.map((talker) => (
        <div key={talker} class="banner accent" data-testid="talkback-banner">
          <Icon name="talk" size={18} />
          <span class="grow">{session.people.get(talker)?.name ?? talker} talks to you alone.</span>
        </div>
      ))}
      {session.mix.talkingTo.value !== undefined && <TalkBanner session={session} to={session.mix.talkingTo.value} />}
      {session.mix.preFade.value !== undefined && <ListenBanner session={session} to={session.mix.preFade.value} />}
      {session.devices.held && (
        <div class="banner warn" data-testid="held-banner">
          <Icon name="hand" size={18} />
          <span class="grow">You are on hold: a host decides when you can be heard.</span>
        </div>
      )}
    </div>
  );
}

function TalkBanner({ session, to }: { session: RoomSession; to: string }) {
  return (
    <div class="banner warn" data-testid="talking-banner">
      <Icon name="talk" size={18} />
      <span class="grow">
        {session.people.has(to)
          ? `Only ${session.people.get(to)?.name ?? to} hears you now.`
          : "They have left: nobody hears you now."}
      </span>
      <Button size="small" testid="end-talk" onClick={() => session.mix.talkTo(undefined)}>
        Talk to all
      </Button>
    </div>
  );
}

function ListenBanner({ session, to }: { session: RoomSession; to: string }) {
  return (
    <div class="banner accent" data-testid="listening-banner">
      <Icon name="headphones" size={18} />
      <span class="grow">You hear {session.people.get(to)?.name ?? to}, on the air or not.</span>
      <Button size="small" testid="end-listen" onClick={() => void session.mix.toggleListen(to)}>
        Stop
      </Button>
    </div>
  );
}

/** What is being repaired, or was just now. */
function RepairBanner({ repair }: { repair: Repair }) {
  if ("stage" in repair) {
    return (
      <div class="banner warn" data-testid="reconnect-banner" data-state={repair.stage}>
        <span class="spinner" aria-hidden="true" />
        <span class="grow">
          <strong>Reconnecting…</strong> {STAGES[repair.stage]}
        </span>
      </div>
    );
  }
  return (
    <div class="banner ok" data-testid="reconnect-banner" data-state={repair.back}>
      <Icon name="check" size={18} />
      <span class="grow">
        <strong>Back.</strong>{" "}
        {repair.back === "resumed"
          ? "Your session went on; nothing was missed."
          : "You joined again; others saw a short break."}
      </span>
    </div>
  );
}
