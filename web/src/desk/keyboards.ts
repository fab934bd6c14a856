/** What the keys of the two desks do. In: keys of `keys.ts`. Out: commands for the chosen call, and changes of the choice. */
import type { CallView } from "@crosspoint/client";
import { notify } from "../components/toast";
import { type Groups, inOrder, isLive, neighbour, onLine } from "../show/model";
import type { Desk } from "./desk";
import { type Action, type Key, lineOf } from "./keys";
import type { Keyboard } from "./use-keys";

/** A key that drops a caller must be held down this long, in milliseconds. */
export const HOLD_TO_DROP = 400;

/** The lists of the host's desk from top to bottom. */
export const HOST_ORDER: readonly (keyof Groups)[] = ["onAir", "waiting", "hold", "screened", "screening", "ringing"];
/** The lists of the screener's desk from top to bottom. */
export const SCREENER_ORDER: readonly (keyof Groups)[] = ["ringing", "screened", "screening", "waiting", "hold"];

type Doings = Partial<Record<Action, (pressed: string) => unknown>>;

/** The host's keyboard. */
export function hostKeyboard(desk: Desk): Keyboard {
  const chosen = () => desk.chosen.value;
  const doings: Doings = {
    ...shared(desk, HOST_ORDER),
    "take-next": () => desk.takeNext(),
    air: () => desk.act(chosen(), airVerb(chosen())),
    hold: () => desk.act(chosen(), "hold"),
    "make-next": () => desk.act(chosen(), "next"),
    lock: () => desk.act(chosen(), chosen()?.locked ? "unlock" : "lock"),
    screen: () => desk.act(chosen(), "screen"),
    talk: () => talk(desk, chosen()),
    listen: () => listen(desk, chosen()),
  };
  return keyboard(desk, doings, chosen);
}

/** The screener's keyboard. What is approved, parked or dropped is who one talks to, if there is somebody. */
export function screenerKeyboard(desk: Desk): Keyboard {
  const subject = () => desk.own.value ?? desk.chosen.value;
  const doings: Doings = {
    ...shared(desk, SCREENER_ORDER),
    answer: () => answer(desk),
    approve: () => desk.act(subject(), "approve"),
    screened: () => desk.act(subject(), "screened"),
  };
  return keyboard(desk, doings, subject);
}

/** Picks up the chosen caller, or who rings longest. */
export function answer(desk: Desk): Promise<void> | undefined {
  const { own, chosen, store } = desk;
  if (own.value) {
    notify("You are talking to somebody: approve, park or drop them first.", "info", "answer");
    return undefined;
  }
  const { ringing, screened } = store.groups.value;
  const wanted = chosen.value && desk.verbs(chosen.value).includes("pick-up") ? chosen.value : undefined;
  const call = wanted ?? screened.find(({ returned }) => returned) ?? ringing[0];
  if (call) return desk.act(call, "pick-up");
  notify("Nobody is ringing.", "info", "answer");
  return undefined;
}

/** Who is not approved yet is approved first: nobody goes from the lobby straight on the air. */
export function airVerb(call: CallView | undefined): "air" | "approve" {
  return call && !isLive(call) ? "approve" : "air";
}

function shared(desk: Desk, order: readonly (keyof Groups)[]): Doings {
  const { store, session } = desk;
  const step = (way: 1 | -1) => {
    const call = neighbour(inOrder(store.groups.value, order), desk.chosen.value?.callId, way);
    if (call) desk.choose(call.callId);
  };
  return {
    down: () => step(1),
    up: () => step(-1),
    line: (digit) => {
      const call = onLine(store.state.value.calls, lineOf(digit));
      if (call) desk.choose(call.callId);
      else notify(`Line ${lineOf(digit)} is free.`, "info", "choose");
    },
    clear: () => desk.choose(undefined),
    microphone: () => session.devices.toggleMicrophone(),
    notes: () => document.getElementById("note-name")?.focus(),
    help: () => desk.show("keys"),
  };
}

function keyboard(desk: Desk, doings: Doings, subject: () => CallView | undefined): Keyboard {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stopDropping = () => {
    clearTimeout(timer);
    desk.dropping.value = undefined;
  };
  const drop = () => {
    const call = subject();
    if (!call) return void desk.act(undefined, "drop");
    if (!desk.verbs(call).includes("drop")) return;
    desk.dropping.value = call.callId;
    timer = setTimeout(() => {
      stopDropping();
      void desk.act(call, "drop");
    }, HOLD_TO_DROP);
  };
  return {
    press({ action }: Key, pressed: string) {
      if (action === "drop") drop();
      else doings[action]?.(pressed);
    },
    release({ action }: Key) {
      if (action === "drop") {
        const callId = desk.dropping.value;
        if (callId !== undefined) {
          notify("Hold D down to drop the caller.", "info", "drop");
          desk.dropAsked.value = { callId };
        }
        stopDropping();
      }
      if (action === "talk" && desk.session.mix.talkingTo.value !== undefined) desk.session.mix.talkTo(undefined);
    },
  };
}

function talk(desk: Desk, call: CallView | undefined): void {
  const { mix, devices, people } = desk.session;
  if (!call) notify("Choose a caller first.", "info", "choose");
  else if (!people.get(call.identity)) notify("They are not in your room: nobody would hear you.", "info", "talk");
  else {
    if (!devices.microphoneOn) notify("Your microphone is off: turn it on to be heard.", "warning", "talk");
    mix.talkTo(call.identity);
  }
}

function listen(desk: Desk, call: CallView | undefined): Promise<void> | undefined {
  const { mix, people } = desk.session;
  // Without a choice the key ends what it began.
  const who = call?.identity ?? mix.preFade.value;
  if (who !== undefined && (people.get(who) || mix.preFade.value === who)) return mix.toggleListen(who);
  notify(call ? "They are not in your room." : "Choose a caller first.", "info", "choose");
  return undefined;
}
