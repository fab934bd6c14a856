import type { Participant, Track } from "@crosspoint/client";
import { useEffect, useRef } from "react";
import { useRoom } from "./useRoom.js";

/** Everybody in a room, with the switches for oneself. Sound plays by itself. */
export function Meeting({ url, token }: { url: string; token: string }) {
  const { room, error } = useRoom(url, token);
  if (error) return <p role="alert">{error.message}</p>;
  if (!room) return <p>Joining…</p>;

  const me = room.localParticipant;
  const microphone = me.track("microphone");
  const speaks = microphone !== undefined && !microphone.muted;
  return (
    <main>
      <h1>
        {room.id} <small>{room.state}</small>
      </h1>
      <button type="button" onClick={() => me.setMicrophoneEnabled(!speaks)}>
        {speaks ? "Mute" : "Speak"}
      </button>
      <button type="button" onClick={() => me.setCameraEnabled(!me.track("camera"))}>
        {me.track("camera") ? "Stop camera" : "Start camera"}
      </button>
      <ul>
        {[me, ...room.participants.values()].map((participant) => (
          <Tile key={participant.identity} participant={participant} />
        ))}
      </ul>
    </main>
  );
}

function Tile({ participant }: { participant: Participant }) {
  const camera = participant.track("camera");
  return (
    <li className={participant.isSpeaking ? "speaking" : ""}>
      {camera && <Picture key={camera.id} track={camera} muted={participant.isLocal} />}
      {participant.name}
    </li>
  );
}

/** A video element for as long as it is shown: the room sends the size that fits, and nothing when nobody looks. */
function Picture({ track, muted }: { track: Track; muted: boolean }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    track.attach(element);
    return () => {
      track.detach(element);
    };
  }, [track]);
  return <video ref={video} muted={muted} />;
}
