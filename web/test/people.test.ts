import type { Room } from "@crosspoint/client";
import { expect, it } from "vitest";
import { People } from "../src/room/people";

it("shows nobody as speaking, and no quality, while the server does not answer", () => {
  const { room, say, ann, bob } = meeting();
  const people = new People();
  people.follow(room);
  const shown = () => people.list.value.map(({ quality, speaking }) => [quality.value, speaking.value]);
  const before = [
    ["good", false],
    ["excellent", true],
  ];
  expect(shown()).toEqual(before);

  say("reconnecting", "media");
  expect(shown(), "what the server says of them is still new").toEqual(before);
  say("reconnecting", "signalling");
  expect(shown()).toEqual([
    [undefined, false],
    [undefined, false],
  ]);

  ann.quality = "poor";
  bob.quality = "good";
  say("reconnected", true);
  expect(shown()).toEqual([
    ["poor", false],
    ["good", true],
  ]);
});

function meeting() {
  const listeners = new Map<string, ((...said: unknown[]) => void)[]>();
  const person = (identity: string, isLocal: boolean, quality: string) => ({
    identity,
    isLocal,
    quality,
    name: identity,
    joinedAt: 1,
    audioLevel: -20,
    tracks: new Map(),
  });
  const ann = person("ann", true, "good");
  const bob = person("bob", false, "excellent");
  const room = {
    localParticipant: ann,
    participants: new Map([["bob", bob]]),
    activeSpeakers: [bob],
    on: (event: string, heard: (...said: unknown[]) => void) =>
      listeners.set(event, [...(listeners.get(event) ?? []), heard]),
  } as unknown as Room;
  const say = (event: string, ...said: unknown[]) => {
    for (const heard of listeners.get(event) ?? []) heard(...said);
  };
  return { room, say, ann, bob };
}
