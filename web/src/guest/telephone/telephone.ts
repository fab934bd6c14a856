/**
 * A telephone for trying out a show. In: a number to call from, keys, a microphone. Out: where the call stands, as signals. The
 * call is the simulator's: a reload of the page finds it again, and another tab is another telephone.
 */
import { computed, signal } from "@preact/signals";
import { choices, choose } from "../../lib/choices";
import type { DeviceProblem } from "../../lib/devices";
import { sentence } from "../../lib/format";
import { local, tab } from "../../lib/storage";
import { telephone } from "../../show/words";
import { Handset } from "./handset";
import { Line } from "./line";
import { fakeNumber, toE164 } from "./numbers";
import { audioUrl, hangUp, isAbsent, look, type Order, place, press, SimulatorError } from "./simulator";

/** How often the simulator is asked how the call does, in milliseconds. */
const EVERY = 700;
/** Numbers that are offered again, at most. */
const MOST_KNOWN = 8;
/** Keys that are shown, at most. */
const MOST_KEYS = 16;

/** `idle`: on the hook. `dialling`: no sound yet. `on`: connected. `over`: ended, and the page says why. */
export type Stage = "idle" | "dialling" | "on" | "over";

/** Why there is no call, or none any more. */
export interface Trouble {
  /** `absent`: the server has no simulator. */
  fault: "absent" | "gone" | "unreachable" | "refused" | "no-sound" | "ended";
  text: string;
}

interface Kept {
  sid: string;
  since: number;
}

export class Telephone {
  readonly stage = signal<Stage>("idle");
  /** As typed; a number once it is one. */
  readonly number = signal("");
  readonly trouble = signal<Trouble | undefined>(undefined);
  readonly muted = signal(false);
  /** Keys that were pressed during this call. */
  readonly keyed = signal("");
  /** What the telephone company does with the call: `Stream`, `Conference`, … */
  readonly verb = signal("");
  /** What an announcement says to the caller, who hears nothing else; empty: there is none. */
  readonly announcement = signal("");
  /** Did the show's side answer? */
  readonly answered = signal(false);
  /** Is the line there? */
  readonly connected = signal(false);
  /** When the call began, milliseconds since 1970. */
  readonly since = signal(0);
  readonly handset = signal<Handset | undefined>(undefined);
  /** This server has no simulator: there is nothing to call with. */
  readonly absent = signal(false);
  readonly problem = computed<DeviceProblem | undefined>(() => this.handset.value?.problem.value);

  #line: Line | undefined;
  #sid = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts calls: what an earlier one still has under way is of no interest. */
  #round = 0;

