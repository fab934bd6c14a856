/** What stands where: the tiles, the view that was chosen, who is large. */
import type { Room, Source, Track } from "@crosspoint/client";
import { computed, signal } from "@preact/signals";
import { promote } from "./grid";
import type { People, Person } from "./people";

/** One picture on the stage. `source` absent: the person's own tile, with a face or without. */
export interface TileInfo {
  key: string;
  person: Person;
  source: Source | undefined;
}

/** The tile's track now. */
export function trackOf({ person, source }: TileInfo): Track | undefined {
  return source === undefined ? person.face : person.track(source);
}

/** `auto`: the grid, until somebody presents. */
export type View = "auto" | "grid" | "speaker";

export class StageView {
  readonly choice = signal<View>("auto");
  /** The key of the tile that somebody wants large. */
  readonly pinned = signal<string | undefined>(undefined);
  readonly page = signal(0);
  /** How many tiles fit on the first page; the grid tells. */
  readonly firstPage = signal(Number.POSITIVE_INFINITY);
  #order: string[] = [];

  constructor(private readonly people: People) {}

  /** Screens and desktops, the latest first. */
  readonly presentations = computed<TileInfo[]>(() =>
    this.people.list.value
      .flatMap((person) =>
        person.presentations.map(({ source }) => ({ key: `${person.identity}/${source}`, person, source })),
      )
      .reverse(),
  );

  /** A tile for everybody, in an order that changes only when somebody who is not to be seen speaks. */
  readonly faces = computed<TileInfo[]>(() => {
    const people = this.people.list.value;
    const present = new Set(people.map(({ identity }) => identity));
    const known = new Set(this.#order);
    const order = [
      ...this.#order.filter((identity) => present.has(identity)),
      ...people.map(({ identity }) => identity).filter((identity) => !known.has(identity)),
    ];
    const speaker = this.people.dominant.value;
    this.#order = promote(order, this.firstPage.value, speaker, (identity) => this.people.spokeAt(identity));
    return this.#order.flatMap((identity) => {
      const person = this.people.get(identity);
      return person ? [{ key: identity, person, source: undefined }] : [];
    });
  });

  /** The tile that is large in the speaker view. */
  readonly main = computed<TileInfo | undefined>(() => {
    const all = [...this.presentations.value, ...this.faces.value];
    const pinned = all.find(({ key }) => key === this.pinned.value);
    if (pinned) return pinned;
    const presentation = this.presentations.value.find(({ person }) => !person.isLocal) ?? this.presentations.value[0];
    if (presentation) return presentation;
    const speaker = all.find(({ key }) => key === this.people.dominant.value);
    return speaker ?? all.find(({ person }) => !person.isLocal) ?? all[0];
  });

  /** The view that is shown. */
  readonly shown = computed<"grid" | "speaker">(() => {
    if (this.choice.value !== "auto") return this.choice.value;
    return this.pinned.value !== undefined || this.presentations.value.length > 0 ? "speaker" : "grid";
  });

  /** A new presentation brings the view back to what suits it. */
  follow(room: Room): void {
    room.on("trackPublished", ({ source }) => {
      if (source === "screen_share" || source === "desktop") this.choice.value = "auto";
    });
  }

  toggleView = (): void => {
    const next = this.shown.value === "grid" ? "speaker" : "grid";
    if (next === "grid") this.pinned.value = undefined;
    this.choice.value = next;
  };

  /** Turns pages of the grid, back with a negative number; the grid keeps it within what there is. */
  turnPage(by: number): void {
    this.page.value = Math.max(0, this.page.value + by);
  }

  /** Makes a tile large, or small again. */
  togglePin(key: string): void {
    const same = this.pinned.value === key;
    this.pinned.value = same ? undefined : key;
    this.choice.value = same ? "auto" : "speaker";
  }
}
