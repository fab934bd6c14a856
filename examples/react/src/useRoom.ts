import { Room, type RoomEvents, type RoomOptions } from "@crosspoint/client";
import { useEffect, useReducer, useState } from "react";

/** The events after which a view of the room may look different. */
const VISIBLE: (keyof RoomEvents)[] = [
  "stateChanged",
  "participantJoined",
  "participantLeft",
  "participantUpdated",
  "trackPublished",
  "trackUnpublished",
  "trackMuted",
  "trackUnmuted",
  "localTrackPublished",
  "localTrackUnpublished",
  "activeSpeakers",
  "audioPlaybackChanged",
];

/** Joins a room for as long as the component is there, and draws it anew when something in it changes. */
export function useRoom(url: string, token: string, options?: RoomOptions) {
  const [room, setRoom] = useState<Room>();
  const [error, setError] = useState<Error>();
  const [, draw] = useReducer((count: number) => count + 1, 0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: options count when joining, not later
  useEffect(() => {
    let here = true;
    const joining = Room.connect(url, token, options);
    joining.then(
      (joined) => {
        if (!here) return;
        for (const event of VISIBLE) joined.on(event, draw);
        setRoom(joined);
      },
      (reason: Error) => here && setError(reason),
    );
    return () => {
      here = false;
      setRoom(undefined);
      joining.then((joined) => joined.disconnect()).catch(() => {});
    };
  }, [url, token]);

  return { room, error };
}
