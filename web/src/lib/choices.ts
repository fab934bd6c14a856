/** What somebody chose last time: name, devices, what is on. */
import { local } from "./storage";

export interface Choices {
  name: string;
  microphone: boolean;
  camera: boolean;
  microphoneId: string;
  cameraId: string;
}

const KEY = "choices";
const FIRST: Choices = { name: "", microphone: true, camera: true, microphoneId: "", cameraId: "" };

/** The choices so far. */
export function choices(): Choices {
  return { ...FIRST, ...local.read<Partial<Choices>>(KEY, {}) };
}

/** Remembers some of them. */
export function choose(change: Partial<Choices>): void {
  local.write(KEY, { ...choices(), ...change });
}

/** A room that was visited. */
export interface Recent {
  room: string;
  at: number;
}

const RECENT = "recent";
const MOST = 5;

/** Rooms that were visited, the latest first. */
export function recentRooms(): Recent[] {
  const saved = local.read<Recent[]>(RECENT, []);
  return Array.isArray(saved) ? saved : [];
}

/** Remembers a visit. */
export function rememberRoom(room: string, at = Date.now()): void {
  local.write(RECENT, [{ room, at }, ...recentRooms().filter((one) => one.room !== room)].slice(0, MOST));
}

/** Forgets a visit. */
export function forgetRoom(room: string): void {
  local.write(
    RECENT,
    recentRooms().filter((one) => one.room !== room),
  );
}
