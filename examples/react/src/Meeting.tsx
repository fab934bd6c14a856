import type { Participant, Track } from "@crosspoint/client";
import { useEffect, useRef } from "react";
import { useRoom } from "./useRoom.js";

/** Everybody in a room, with the switches for oneself. Sound plays by itself, once the browser lets it. */
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
      <button type="button" onClick={() => me.setScreenShareEnabled(!me.track("screen_share"), { audio: true })}>
        {me.track("screen_share") ? "Stop sharing" : "Share screen"}
      </button>
      {!room.canPlayAudio && (
        <button type="button" onClick={() => room.startAudio()}>
          Turn on sound
        </button>
      )}
      <ul>
        {[me, ...room.participants.values()].map((participant) => (
          <Tile key={participant.identity} participant={participant} />
        ))}
      </ul>
    </main>
  );
}

function Tile({ participant }: { participant: Participant }) {
  const pictures = [...participant.tracks.values()].filter(({ kind }) => kind === "video");
  return (
    <li className={participant.isSpeaking ? "speaking" : ""}>
      {pictures.map((track) => (
        <Picture key={track.id} track={track} />
      ))}
      {participant.name}
    </li>
  );
}

/**
 * A video element for as long as it is shown: the room sends the size that fits, and nothing when nobody looks. It is muted,
 * because browsers let silent pictures play unasked, and the room plays the sound.
 */
function Picture({ track }: { track: Track }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    track.attach(element);
    return () => {
      track.detach(element);
    };
  }, [track]);
  return <video ref={video} muted playsInline />;
}
