/** A typed event emitter. A listener that throws does not keep the others from hearing. */

type Listener<Arguments extends unknown[]> = (...values: Arguments) => void;

/** Emits the events that `Events` names. */
export class Emitter<Events extends object> {
  #listeners = new Map<keyof Events, Set<Listener<never>>>();

  /** Calls `listener` at each `event`; the returned function takes it away again. */
  on<Name extends keyof Events>(event: Name, listener: Listener<Arguments<Events, Name>>): () => void {
    const set = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, set);
    set.add(listener as Listener<never>);
    return () => this.off(event, listener);
  }

  /** Calls `listener` at the next `event` only. */
  once<Name extends keyof Events>(event: Name, listener: Listener<Arguments<Events, Name>>): () => void {
    const off = this.on(event, (...values) => {
      off();
      listener(...values);
    });
    return off;
  }

  /** Takes a listener away. */
  off<Name extends keyof Events>(event: Name, listener: Listener<Arguments<Events, Name>>): void {
    this.#listeners.get(event)?.delete(listener as Listener<never>);
  }

  /** @internal */
  emit<Name extends keyof Events>(event: Name, ...values: Arguments<Events, Name>): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        (listener as Listener<Arguments<Events, Name>>)(...values);
      } catch (error) {
        // The application's fault, not the room's: reported like any uncaught error, without stopping the room.
        setTimeout(() => {
          throw error;
        });
      }
    }
  }
}

type Arguments<Events, Name extends keyof Events> = Events[Name] extends unknown[] ? Events[Name] : never;
