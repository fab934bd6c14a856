/** The cameras and microphones there are, and what is wrong when one cannot be had. */
import { listDevices } from "@crosspoint/client";
import { signal } from "@preact/signals";

/** A device to choose. */
export interface Device {
  id: string;
  label: string;
}

export const microphones = signal<Device[]>([]);
export const cameras = signal<Device[]>([]);

/** Looks again. Labels are there once one device was allowed. */
export async function refreshDevices(): Promise<void> {
  try {
    const all = await listDevices();
    microphones.value = pick(all, "audioinput", "Microphone");
    cameras.value = pick(all, "videoinput", "Camera");
  } catch {
    // No devices on an insecure page; capturing will say so.
  }
}

globalThis.navigator?.mediaDevices?.addEventListener?.("devicechange", () => void refreshDevices());

/** A device to capture from, where there is a favourite one: it may be unplugged, and any other will do. */
export function ideal(deviceId: string): MediaTrackConstraints | true {
  return deviceId ? { deviceId: { ideal: deviceId } } : true;
}

/** Why a device cannot be had. */
export type DeviceProblem = "denied" | "missing" | "busy" | "insecure" | "failed";

/** The problem behind what the browser threw (W3C mediacapture-streams §10.3.2). */
export function problemOf(error: unknown): DeviceProblem {
  if (!globalThis.isSecureContext) return "insecure";
  switch ((error as Error | undefined)?.name) {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "failed";
  }
}

/** One of the devices, or both when the same is the matter with them. */
type Devices = "camera" | "microphone" | "camera and microphone";

/** What to tell somebody about a problem. */
export function adviceOn(problem: DeviceProblem, what: Devices): { title: string; text: string } {
  const Title = `${what.charAt(0).toUpperCase()}${what.slice(1)}`;
  switch (problem) {
    case "denied":
      return { title: `${Title} blocked`, text: `Allow the ${what} for this site in the address bar, then try again.` };
    case "missing":
      return { title: `No ${what} found`, text: "Plug one in, or join without." };
    case "busy":
      return { title: `${Title} in use`, text: "Another program holds it. Close that one, then try again." };
    case "insecure":
      return { title: `${Title} unavailable`, text: "Browsers give devices only to pages over https or on localhost." };
    default:
      return { title: `${Title} failed`, text: "Try again, or choose another device." };
  }
}

function pick(all: MediaDeviceInfo[], kind: MediaDeviceKind, word: string): Device[] {
  return all
    .filter((device) => device.kind === kind && device.deviceId !== "")
    .map(({ deviceId, label }, index) => ({ id: deviceId, label: label || `${word} ${index + 1}` }));
}
