/** Watches the way of a peer connection. In: its states. Out: `connected`, `trouble`, `failed`, each when it changes. */
import type { PathState } from "./media.js";

/** Calls `changed` as the path comes and goes; `disconnected` is given `grace` milliseconds to mend itself. */
export function watchPath(pc: RTCPeerConnection, grace: number, changed: (state: PathState) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let told: PathState | undefined;
  const tell = (state: PathState) => {
    clearTimeout(timer);
    timer = undefined;
    if (told === state) return;
    told = state;
    changed(state);
  };
  const look = () => {
    switch (pc.connectionState) {
      case "connected":
        return tell("connected");
      case "failed":
        return tell(told === "trouble" ? "failed" : "trouble");
      case "disconnected":
        timer ??= setTimeout(() => tell("trouble"), grace);
        return;
      default:
        return;
    }
  };
  pc.addEventListener("connectionstatechange", look);
  return () => {
    clearTimeout(timer);
    pc.removeEventListener("connectionstatechange", look);
  };
}
