/** What one must know now: repairs, sound that is held back, whom one talks to alone, the telephones' fallback. */
import { Button } from "../components/button";
import { Icon } from "../components/icon";
import { callerName, telephone } from "../show/words";
import type { Desk } from "./desk";
import type { Fault } from "./fault";

export function Banners({ desk }: { desk: Desk }) {
  const { store, session } = desk;
  const { canPlayAudio, microphoneProblem, mix } = session;
  const fault = desk.fault.value;
  return (
    <>
      {store.show.value?.media === "conference" && <Fallback desk={desk} />}
      <div class="desk-banners" aria-live="assertive">
        {fault && <FaultBanner fault={fault} />}
        {!canPlayAudio.value && (
          <div class="banner accent" data-testid="audio-banner">
            <Icon name="volume" size={18} />
            <span class="grow">Your browser holds the sound back.</span>
            <Button kind="primary" size="small" testid="start-audio" onClick={() => void session.room?.startAudio()}>
              Turn on sound
            </Button>
          </div>
        )}
        {microphoneProblem.value && (
          <div class="banner warn" data-testid="microphone-banner">
            <Icon name="mic-off" size={18} />
            <span class="grow">
              <strong>{microphoneProblem.value.title}.</strong> {microphoneProblem.value.text}
            </span>
            <Button size="small" testid="retry-microphone" onClick={() => void session.devices.setMicrophone(true)}>
              Try again
            </Button>
          </div>
        )}
        {mix.talkingTo.value !== undefined && (
          <div class="banner warn" data-testid="talking-banner">
            <Icon name="talk" size={18} />
            <span class="grow">{heardBy(desk, mix.talkingTo.value)}</span>
            <Button size="small" testid="end-talk" onClick={() => mix.talkTo(undefined)}>
              Talk to all
            </Button>
          </div>
        )}
        {mix.talkers.value.map((talker) => (
          <div key={talker} class="banner accent" data-testid="talkback-banner">
            <Icon name="talk" size={18} />
            <span class="grow">{nameOf(desk, talker)} talks to you alone.</span>
          </div>
        ))}
        {mix.preFade.value !== undefined && (
          <div class="banner accent" data-testid="listening-banner">
            <Icon name="headphones" size={18} />
            <span class="grow">You hear {nameOf(desk, mix.preFade.value)} besides the programme.</span>
            <Button size="small" testid="end-listen" onClick={() => void mix.toggleListen(mix.preFade.value ?? "")}>
              Stop
            </Button>
          </div>
        )}
      </div>
    </>
  );
}

function FaultBanner({ fault: { what, title, text } }: { fault: Fault }) {
  const back = what === "back";
  return (
    <div class={`banner ${back ? "ok" : "warn"}`} data-testid="reconnect-banner" data-state={what}>
      {back ? <Icon name="check" size={18} /> : <span class="spinner" aria-hidden="true" />}
      <span class="grow">
        <strong>{title}</strong> {text}
      </span>
    </div>
  );
}

/** The show goes on in the telephone company's conference; how to be in it. */
function Fallback({ desk }: { desk: Desk }) {
  const show = desk.store.show.value;
  if (!show) return null;
  const host = desk.role === "host";
  const number = show.settings.numbers[0];
  return (
    <div class="fallback" role="status" data-testid="fallback-banner">
      <Icon name="phone" size={20} />
      <p class="grow">
        <strong>The telephones are in the telephone company's conference.</strong>{" "}
        {host ? (
          <>
            You hear them by telephone: call{" "}
            {number ? <span class="num">{telephone(number)}</span> : "the show's number"} and key in the PIN{" "}
            <strong class="mono pin">{show.pin}</strong>, or have it call you.
          </>
        ) : (
          "Screening goes on when the show is switched back."
        )}
      </p>
      {host && (
        <span class="fallback-actions">
          <Button kind="primary" size="small" icon="phone" testid="open-call-me" onClick={() => desk.show("call-me")}>
            Call me
          </Button>
          <Button size="small" testid="switch-back" onClick={() => desk.show("telephones")}>
            Switch back…
          </Button>
        </span>
      )}
    </div>
  );
}

/** Whoever was talked to alone may have gone: the talker is heard by nobody then, until they say by whom. */
function heardBy(desk: Desk, identity: string): string {
  const name = nameOf(desk, identity);
  return desk.session.people.has(identity) ? `Only ${name} hears you now.` : `${name} has gone: nobody hears you now.`;
}

/** A caller by the notes, a colleague by the staff list, else what the room calls them. */
function nameOf({ store, session }: Desk, identity: string): string {
  const call = [...store.state.value.calls.values()].find((one) => one.identity === identity);
  return call ? callerName(call) : (store.nameOf(identity) ?? session.people.get(identity)?.name ?? "somebody");
}
