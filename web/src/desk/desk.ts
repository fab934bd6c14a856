/** What a desk knows besides the show: which call is chosen, which dialog is open, and how commands go to the chosen call. */
import type { CallView, ShowRole } from "@crosspoint/client";
import { computed, signal } from "@preact/signals";
import { notify } from "../components/toast";
import type { Verb } from "../show/api";
import { nextInLine } from "../show/model";
import type { NoteDraft } from "../show/note-draft";
import type { ShowStore } from "../show/store";
import { callerName, verbsFor } from "../show/words";
import { faultOf } from "./fault";
import type { DeskSession } from "./session";

/** What can lie over a desk. */
export type DeskDialog = "keys" | "statistics" | "links" | "telephones" | "call-me" | "number";

/** Two presses within this time are one, in milliseconds. */
const ONE_PRESS = 500;

/** The desk of one of the staff. */
export class Desk {
  /** What somebody who does not see the desk is told. */
  readonly said = signal("");
  #tookAt = 0;
  readonly #chosen = signal<string | undefined>(undefined);
  readonly dialog = signal<DeskDialog | undefined>(undefined);
  /** The call that a key is held down for, to drop it. */
  readonly dropping = signal<string | undefined>(undefined);
  /** The call that was about to be dropped when the key was let go: its buttons ask. Each time is a new object. */
  readonly dropAsked = signal<{ callId: string } | undefined>(undefined);
  /** The chosen call, over or not. */
  readonly chosen = computed(() => this.store.call(this.#chosen.value));
  /** The call that a screener talks to. */
  readonly own = computed(() =>
    this.store.groups.value.screening.find(({ screener }) => screener === this.session.identity),
  );
  /** What is wrong between this desk and the server. */
  readonly fault = computed(() => faultOf(this.session.repair.value, this.store.flow.value));
  /** What is being typed, and about which call: a command takes it along. */
  typing: { callId: string; draft: NoteDraft } | undefined;

  constructor(
    readonly store: ShowStore,
    readonly session: DeskSession,
    readonly role: ShowRole,
  ) {}

  /** Chooses a call, or none. */
  choose(callId: string | undefined): void {
    this.#chosen.value = callId;
  }

  /** Opens a dialog, or closes the one that is open. */
  show(dialog: DeskDialog | undefined): void {
    this.dialog.value = dialog;
  }

  /** What may be done with a call here. */
  verbs(call: CallView): Verb[] {
    return verbsFor(this.role, call, this.session.identity);
  }

  /** Does something with a call, if it makes sense in its state. */
  async act(call: CallView | undefined, verb: Verb): Promise<void> {
    if (!call) return notify("Choose a caller first.", "info", "choose");
    if (!this.verbs(call).includes(verb)) return;
    // Names and topics that are being typed go along with the call.
    const draft = this.typing?.callId === call.callId ? this.typing.draft : undefined;
    const notes = verb === "approve" || verb === "screened" ? draft?.take() : undefined;
    if (verb === "drop") void draft?.flush();
    const done = await this.store.act(call, verb, notes);
    if (!done && notes) draft?.putBack(notes);
    if (done && verb === "drop" && this.role === "screener") notify(`${callerName(call)} was dropped.`);
  }

  /** Puts the next caller on the air. A key that is pressed twice by mistake takes one caller, not two. */
  async takeNext(): Promise<void> {
    if (Date.now() - this.#tookAt < ONE_PRESS) return;
    if (!nextInLine(this.store.groups.value)) return notify("Nobody is waiting.", "info", "next");
    const call = await this.store.takeNext();
    if (!call) return;
    this.#tookAt = Date.now();
    this.choose(call.callId);
  }
}
