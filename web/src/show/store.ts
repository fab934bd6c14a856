/**
 * A show as signals: what its events told, how they come, and what one does. Nobody waits for an answer to see what others did:
 * events tell it; one's own answers only stand in while no events come.
 */
import type { CallNotes, CallView, LineReport, ShowEvent } from "@crosspoint/client";
import { computed, type Signal, signal } from "@preact/signals";
import { notify } from "../components/toast";
import { ApiError } from "../lib/api";
import { sentence } from "../lib/format";
import { actOn, describeCall, noteCaller, takeNext, type Verb } from "./api";
import { EventStream, type Flow } from "./events";
import { advance, groupsOf, linesOf, NOTHING, withCall } from "./model";
import { callerName } from "./words";

/** A request that has been under way for so long is not overtaken by the next one any more, or will never arrive. Milliseconds. */
const OVERTAKES = 1000;
/** A clock that is this much wrong, in milliseconds, is worth correcting. */
const WRONG = 1500;

/** The server's time, once a second. */
export const now: Signal<number> = signal(Date.now());
let ahead = 0;
let clocks = 0;
let ticking: ReturnType<typeof setInterval> | undefined;

/** What happened to a call, for who wants to be told. */
export type CallEvent = Extract<ShowEvent, { event: "call" }>;

/** A show, followed. */
export class ShowStore {
  readonly state = signal(NOTHING);
  readonly flow = signal<Flow>({ state: "connecting" });
  readonly lines = signal<ReadonlyMap<string, LineReport>>(new Map());
  readonly groups = computed(() => groupsOf(this.state.value.calls));
  readonly show = computed(() => this.state.value.show);
  readonly staff = computed(() => this.state.value.staff);
  /** Commands that have no answer yet. */
  readonly #pending = signal<ReadonlySet<string>>(new Set());
  /** Told of every event of a call that is news. */
  onCall: ((event: CallEvent) => void) | undefined;

  readonly #stream: EventStream;
  /** Two requests may overtake each other on their way. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    readonly showId: string,
    private credential: string | undefined,
  ) {
    this.#stream = new EventStream(showId, () => this.credential, {
      event: (event) => this.#take(event),
      flow: (flow) => {
        this.flow.value = flow;
      },
      clock: (measured) => {
        ahead = Math.abs(measured) > WRONG ? measured : 0;
      },
    });
  }

  /** Begins to follow. */
  open(): void {
    this.#stream.open();
    clocks += 1;
    ticking ??= setInterval(() => {
      now.value = Date.now() + ahead;
    }, 1000);
  }

  /** Ends it. */
  close(): void {
    this.#stream.close();
    clocks -= 1;
    if (clocks > 0) return;
    clearInterval(ticking);
    ticking = undefined;
  }

  /** Asks with another token from now on: the server gave a fresh one. */
  trust(token: string): void {
    this.credential = token;
  }

  /** A call as it is now. */
  call(id: string | undefined): CallView | undefined {
    return id === undefined ? undefined : this.state.value.calls.get(id);
  }

  /** The name of somebody of the staff. */
  nameOf(identity: string | undefined): string | undefined {
    return this.staff.value.find((one) => one.identity === identity)?.name;
  }

  /** Does this command wait for its answer? No call: taking the next one. */
  isPending(verb: Verb, callId = ""): boolean {
    return this.#pending.value.has(command(verb, callId));
  }

  /** Does something with a call; says what was refused, and answers whether it was done. */
  async act(call: CallView, verb: Verb, body?: CallNotes | { reason: string }): Promise<boolean> {
    const done = await this.#command(call.callId, verb, () =>
      actOn(this.showId, call.callId, verb, body, this.credential).catch(async (error) => {
        throw await this.#taken(error, call.callId);
      }),
    );
    return done !== undefined;
  }

  /** Notes something of a call, without a word when it works. */
  async note(callId: string, notes: CallNotes, keepalive = false): Promise<boolean> {
    try {
      this.#answered(await actOn(this.showId, callId, "notes", notes, this.credential, keepalive));
      return true;
    } catch (error) {
      if (!keepalive) notify(`The note was not saved: ${sentence((error as Error).message)}`, "bad", "notes");
      return false;
    }
  }

  /** Puts the next caller on the air, and answers who that is. */
  takeNext(): Promise<CallView | undefined> {
    return this.#command("", "air", () => takeNext(this.showId, this.credential));
  }

  /** Notes name, warning and ban of a number. */
  async noteNumber(number: string, caller: { name: string; warning: string; banned: boolean }): Promise<boolean> {
    try {
      await noteCaller(number, caller, this.credential);
      return true;
    } catch (error) {
      notify(sentence((error as Error).message), "bad");
      return false;
    }
  }

  /** Does something with the show as a whole. */
  async manage(action: (credential: string | undefined) => Promise<unknown>): Promise<boolean> {
    try {
      await action(this.credential);
      return true;
    } catch (error) {
      notify(sentence((error as Error).message), "bad");
      return false;
    }
  }

  #take(event: ShowEvent): void {
    if (event.event === "lines") {
      this.lines.value = linesOf(event.lines);
      return;
    }
    const before = this.state.value;
    this.state.value = advance(before, event);
    if (event.event === "call" && this.state.value !== before) this.onCall?.(event);
  }

  /** A key that bounces must not do it twice. What else is to be done is done after it; a drop waits for nothing. */
  async #command(callId: string, verb: Verb, send: () => Promise<CallView>): Promise<CallView | undefined> {
    if (this.isPending(verb, callId)) return undefined;
    const key = command(verb, callId);
    this.#pending.value = new Set(this.#pending.value).add(key);
    try {
      const sent = verb === "drop" ? send() : Promise.race([this.#last, pause(OVERTAKES)]).then(send);
      this.#last = sent.catch(() => undefined);
      const call = await sent;
      this.#answered(call);
      return call;
    } catch (error) {
      this.#complain(error, verb);
      return undefined;
    } finally {
      const rest = new Set(this.#pending.value);
      rest.delete(key);
      this.#pending.value = rest;
    }
  }

  #answered(call: CallView | undefined): void {
    if (!call || this.flow.value.state === "live") return;
    this.state.value = { ...this.state.value, calls: withCall(this.state.value.calls, call) };
  }

  /** Somebody else was quicker: that is no error, and who it was is worth knowing. */
  async #taken(error: unknown, callId: string): Promise<unknown> {
    if (!(error instanceof ApiError) || error.code !== "call-taken") return error;
    // The event that tells it may still be on its way.
    const call = await describeCall(this.showId, callId, this.credential).catch(() => this.call(callId));
    const winner = this.nameOf(call?.screener);
    const text = winner && call ? `${winner} has ${callerName(call)} already.` : sentence(error.message);
    return new ApiError(error.status, error.code, text);
  }

  #complain(error: unknown, verb: Verb): void {
    const { code = "", message } = error as Partial<ApiError> & Error;
    const text = sentence(message);
    if (code === "call-taken") notify(text, "info", "taken");
    else if (code === "store-unavailable" && (verb === "drop" || verb === "hold")) notify(text, "warning");
    else if (code === "call-state" || code === "call-not-found") notify(text, "warning");
    else notify(text, "bad");
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A command by its name. */
function command(verb: Verb, callId: string): string {
  return `${verb} ${callId}`;
}