  constructor(private readonly show: string) {
    this.number.value = tab.read("phone-number", "") || this.#fresh();
    const kept = tab.read<Kept | null>(this.#key, null);
    if (kept?.sid) void this.#connect(kept.sid, kept.since);
    else void this.#look();
  }

  /** Numbers that were called from before, the latest first. */
  get known(): readonly string[] {
    const saved = local.read<string[]>("phone-numbers", []);
    return Array.isArray(saved) ? saved : [];
  }

  /** Is there a call, or one on its way? */
  get busy(): boolean {
    return this.stage.value === "dialling" || this.stage.value === "on";
  }

  /** Another made-up number. */
  renumber(): void {
    this.number.value = this.#fresh();
  }

  /** Calls. The number must be one: see `toE164`. */
  async call(order: Omit<Order, "from">): Promise<void> {
    const from = toE164(this.number.value);
    if (!from || this.busy) return;
    this.#remember(from);
    this.stage.value = "dialling";
    this.trouble.value = undefined;
    this.keyed.value = this.verb.value = this.announcement.value = "";
    this.answered.value = false;
    const round = ++this.#round;
    try {
      const sid = await place({ from, ...order });
      if (round !== this.#round) return void hangUp(sid).catch(() => {});
      await this.#connect(sid, Date.now());
    } catch (error) {
      if (round === this.#round) this.#end(troubleOf(error));
    }
  }

  /** Hangs up. */
  hangUp(): void {
    const sid = this.#sid;
    this.#end(undefined);
    if (sid) void hangUp(sid).catch(() => {});
  }

  /** Presses a key. */
  async press(key: string): Promise<void> {
    this.handset.value?.key(key);
    if (!this.#sid) return;
    this.keyed.value = (this.keyed.value + key).slice(-MOST_KEYS);
    await press(this.#sid, key).catch(() => {});
  }

  /** Says nothing, or speaks again. */
  toggleMute = (): void => {
    this.muted.value = !this.muted.value;
    this.handset.value?.mute(this.muted.value);
  };

  /** Takes another microphone, or asks again for the one that was refused. */
  async chooseMicrophone(id: string): Promise<void> {
    if (id) choose({ microphoneId: id });
    await this.handset.value?.choose(id);
  }

  /** The page goes away; the call stays, for the page may come back. */
  close(): void {
    this.#round += 1;
    this.#release();
  }

  async #connect(sid: string, since: number): Promise<void> {
    const round = ++this.#round;
    this.stage.value = "dialling";
    this.#sid = sid;
    this.since.value = since;
    tab.write(this.#key, { sid, since } satisfies Kept);
    try {
      const handset = await Handset.open(choices().microphoneId, (frame) => this.#line?.say(frame));
      if (round !== this.#round) return handset.close();
      handset.mute(this.muted.value);
      this.handset.value = handset;
    } catch {
      if (round !== this.#round) return;
      void hangUp(sid).catch(() => {});
      return this.#end({ fault: "no-sound", text: "This browser plays no sound here: it needs https, or localhost." });
    }
    this.#line = new Line(
      audioUrl(location.origin, sid),
      (frame) => this.handset.value?.play(frame),
      (is) => this.#connected(is),
    );
    void this.#watch(round);
  }

  #connected(is: boolean): void {
    this.connected.value = is;
    this.#advance();
    // The line ends with the call more often than by itself: that is looked at before it is made anew.
    if (is || this.#timer === undefined) return;
    clearTimeout(this.#timer);
    void this.#watch(this.#round);
  }

  /** Answered, and the sound is there. */
  #advance(): void {
    if (this.stage.value === "dialling" && this.connected.value && this.answered.value) this.stage.value = "on";
  }

  /** Asks how the call does until it is over. */
  async #watch(round: number): Promise<void> {
    this.#timer = undefined;
    try {
      const { state, verb, reason, announcement } = await look(this.#sid);
      if (round !== this.#round) return;
      this.trouble.value = undefined;
      this.verb.value = verb;
      this.announcement.value = announcement;
      this.answered.value = state !== "ringing";
      if (state === "ended") return this.#end({ fault: "ended", text: endOf(reason) });
      this.#advance();
    } catch (error) {
      if (round !== this.#round) return;
      const trouble = troubleOf(error);
      if (trouble.fault !== "unreachable") return this.#end(trouble);
      this.trouble.value = trouble;
    }
    this.#timer = setTimeout(() => void this.#watch(round), EVERY);
  }

  /** On the hook again. Without a trouble it was oneself who hung up. */
  #end(trouble: Trouble | undefined): void {
    this.#round += 1;
    this.#release();
    tab.remove(this.#key);
    this.absent.value = trouble?.fault === "absent";
    this.trouble.value = trouble;
    if (!trouble) this.announcement.value = "";
    this.stage.value = trouble && !this.absent.value ? "over" : "idle";
  }

  #release(): void {
    clearTimeout(this.#timer);
    this.#line?.close();
    this.#line = undefined;
    this.handset.value?.close();
    this.handset.value = undefined;
    this.connected.value = false;
    this.#sid = "";
  }

  async #look(): Promise<void> {
    this.absent.value = await isAbsent();
  }

  #fresh(): string {
    const number = telephone(fakeNumber());
    tab.write("phone-number", number);
    return number;
  }

  #remember(number: string): void {
    this.number.value = telephone(number);
    tab.write("phone-number", this.number.value);
    local.write("phone-numbers", [number, ...this.known.filter((one) => one !== number)].slice(0, MOST_KNOWN));
  }

  get #key(): string {
    return `phone-call:${this.show}`;
  }
}

function troubleOf(error: unknown): Trouble {
  if (!(error instanceof SimulatorError)) return { fault: "refused", text: sentence((error as Error).message) };
  const { fault, message } = error;
  if (fault === "gone") return { fault, text: "The telephone company does not know this call any more." };
  return { fault, text: sentence(message) };
}

/** Why a call is over, for a caller: of the ways that a telephone company is told to hang up, callers know nothing. */
function endOf(reason: string): string {
  if (/\bREST\b/.test(reason)) return "The show hung up.";
  return (/\bdocument\b/.test(reason) ? "" : sentence(reason)) || "The other side hung up.";
}
