/** One's own picture before joining, with what is on and from which device. */
import { useEffect, useRef } from "preact/hooks";
import { Avatar } from "../components/avatar";
import { DeviceMenu } from "../components/device-menu";
import { Icon } from "../components/icon";
import { LevelMeter } from "../components/level-meter";
import { adviceOn } from "../lib/devices";
import type { Preview, PreviewDevice } from "./preview";

interface PreviewCardProps {
  preview: Preview;
  name: string;
}

export function PreviewCard({ preview, name }: PreviewCardProps) {
  const { camera, microphone } = preview;
  return (
    <section class="preview" aria-label="Camera and microphone" data-testid="lobby-preview">
      <Picture preview={preview} name={name} />
      <div class="preview-bar">
        <PreviewToggle device={microphone} kind="microphone" />
        <PreviewToggle device={camera} kind="camera" />
      </div>
      <div class="preview-level">
        <Icon name={microphone.track.value ? "volume" : "mic-off"} size={16} />
        <LevelMeter track={microphone.track.value?.mediaStreamTrack} label="Microphone level" />
      </div>
    </section>
  );
}

/** In place of it for those who are invited to watch: neither camera nor microphone is asked for. */
export function WatchCard() {
  return (
    <section class="preview" aria-label="To watch and listen" data-testid="lobby-watch">
      <div class="preview-picture">
        <div class="preview-off watch">
          <Icon name="screen" size={40} />
          <p>You are invited to watch and listen. Your camera and microphone stay off.</p>
        </div>
      </div>
    </section>
  );
}

function Picture({ preview, name }: PreviewCardProps) {
  const video = useRef<HTMLVideoElement>(null);
  const { camera, microphone } = preview;
  const track = camera.track.value;
  useEffect(() => {
    const element = video.current;
    if (!element || !track) return;
    track.attach(element);
    return () => void track.detach(element);
  }, [track]);
  const [noPicture, noSound] = [camera.problem.value, microphone.problem.value];
  const problem = noPicture ?? noSound;
  const what = noPicture === noSound ? "camera and microphone" : noPicture ? "camera" : "microphone";
  const advice = problem && adviceOn(problem, what);
  return (
    <div class="preview-picture">
      <video
        ref={video}
        muted
        playsInline
        autoPlay
        class={track ? "mirrored" : "mirrored hidden"}
        aria-label="Your camera"
      />
      {!track && (
        <div class="preview-off">
          {camera.asking.value ? (
            <>
              <span class="spinner large" aria-hidden="true" />
              <p>Waiting for the camera…</p>
            </>
          ) : (
            <Avatar identity={name || "you"} name={name || "You"} size={88} />
          )}
        </div>
      )}
      {advice && (
        <div class="preview-problem" role="alert" data-testid="device-problem">
          <Icon name="warning" size={18} />
          <div>
            <strong>{advice.title}</strong>
            <p>{advice.text}</p>
          </div>
        </div>
      )}
    </div>
  );
}

function PreviewToggle({ device, kind }: { device: PreviewDevice; kind: "microphone" | "camera" }) {
  const on = device.on.value;
  const icon = kind === "camera" ? (on ? "camera" : "camera-off") : on ? "mic" : "mic-off";
  const problem = device.problem.value;
  return (
    <div class={`split ${on ? "" : "off"}`}>
      <button
        type="button"
        class="split-main"
        aria-pressed={on}
        aria-label={`${on ? "Turn off" : "Turn on"} the ${kind}`}
        title={problem ? adviceOn(problem, kind).title : `${on ? "Turn off" : "Turn on"} the ${kind}`}
        data-testid={kind === "camera" ? "toggle-camera" : "toggle-mic"}
        disabled={device.asking.value}
        onClick={() => void device.set(!on)}
      >
        <Icon name={icon} />
        {problem && <span class="split-alert" aria-hidden="true" />}
      </button>
      <DeviceMenu kind={kind} current={device.deviceId} onChoose={(id) => void device.switchTo(id)} />
    </div>
  );
}
