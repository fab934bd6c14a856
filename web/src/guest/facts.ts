/** What a guest may know of a show. In: its name, and the token of an invitation or a seat. Out: what the pages say of it. */
import { useEffect, useState } from "preact/hooks";
import type { ApiError } from "../lib/api";
import { describeShow } from "../show/api";

export interface Facts {
  title: string;
  /** The server answered, or does not: there is nothing more to wait for. */
  asked: boolean;
  /** Do those who wait in the lobby hear the show? */
  lobbyHearsShow: boolean;
}

/** Asks once. Until there is an answer, and without one, the show is called by its name. */
export function useFacts(show: string, token: string | undefined, refused: (error: ApiError) => void): Facts {
  const [facts, setFacts] = useState<Facts>({ title: titleOf(show), asked: false, lobbyHearsShow: false });
  useEffect(() => {
    if (!token) return;
    const stop = new AbortController();
    describeShow(show, token, stop.signal).then(
      ({ settings }) =>
        setFacts({
          title: settings.title.trim() || titleOf(show),
          asked: true,
          lobbyHearsShow: settings.lobby === "programme",
        }),
      (error: ApiError) => {
        if (stop.signal.aborted) return;
        refused(error);
        setFacts((before) => ({ ...before, asked: true }));
      },
    );
    return () => stop.abort();
  }, [show, token]);
  return facts;
}

/** A show's name with a capital and without dashes. */
export function titleOf(show: string): string {
  const words = show.replaceAll("-", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
