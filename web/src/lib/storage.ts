/** What the console remembers: `local` over visits, `tab` over a reload. Storage may be forbidden or full: then nothing. */

const PREFIX = "crosspoint.";

/** One of the browser's two storages. Texts are kept as they are, everything else as JSON. */
class Store {
  readonly #area: () => Storage;

  constructor(area: () => Storage) {
    this.#area = area;
  }

  read<T>(key: string, otherwise: T): T {
    try {
      const saved = this.#area().getItem(PREFIX + key);
      if (saved === null) return otherwise;
      return (typeof otherwise === "string" ? saved : JSON.parse(saved)) as T;
    } catch {
      return otherwise;
    }
  }

  write(key: string, value: unknown): void {
    try {
      this.#area().setItem(PREFIX + key, typeof value === "string" ? value : JSON.stringify(value));
    } catch {
      // Nothing is lost but the memory of it.
    }
  }

  remove(key: string): void {
    try {
      this.#area().removeItem(PREFIX + key);
    } catch {
      // Was not there either.
    }
  }
}

/** Over visits. */
export const local = new Store(() => localStorage);
/** Over a reload of this tab. */
export const tab = new Store(() => sessionStorage);
