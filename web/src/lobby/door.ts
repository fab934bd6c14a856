/** Going in: from what the form says to a seat in the room. */
import type { RoomKind } from "@crosspoint/client";
import { ApiError, mintToken } from "../lib/api";
import { accept } from "../lib/arrival";
import { choose } from "../lib/choices";
import { claimsOf } from "../lib/claims";
import { ownIdentity } from "../lib/identity";
import { roomPath } from "../lib/routes";
import { takeSeat } from "../lib/seat";
import { navigate } from "../router";
import type { Preview } from "./preview";

/** What the form says. */
export interface Entry {
  name: string;
  room: string;
  kind: RoomKind;
  host: boolean;
  /** From an invitation; absent: the server is asked for one. */
  token: string | undefined;
}

/** Why one cannot go in. `no-token`: this server hands out none, an invitation is needed. */
export type Obstacle = { kind: "no-token" } | { kind: "error"; text: string };

/** Goes in, or says why not. */
export async function enter(entry: Entry, preview: Preview): Promise<Obstacle | undefined> {
  const { name, room, kind } = entry;
  choose({ name });
  let token = entry.token;
  if (!token) {
    try {
      const wanted = { room, identity: ownIdentity(name), name, ...(entry.host ? { admin: true } : {}) };
      token = (await mintToken(wanted)).token;
    } catch (error) {
      return obstacleOf(error);
    }
  }
  const claims = claimsOf(token);
  const publishes = claims?.publishes ?? true;
  const seat = {
    token,
    name: name === claims?.name ? "" : name,
    kind,
    microphone: publishes && preview.microphone.on.value,
    camera: publishes && preview.camera.on.value,
  };
  takeSeat(room, seat, publishes ? preview.handOver() : []);
  accept(undefined);
  navigate(roomPath(room));
  return undefined;
}

function obstacleOf(error: unknown): Obstacle {
  if (!(error instanceof ApiError)) return { kind: "error", text: String(error) };
  if ([401, 403, 404, 405].includes(error.status)) return { kind: "no-token" };
  return { kind: "error", text: error.message };
}
