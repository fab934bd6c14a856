/** Keeps a telephone's screen on while a guest waits (W3C Screen Wake Lock): one that goes dark may take the call with it. */

export class AwakeScreen {
  #lock: WakeLockSentinel | undefined;
  #wanted = false;

  /** From now on. Browsers let it go when the page is hidden; it is taken again when it is seen. */
  hold(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    document.addEventListener("visibilitychange", this.#take);
    void this.#take();
  }

  /** No more. */
  release(): void {
    this.#wanted = false;
    document.removeEventListener("visibilitychange", this.#take);
    this.#lock?.release().catch(() => {});
    this.#lock = undefined;
  }

  #take = async (): Promise<void> => {
    if (document.hidden || !("wakeLock" in navigator)) return;
    try {
      const lock = await navigator.wakeLock.request("screen");
      if (this.#wanted) this.#lock = lock;
      else await lock.release();
    } catch {
      // Refused, for example while the battery is low: the page works without.
    }
  };
}
