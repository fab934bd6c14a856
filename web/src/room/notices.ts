/** What happens in the room, told in passing. */
import type { QualityWarning, Room } from "@crosspoint/client";
import { notify } from "../components/toast";
import { milliseconds, names, percent, sentence } from "../lib/format";

/** Arrivals within this time are told together, in milliseconds. */
const TOGETHER = 900;

/** Tells what happens in a room. */
export function announce(room: Room): void {
  const came = gather((who) => notify(`${names(who)} joined`));
  const went = gather((who) => notify(`${names(who)} left`));
  room.on("participantJoined", ({ name }) => came(name));
  room.on("participantLeft", ({ name }, reason) => {
    if (reason === "kicked") notify(`${name} was removed`);
    else if (reason === "moved") notify(`${name} was moved to another room`);
    else went(name);
  });
  room.on("trackPublished", (track, { name }) => {
    if (track.source === "screen_share") notify(`${name} is sharing a screen`);
  });
  room.on("qualityWarning", (warning) => {
    notify(warningText(warning), warning.severity === "clear" ? "good" : "warning", "quality");
  });
  room.on("trackHeld", (track, who) => {
    if (!who.isLocal || track.kind !== "audio") return;
    if (track.held) notify("A host put you on hold: nobody hears you.", "warning");
    else notify("You can be heard again.", "good");
  });
  room.on("trackMuted", (track, who) => {
    // One's own click needs no words; an admin's mute comes without one.
    if (who.isLocal && track.kind === "audio" && !justToggled()) notify("A host muted your microphone.", "warning");
  });
  room.on("dataLost", (count) => notify(`${count} messages could not reach you.`, "warning"));
  room.on("listeningChanged", ({ hears }) => {
    if (hears === "hold") notify("A host has you wait: you hear what those who wait are played.", "warning");
    if (hears === "nothing") notify("A host decided that you hear nothing for now.", "warning");
  });
  room.on("moved", (to) => notify(`You were moved to ${to}.`));
  room.on("recording", (active) => notify(active ? "This room is being recorded." : "Recording stopped."));
  room.on("draining", () => notify("The server is about to restart. You will be reconnected.", "warning"));
  room.on("error", ({ message }) => notify(sentence(message), "bad"));
}

/** What a warning says to a person. */
export function warningText({ kind, value, severity }: QualityWarning): string {
  if (severity === "clear") return "Your connection is good again.";
  const very = severity === "critical" ? "very " : "";
  switch (kind) {
    case "packet-loss":
      return `Your connection is ${very}poor: ${percent(value)} of packets get lost.`;
    case "jitter":
      return `Your connection is ${very}unsteady: ${milliseconds(value)} of jitter.`;
    case "round-trip":
      return `Your connection is ${very}slow: ${milliseconds(value)} to the server and back.`;
  }
}

let toggledAt = 0;

/** One's own hand was at the microphone button. */
export function noteToggle(): void {
  toggledAt = Date.now();
}

function justToggled(): boolean {
  return Date.now() - toggledAt < 2000;
}

/** Collects names for a moment, so that a crowd is one message. */
function gather(tell: (names: string[]) => void): (name: string) => void {
  let waiting: string[] = [];
  return (name) => {
    waiting.push(name);
    if (waiting.length > 1) return;
    setTimeout(() => {
      tell(waiting);
      waiting = [];
    }, TOGETHER);
  };
}
