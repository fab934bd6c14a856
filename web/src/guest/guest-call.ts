/**
 * A guest's call: the room, one's own voice in it, and what the page says of both, as signals. In: a seat and a microphone. Out:
 * where the guest is, who hears them, and at the end why it ended.
 */
import { CrosspointError, createLocalTracks, type LocalTrack, type Quality, Room } from "@crosspoint/client";
import { computed, signal } from "@preact/signals";
import { choices, choose } from "../lib/choices";
import { type DeviceProblem, ideal, problemOf, refreshDevices } from "../lib/devices";
import type { ShowSeat } from "../lib/show-seat";
import { tab } from "../lib/storage";
import type { Observed } from "../room/session-context";
import { StatsHistory } from "../room/stats-history";
import { hangUp } from "../show/api";
import { AwakeScreen } from "./awake";
import { type Ending, endingOf, refusalOf } from "./ending";
import { NO_PAST, type Past, type Place, pastAfter, placeOf } from "./place";

/** How long good news stay, in milliseconds. */
const GOOD_NEWS = 3500;

/** So long a call waits for the microphone before it goes in without one, in milliseconds. */
const PATIENCE = 3000;

/** What changes where one is, and how one's voice does. */
const CHANGES = [
  "moved",
  "trackHeld",
  "trackMuted",
  "trackUnmuted",
  "localTrackPublished",
  "localTrackUnpublished",
  "localTrackEnded",
  "mixChanged",
] as const;

export class GuestCall {
  readonly stage = signal<"joining" | "live" | "over">("joining");
  /** Absent until it is known. */
  readonly place = signal<Place | undefined>(undefined);
  readonly ending = signal<Ending | undefined>(undefined);
  /** `lost`: being repaired; `back`: was, just now. */
  readonly repair = signal<"lost" | "back" | undefined>(undefined);
  readonly canPlayAudio = signal(true);
  readonly muted = signal(false);
  /** Absent while the server, who measures it, does not answer. */
  readonly quality = signal<Quality | undefined>(undefined);
  /** Who is heard, oneself apart. */
  readonly talking = signal<readonly string[]>([]);
  /** What one hears, to show how loud it is. */
  readonly heard = signal<MediaStreamTrack | undefined>(undefined);
  /** One's own voice. */
  readonly voice = signal<MediaStreamTrack | undefined>(undefined);
  readonly problem = signal<DeviceProblem | undefined>(undefined);
  /** The connection in figures. */
  readonly stats = new StatsHistory();
  /** The browser asks whether it may use the microphone. */
  readonly asking = signal(false);
  /** The microphone button waits. */
  readonly busy = signal(false);
  /** Does anybody hear the guest now? */
  readonly audible = computed(() => this.place.value === "on-air" || this.place.value === "screening");
  /** When this call began, milliseconds since 1970. */
  readonly since: number;

  #room: Room | undefined;
  #past: Past;
  #closed = false;
  #goodNews: ReturnType<typeof setTimeout> | undefined;
  #lookComes = false;
  readonly #awake = new AwakeScreen();

  constructor(
    private readonly show: string,
    private readonly seat: ShowSeat,
  ) {
    const kept = tab.read<Kept>(this.#key, { identity: "", since: 0, past: NO_PAST });
    const same = kept.identity === seat.identity;
    this.since = same ? kept.since : Date.now();
    this.#past = same ? kept.past : NO_PAST;
    this.#keep();
  }

  /** For the statistics: a guest knows nobody else by name there. */
  get observed(): Observed {
    return { room: this.#room, stats: this.stats, people: { get: () => undefined } };
  }

  /** The microphone in use. */
  get deviceId(): string {
    return this.voice.value?.getSettings().deviceId ?? "";
  }

  /** Goes in, with the microphone that the page before captured. Whatever goes wrong ends in `ending`. */
  async start(captured: LocalTrack | undefined): Promise<void> {
    // After a reload the browser may ask anew, and wait long for an answer: one's place does not.
    const capture = captured ? Promise.resolve(captured) : this.#capture();
    const voice = await Promise.race([capture, after(PATIENCE)]);
    await this.#enter(voice);
    if (!voice) await this.#bring(await capture);
  }

  /** Hangs up. */
  hangUp = (): void => {
    const room = this.#room;
    // What is said of it to the server is for the show's list; leaving the room ends the call in any case.
    if (this.seat.callId) hangUp(this.show, this.seat.callId, this.seat.token).catch(() => {});
    this.#over(endingOf("left", ""));
    void room?.disconnect();
  };

  /** The page goes away; the place stays, for the page may come back. */
  close(): void {
    this.#closed = true;
    this.stats.stop();
    clearTimeout(this.#goodNews);
    this.#awake.release();
    void this.#room?.disconnect();
    this.#room = undefined;
  }

  toggleMute = (): Promise<void> =>
    this.#change((room) => room.localParticipant.setMicrophoneEnabled(this.muted.value));

  /** Captures again: it was refused, or unplugged. */
  retryMicrophone = (): Promise<void> => this.#change((room) => room.localParticipant.setMicrophoneEnabled(true));

  /** Takes another microphone. */
  chooseMicrophone = (id: string): Promise<void> => {
    choose({ microphoneId: id });
    return this.#change(async ({ localParticipant: self }) => {
      if (self.track("microphone")) await self.switchDevice("audioinput", id);
      else await self.setMicrophoneEnabled(true, { constraints: { deviceId: { ideal: id } } });
    });
  };

  startAudio = (): void => void this.#room?.startAudio();

  async #enter(voice: LocalTrack | undefined): Promise<void> {
    if (this.#closed) return voice?.stop();
    try {
      const room = await Room.connect(location.origin, this.seat.token, {
        room: this.seat.room,
        kind: "mix",
        audioOnly: true,
        persist: true,
        publish: voice ? [voice] : [],
      });
      if (this.#closed) return void room.disconnect();
      this.#live(room);
    } catch (error) {
      voice?.stop();
      const code = error instanceof CrosspointError ? error.code : "internal";
      this.#over(refusalOf(code, (error as Error).message));
    }
  }

  async #capture(): Promise<LocalTrack | undefined> {
    const { microphoneId } = choices();
    this.asking.value = true;
    try {
      const [track] = await createLocalTracks({ audio: ideal(microphoneId) });
      return track;
    } catch (error) {
      this.problem.value = problemOf(error);
      return undefined;
    } finally {
      this.asking.value = false;
      void refreshDevices();
    }
  }

  /** Takes the microphone along that came later than the call began. */
  async #bring(voice: LocalTrack | undefined): Promise<void> {
    const self = this.stage.value === "live" ? this.#room?.localParticipant : undefined;
    if (!voice || !self || this.busy.value || self.track("microphone")) return voice?.stop();
    await this.#change(() => self.publishTrack(voice));
  }

