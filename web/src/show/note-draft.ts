/**
 * What is typed into the notes of a call before the server has it. In: keystrokes, and the notes as everybody sees them. Out: what
 * the fields show, and what is sent, a moment after the last keystroke. The last write wins; a field that nobody types in shows
 * what others wrote.
 */
import type { CallNotes } from "@crosspoint/client";
import { signal } from "@preact/signals";

/** Sends notes; answers whether they were taken. `last`: the page goes away. */
export type Send = (notes: CallNotes, last: boolean) => Promise<boolean>;

/** A pause in typing, in milliseconds: then it is sent. */
export const PAUSE = 400;
/** After this it is tried again, in milliseconds. */
const AGAIN = 3000;

type Field = keyof CallNotes;

/** The notes of one call while somebody types. */
export class NoteDraft {
  /** `untouched`: nobody wrote here; `typing`: not sent yet; `saving`: on its way; `failed`: will be tried again. */
  readonly state = signal<"untouched" | "saved" | "typing" | "saving" | "failed">("untouched");
  readonly #revision = signal(0);
  /** Typed and not sent. */
  #typed: CallNotes = {};
  /** Sent; shown until the server tells something else than it did before. */
  #sent = new Map<Field, { value: CallNotes[Field]; before: CallNotes[Field] }>();
  #known: CallNotes = {};
  #timer: ReturnType<typeof setTimeout> | undefined;
  #saving = false;

  constructor(private readonly send: Send) {}

  /** The notes as the server tells them. */
  know(notes: CallNotes): void {
    this.#known = notes;
    for (const [field, { before }] of this.#sent) if (notes[field] !== before) this.#sent.delete(field);
  }

  /** What a field shows. */
  value<F extends Field>(field: F): CallNotes[F] {
    this.#revision.value;
    if (field in this.#typed) return this.#typed[field];
    const sent = this.#sent.get(field);
    return sent ? (sent.value as CallNotes[F]) : this.#known[field];
  }

  /** Somebody typed. */
  type<F extends Field>(field: F, value: CallNotes[F]): void {
    this.#typed = { ...this.#typed, [field]: value };
    this.#revision.value += 1;
    this.state.value = "typing";
    this.#after(PAUSE);
  }

  /** What was typed and not sent, for a command that takes it along. */
  take(): CallNotes | undefined {
    clearTimeout(this.#timer);
    const notes = this.#typed;
    if (Object.keys(notes).length === 0) return undefined;
    this.#hold(notes);
    this.state.value = "saved";
    return notes;
  }

  /** A command that had taken them was refused: they are sent by themselves. */
  putBack(notes: CallNotes): void {
    this.#failed(notes, PAUSE);
  }

  /** Sends what was typed now. */
  async flush(last = false): Promise<void> {
    clearTimeout(this.#timer);
    const notes = this.#typed;
    if (Object.keys(notes).length === 0 || (this.#saving && !last)) return;
    this.#hold(notes);
    this.#saving = true;
    this.state.value = "saving";
    const taken = await this.send(notes, last);
    this.#saving = false;
    if (!taken) return this.#failed(notes, AGAIN);
    // The server need not tell what is the same as before.
    for (const [field, { value, before }] of this.#sent) if (value === before) this.#sent.delete(field);
    if (Object.keys(this.#typed).length > 0) this.#after(PAUSE);
    else this.state.value = "saved";
  }

  #hold(notes: CallNotes): void {
    this.#typed = {};
    for (const field of Object.keys(notes) as Field[]) {
      this.#sent.set(field, { value: notes[field], before: this.#known[field] });
    }
  }

  #failed(notes: CallNotes, pause: number): void {
    for (const field of Object.keys(notes) as Field[]) this.#sent.delete(field);
    // What was typed meanwhile is newer.
    this.#typed = { ...notes, ...this.#typed };
    this.#revision.value += 1;
    this.state.value = "failed";
    this.#after(pause);
  }

  #after(pause: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), pause);
  }
}
