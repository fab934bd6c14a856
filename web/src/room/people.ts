/** Who is in the room, as signals: a tile renders anew when its person changes, not when anybody does. */
import type { Participant, Quality, Room, Source, Track } from "@crosspoint/client";
import { type Signal, signal } from "@preact/signals";
import { toUnit } from "../lib/level";

/** Pictures of a person, the best first: one of them is in the person's tile. */
const FACES: readonly Source[] = ["camera", "avatar", "other"];
/** Pictures that have a tile of their own. */
export const PRESENTATIONS: readonly Source[] = ["screen_share", "desktop"];
const VOICES: readonly Source[] = ["microphone", "avatar", "phone", "other"];

/** Somebody in the room. */
export class Person {
  readonly speaking = signal(false);
  /** 0 … 1 */
  readonly level = signal(0);
  /** Absent while the server, who measures it, does not answer. */
  readonly quality: Signal<Quality | undefined>;
  /** Counts changes of tracks, flags and name. */
  readonly #revision = signal(0);

  constructor(readonly participant: Participant) {
    this.quality = signal<Quality | undefined>(participant.quality);
  }

  get identity(): string {
    return this.participant.identity;
  }

  get isLocal(): boolean {
    return this.participant.isLocal;
  }

  get name(): string {
    this.#revision.value;
    return this.participant.name;
  }

  /** The picture that is in the tile. */
  get face(): Track | undefined {
    return this.#first(FACES, "video");
  }

  get voice(): Track | undefined {
    return this.#first(VOICES, "audio");
  }

  /** Screens and desktops. */
  get presentations(): Track[] {
    return PRESENTATIONS.map((source) => this.track(source)).filter((track) => track?.kind === "video") as Track[];
  }

  /** Can the person be heard? */
  get audible(): boolean {
    const voice = this.voice;
    return voice !== undefined && !voice.muted && !voice.held;
  }

  /** Does the room hold the person back? */
  get held(): boolean {
    this.#revision.value;
    return [...this.participant.tracks.values()].some((track) => track.held);
  }

  track(source: Source): Track | undefined {
    this.#revision.value;
    return this.participant.track(source);
  }

  /** Something about tracks, flags or the name changed. */
  changed(): void {
    this.#revision.value += 1;
  }

  #first(sources: readonly Source[], kind: "audio" | "video"): Track | undefined {
    this.#revision.value;
    const tracks = this.isLocal ? this.#localTracks() : [...this.participant.tracks.values()];
    for (const source of sources) {
      const found = tracks.find((track) => track.kind === kind && track.source === source);
      if (found) return found;
    }
    return undefined;
  }

  /** One's own tracks count from the moment they are captured, not when the server has named them. */
  #localTracks(): Track[] {
    return [...((this.participant as { localTracks?: readonly Track[] }).localTracks ?? [])];
  }
}

/** Everybody. */
export class People {
  /** Oneself first, then in the order of arrival. */
  readonly list = signal<Person[]>([]);
  /** Who speaks loudest, oneself apart; stays when it gets quiet. */
  readonly dominant = signal<string>("");
  #byId = new Map<string, Person>();
  #spoke = new Map<string, number>();

  /** Follows a room until it ends. */
  follow(room: Room): void {
    this.#arrive(room.localParticipant);
    const others = [...room.participants.values()].sort((a, b) => a.joinedAt - b.joinedAt);
    for (const other of others) this.#arrive(other);
    this.#speakers(room.activeSpeakers);
    room.on("participantJoined", (one) => this.#arrive(one));
    room.on("participantLeft", (one) => this.#depart(one.identity));
    room.on("participantUpdated", (one) => this.#changed(one));
    room.on("trackPublished", (_, one) => this.#changed(one));
    room.on("trackUnpublished", (_, one) => this.#changed(one));
    room.on("trackSubscribed", (_, one) => this.#changed(one));
    room.on("trackUnsubscribed", (_, one) => this.#changed(one));
    room.on("trackStreamChanged", (_, one) => this.#changed(one));
    room.on("trackMuted", (_, one) => this.#changed(one));
    room.on("trackUnmuted", (_, one) => this.#changed(one));
    room.on("trackHeld", (_, one) => this.#changed(one));
    for (const event of ["localTrackPublished", "localTrackUnpublished", "localTrackEnded"] as const) {
      room.on(event, () => this.#changed(room.localParticipant));
    }
    room.on("activeSpeakers", (speakers) => this.#speakers(speakers));
    room.on("connectionQuality", (one, quality) => {
      const person = this.#byId.get(one.identity);
      if (person) person.quality.value = quality;
    });
    room.on("reconnecting", (stage) => stage !== "media" && this.#unknown());
    room.on("reconnected", () => {
      for (const person of this.list.value) person.quality.value = person.participant.quality;
      this.#speakers(room.activeSpeakers);
    });
  }

  /** Oneself. */
  get self(): Person | undefined {
    return this.list.value[0];
  }

  get(identity: string): Person | undefined {
    return this.#byId.get(identity);
  }

  /** Is somebody here? Whatever asks is drawn anew when people come and go. */
  has(identity: string): boolean {
    return this.list.value.some((person) => person.identity === identity);
  }

  /** When somebody was last heard; 0: never. */
  spokeAt(identity: string): number {
    return this.#spoke.get(identity) ?? 0;
  }

  /** Something about oneself changed without an event: a capture that began. */
  selfChanged(): void {
    this.self?.changed();
  }

  #arrive(participant: Participant): void {
    const present = this.#byId.get(participant.identity);
    if (present?.participant === participant) return;
    const person = new Person(participant);
    this.#byId.set(participant.identity, person);
    const others = this.list.value.filter((one) => one !== present);
    this.list.value = [...others, person];
  }

  #depart(identity: string): void {
    this.#byId.delete(identity);
    this.#spoke.delete(identity);
    this.list.value = this.list.value.filter((one) => one.identity !== identity);
    if (this.dominant.value === identity) this.dominant.value = "";
  }

  #changed(participant: Participant): void {
    this.#byId.get(participant.identity)?.changed();
  }

  /** What the server told last is old now: nobody is shown as speaking on and on. */
  #unknown(): void {
    for (const person of this.list.value) person.quality.value = undefined;
    this.#speakers([]);
  }

  #speakers(speakers: readonly Participant[]): void {
    const heard = new Set(speakers.map(({ identity }) => identity));
    for (const person of this.list.value) {
      const speaks = heard.has(person.identity);
      person.speaking.value = speaks;
      person.level.value = speaks ? toUnit(person.participant.audioLevel) : 0;
      if (speaks) this.#spoke.set(person.identity, Date.now());
    }
    const loudest = speakers.find(({ isLocal }) => !isLocal);
    if (loudest) this.dominant.value = loudest.identity;
  }
}
