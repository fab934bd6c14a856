/** Asks the server again and again while somebody looks. */
import { useEffect, useState } from "preact/hooks";
import { ApiError, adminKey } from "../lib/api";

/** How often, in milliseconds. */
const EVERY = 2000;

/** What was answered last, and what went wrong last. Data stay on the page while an error passes. */
export interface Polled<T> {
  data: T | undefined;
  error: ApiError | undefined;
  /** When `data` came, milliseconds since 1970. */
  at: number;
  /** Asks at once: something was changed. */
  refresh: () => void;
}

/** Polls with `ask`; anew when one of `inputs`, or the admin key, changes. Sleeps while the page is hidden. */
export function usePolled<T>(
  ask: (stop: AbortSignal) => Promise<T>,
  inputs: readonly unknown[],
  seen?: (data: T) => void,
): Polled<T> {
  const [state, setState] = useState<Omit<Polled<T>, "refresh">>({ data: undefined, error: undefined, at: 0 });
  const [round, setRound] = useState(0);
  const key = adminKey.value;
  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      clearTimeout(timer);
      try {
        if (!document.hidden) {
          const data = await ask(stop.signal);
          seen?.(data);
          setState({ data, error: undefined, at: Date.now() });
        }
      } catch (error) {
        if (stop.signal.aborted) return;
        const problem = error instanceof ApiError ? error : new ApiError(0, "failed", String(error));
        setState((before) => ({ ...before, ...(problem.status === 0 ? {} : { data: undefined }), error: problem }));
      }
      if (!stop.signal.aborted) timer = setTimeout(look, EVERY);
    };
    const shown = () => document.hidden || void look();
    document.addEventListener("visibilitychange", shown);
    void look();
    return () => {
      stop.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", shown);
    };
  }, [key, round, ...inputs]);
  return { ...state, refresh: () => setRound((before) => before + 1) };
}