  #live(room: Room): void {
    this.#room = room;
    this.stats.follow(room);
    this.canPlayAudio.value = room.canPlayAudio;
    this.quality.value = room.localParticipant.quality;
    this.#listen(room);
    this.#look();
    this.stage.value = "live";
    this.#awake.hold();
  }

  #listen(room: Room): void {
    for (const event of CHANGES) room.on(event, () => this.#lookSoon());
    room.on("localTrackEnded", () => {
      this.problem.value = "missing";
    });
    room.on("reconnecting", () => this.#repairing());
    room.on("reconnected", () => this.#repaired());
    room.on("activeSpeakers", (speakers) => {
      this.talking.value = speakers.filter(({ isLocal }) => !isLocal).map(({ name }) => name);
    });
    room.on("connectionQuality", (who, quality) => {
      if (who.isLocal) this.quality.value = quality;
    });
    room.on("audioPlaybackChanged", (can) => {
      this.canPlayAudio.value = can;
    });
    room.on("disconnected", (reason, detail) => this.#over(endingOf(reason, detail)));
  }

  /**
   * Looks once the room has taken a message in as a whole. In the middle of a move the room is the new one already, while the flag
   * of one's voice is still that of the old one: who looks then sees an air that nobody is on.
   */
  #lookSoon(): void {
    if (this.#lookComes) return;
    this.#lookComes = true;
    queueMicrotask(() => {
      this.#lookComes = false;
      this.#look();
    });
  }

  /** Reads everything anew that events are about. */
  #look(): void {
    const room = this.#room;
    if (!room) return;
    const voice = room.localParticipant.track("microphone");
    this.voice.value = voice?.mediaStreamTrack;
    this.muted.value = voice?.muted ?? false;
    if (voice) this.problem.value = undefined;
    this.heard.value = room.mix?.mediaStreamTrack;
    const held = voice?.id ? voice.held : undefined;
    const place = placeOf({ show: this.show, room: room.id, held }, this.#past);
    if (!place) return;
    this.#past = pastAfter(place, this.#past);
    this.place.value = place;
    this.#keep();
  }

  #repairing(): void {
    clearTimeout(this.#goodNews);
    this.repair.value = "lost";
    this.quality.value = undefined;
    this.talking.value = [];
  }

  #repaired(): void {
    this.repair.value = "back";
    this.quality.value = this.#room?.localParticipant.quality;
    this.#look();
    this.#goodNews = setTimeout(() => {
      this.repair.value = undefined;
    }, GOOD_NEWS);
  }

  async #change(change: (room: Room) => Promise<unknown>): Promise<void> {
    if (!this.#room || this.busy.value) return;
    this.busy.value = true;
    try {
      await change(this.#room);
    } catch (error) {
      // A server that is not there right now gets the track with everything else when it is back.
      if (!(error instanceof CrosspointError)) this.problem.value = problemOf(error);
    } finally {
      this.busy.value = false;
      this.#look();
      void refreshDevices();
    }
  }

  #over(ending: Ending): void {
    if (this.stage.value === "over") return;
    this.#awake.release();
    this.stats.stop();
    // What a call that can be taken up again was so far is still true of it then.
    if (ending.offer !== "rejoin") tab.remove(this.#key);
    this.ending.value = ending;
    this.stage.value = "over";
  }

  #keep(): void {
    tab.write(this.#key, { identity: this.seat.identity, since: this.since, past: this.#past } satisfies Kept);
  }

  get #key(): string {
    return `guest-call:${this.show}`;
  }
}

/** What a reload brings back. */
interface Kept {
  identity: string;
  since: number;
  past: Past;
}

function after(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
