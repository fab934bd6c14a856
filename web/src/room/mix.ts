/** How the room mixes, as signals: what one hears, how voices are treated, who talks to whom alone, how loud things are. */
import type { Hears, Room, VoiceSettings } from "@crosspoint/client";
import { signal } from "@preact/signals";
import { notify } from "../components/toast";
import { sentence } from "../lib/format";
import { Meters } from "./meters";

/** A slider that is dragged says so at most this often, in milliseconds. */
const PACE = 80;

/** The mix of the room that one is in. */
export class Mix {
  /** Does the room mix for everybody? */
  readonly on = signal(false);
  readonly hears = signal<Hears>("tracks");
  /** Whom one hears on the air or not. */
  readonly preFade = signal<string | undefined>(undefined);
  /** To whom one talks alone. */
  readonly talkingTo = signal<string | undefined>(undefined);
  /** Who talks to oneself alone. */
  readonly talkers = signal<readonly string[]>([]);
  readonly meters = new Meters();

  #room: Room | undefined;
  readonly #revision = signal(0);
  #changes = new Map<string, Partial<VoiceSettings>>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** One command after the other: a button that is let go quickly must not be overtaken by its own press. */
  #talking: Promise<void> = Promise.resolve();
  /** Commands that have no answer yet: until then the button shows what was pressed last. */
  #unanswered = 0;

  /** Follows a room until it ends. */
  follow(room: Room): void {
    this.#room = room;
    room.on("levels", (levels) => this.meters.take(levels));
    room.on("voiceChanged", () => this.#changed());
    room.on("listeningChanged", () => this.#look(room));
    room.on("talkback", () => this.#look(room));
    room.on("mixChanged", () => this.#look(room));
    room.on("participantLeft", () => this.#look(room));
    for (const event of ["moved", "reconnected"] as const) room.on(event, () => this.#look(room));
    room.on("reconnecting", () => this.meters.rest());
    this.#look(room);
  }

  /** How somebody's voice is treated. */
  voice(identity: string): VoiceSettings | undefined {
    this.#revision.value;
    return this.#room?.voice(identity);
  }

  /** Changes it; what comes quickly after one another goes together. */
  setVoice(identity: string, change: Partial<VoiceSettings>): void {
    this.#changes.set(identity, { ...this.#changes.get(identity), ...change });
    this.#timer ??= setTimeout(() => this.#flush(), PACE);
  }

  /** Chooses what one hears. */
  listen(hears: Hears): Promise<void> {
    return this.#do((room) => room.listen({ hears, ...(this.preFade.value ? { preFade: this.preFade.value } : {}) }));
  }

  /** Hears somebody on the air or not, or no more. */
  toggleListen(identity: string): Promise<void> {
    const listening = this.preFade.value === identity ? {} : { preFade: identity };
    return this.#do((room) => room.listen({ hears: this.hears.value, ...listening }));
  }

  /** Talks to somebody alone; `undefined`: to the room again. */
  talkTo(identity: string | undefined): void {
    this.talkingTo.value = identity;
    this.#unanswered += 1;
    this.#talking = this.#talking.then(async () => {
      await this.#do((room) => room.talkTo(identity ?? null));
      this.#unanswered -= 1;
      if (this.#room) this.#look(this.#room);
    });
  }

  #flush(): void {
    this.#timer = undefined;
    const changes = this.#changes;
    this.#changes = new Map();
    for (const [identity, change] of changes) void this.#do((room) => room.setVoice(identity, change));
    this.#changed();
  }

  async #do(action: (room: Room) => Promise<unknown>): Promise<void> {
    const room = this.#room;
    if (!room) return;
    try {
      await action(room);
    } catch (error) {
      notify(sentence((error as Error).message), "bad");
    }
    this.#look(room);
  }

  #look(room: Room): void {
    this.on.value = room.kind === "mix";
    this.hears.value = room.listening.hears;
    this.preFade.value = room.listening.preFade;
    if (this.#unanswered === 0) this.talkingTo.value = room.talkingTo;
    this.talkers.value = [...room.talkers];
    this.#changed();
  }

  #changed(): void {
    this.#revision.value += 1;
  }
}
