/** Keeps the resume token of a room over a page reload, where there is a `sessionStorage`. */

/** Longer than most calls; an older token is not worth the attempt, in milliseconds. */
const KEEP = 12 * 3600 * 1000;

/** The resume tokens of one room and identity in this tab. */
export class SavedSession {
  readonly #key: string;

  constructor(
    private readonly enabled: boolean,
    room: string,
    identity: string,
  ) {
    this.#key = `crosspoint:${room}:${identity}`;
  }

  /** The token that the page before left, if it may still be good. Taken once: two tabs must not share it. */
  take(): string | undefined {
    return this.#try((storage) => {
      const saved = JSON.parse(storage.getItem(this.#key) ?? "null") as { resume: string; until: number } | null;
      storage.removeItem(this.#key);
      return saved && saved.until > Date.now() ? saved.resume : undefined;
    });
  }

  /** Keeps a token. Whether the session still waits when it is presented is for the server to say. */
  save(resume: string): void {
    this.#try((storage) => storage.setItem(this.#key, JSON.stringify({ resume, until: Date.now() + KEEP })));
  }

  /** Forgets it: the room was left. */
  clear(): void {
    this.#try((storage) => storage.removeItem(this.#key));
  }

  #try<T>(action: (storage: Storage) => T): T | undefined {
    if (!this.enabled || typeof sessionStorage === "undefined") return undefined;
    try {
      return action(sessionStorage);
    } catch {
      // Storage may be forbidden or full: then a reload is a new session.
      return undefined;
    }
  }
}
