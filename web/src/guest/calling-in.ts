/**
 * From the click on "Call in" to the seat. The microphone comes first: a seat is a call that rings, and the server gives it up
 * when nobody comes to it while the browser's question stands unanswered.
 */
import { signal } from "@preact/signals";
import type { ApiError } from "../lib/api";
import { keepSeat } from "../lib/show-seat";
import type { PreviewDevice } from "../lobby/preview";
import { takeSeat } from "../show/api";
import { refusalOf } from "./ending";

/** Who calls, and about what. */
export interface Caller {
  name: string;
  topic?: string;
}

/** `form`: nothing is under way. `microphone`: the browser asks. `seat`: the server is asked. */
export type Step = "form" | "microphone" | "seat";

/** One guest at the door. */
export class CallingIn {
  readonly step = signal<Step>("form");
  /** What the server refused, where a second try may change it. */
  readonly problem = signal<ApiError | undefined>(undefined);
  #closed = false;

  constructor(
    private readonly show: string,
    private readonly invite: string,
    private readonly microphone: PreviewDevice,
    /** The door stays shut whatever the guest does. */
    private readonly refused: (code: string, detail: string) => void,
  ) {}

  /** Turns the microphone on; why it cannot be had is the microphone's to tell. */
  async ask(): Promise<void> {
    if (this.microphone.track.value) return;
    this.microphone.on.value = true;
    await this.microphone.capture();
  }

  /** Calls in, once the microphone is there. */
  async call(caller: Caller): Promise<void> {
    if (this.step.value !== "form") return;
    this.problem.value = undefined;
    this.step.value = "microphone";
    await this.ask();
    if (this.#closed) return this.microphone.release();
    if (!this.microphone.track.value) {
      this.step.value = "form";
      return;
    }
    this.step.value = "seat";
    try {
      const seat = await takeSeat(this.show, caller, this.invite);
      keepSeat(this.show, "guest", { ...seat, name: caller.name });
    } catch (error) {
      this.step.value = "form";
      this.#complain(error as ApiError);
    }
  }

  /** The page goes away: no seat is taken any more. */
  close(): void {
    this.#closed = true;
  }

  #complain(error: ApiError): void {
    if (refusalOf(error.code, error.message).offer) this.problem.value = error;
    else this.refused(error.code, error.message);
  }
}
