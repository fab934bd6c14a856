/** One picture: the video or a face made of letters, and what there is to know about the person. */
import { RemoteTrack, type Track } from "@crosspoint/client";
import { useEffect, useRef, useState } from "preact/hooks";
import { Avatar } from "../components/avatar";
import { Icon } from "../components/icon";
import { QualityBars } from "../components/quality-bars";
import type { Size } from "./grid";
import type { RoomSession } from "./session";
import { type TileInfo, trackOf } from "./stage-view";
import { TileFigures } from "./tile-figures";
import { VoiceMeter } from "./voice-meter";

interface TileProps {
  session: RoomSession;
  tile: TileInfo;
  size: Size;
  large?: boolean;
}

export function Tile({ session, tile, size, large }: TileProps) {
  const { person, source } = tile;
  const track = trackOf(tile);
  const screen = source !== undefined;
  const speaking = person.speaking.value && !screen;
  const shows = track !== undefined && !track.muted && !track.held;
  const pinned = session.view.pinned.value === tile.key;
  const label = screen ? `${person.name}, screen` : person.isLocal ? "You" : person.name;
  return (
    <article
      class={`tile ${speaking ? "speaking" : ""} ${screen ? "screen" : ""} ${size.width < 200 ? "small" : ""}`}
      style={{ width: `${size.width}px`, height: `${size.height}px` }}
      aria-label={label}
      data-testid="tile"
      data-user={person.identity}
      data-source={source ?? "camera"}
      data-local={person.isLocal}
      data-speaking={speaking}
      data-large={large ? "true" : undefined}
    >
      {shows ? (
        <Picture
          track={track}
          mirrored={person.isLocal && track.source === "camera"}
          contain={screen}
          priority={(large ? 2 : 0) + (screen ? 1 : 0)}
        />
      ) : (
        <div class="tile-off">
          <Avatar identity={person.identity} name={person.name} size={avatarSize(size)} />
        </div>
      )}
      <div class="tile-ring" aria-hidden="true" />
      <button
        type="button"
        class="tile-pin"
        aria-pressed={pinned}
        aria-label={pinned ? `Unpin ${label}` : `Pin ${label}`}
        title={pinned ? "Unpin" : "Pin"}
        data-testid="pin-tile"
        onClick={() => session.view.togglePin(tile.key)}
      >
        <Icon name="pin" size={16} />
      </button>
      {session.panel.value === "stats" && <TileFigures session={session} tile={tile} />}
      <footer class="tile-foot">
        <NameTag
          session={session}
          tile={tile}
          label={screen && !person.isLocal ? `${person.name}'s screen` : screen ? "Your screen" : label}
        />
        {!screen && (
          <span class="tile-quality">
            <QualityBars quality={person.quality.value} />
          </span>
        )}
      </footer>
    </article>
  );
}

interface NameTagProps {
  session: RoomSession;
  tile: TileInfo;
  label: string;
}

function NameTag({ session, tile: { person, source }, label }: NameTagProps) {
  const face = source === undefined;
  return (
    <span class="name-tag">
      {source !== undefined && <Icon name="screen" size={14} />}
      {face && person.held && (
        <span class="held" role="img" aria-label="On hold" title="On hold" data-testid="held">
          <Icon name="hand" size={14} />
        </span>
      )}
      {face && !person.held && !person.audible && (
        <span class="silent" role="img" aria-label="Microphone off" title="Microphone off" data-testid="muted">
          <Icon name="mic-off" size={14} />
        </span>
      )}
      {face && person.audible && session.mix.on.value && (
        <VoiceMeter meters={session.mix.meters} of={person.identity} label={`${label}: level`} />
      )}
      {face && person.audible && !session.mix.on.value && person.speaking.value && (
        <SpeakingDots level={person.level.value} />
      )}
      <span class="truncate">{label}</span>
    </span>
  );
}

export function SpeakingDots({ level }: { level: number }) {
  return (
    <span class="level dots on" style={{ "--level": String(level) }} role="img" aria-label="Speaking">
      <i />
      <i />
      <i />
    </span>
  );
}

interface PictureProps {
  track: Track;
  mirrored: boolean;
  contain: boolean;
  /** Who gets bandwidth first where there is too little: what is large, and screens before faces. */
  priority: number;
}

/** The video element. Attaching it is what subscribes to a remote track. */
function Picture({ track, mirrored, contain, priority }: PictureProps) {
  const video = useRef<HTMLVideoElement>(null);
  const [shape, setShape] = useState<"waiting" | "wide" | "tall">("waiting");
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    track.attach(element);
    return () => void track.detach(element);
  }, [track]);
  useEffect(() => {
    if (track instanceof RemoteTrack) track.prefer({ priority });
  }, [track, priority]);
  const measure = () => {
    const element = video.current;
    if (element && element.videoWidth > 0) setShape(element.videoHeight > element.videoWidth ? "tall" : "wide");
  };
  const paused = track instanceof RemoteTrack && track.paused;
  return (
    <>
      <video
        ref={video}
        class={`${mirrored ? "mirrored" : ""} ${contain || shape === "tall" ? "contain" : ""} ${shape === "waiting" ? "hidden" : ""}`}
        data-testid="tile-video"
        data-track={track.id}
        data-playing={shape !== "waiting"}
        muted
        playsInline
        autoPlay
        onLoadedData={measure}
        onPlaying={measure}
        onResize={measure}
        onEmptied={() => setShape("waiting")}
      />
      {shape === "waiting" && (
        <div class="tile-waiting" role="status">
          <span>Picture is on its way</span>
        </div>
      )}
      {paused && (
        <div class={contain ? "tile-paused chip-like" : "tile-paused"} role="status">
          <Icon name="warning" size={16} /> Paused: too little bandwidth
        </div>
      )}
    </>
  );
}

function avatarSize({ width, height }: Size): number {
  return Math.round(Math.max(32, Math.min(128, Math.min(width, height) * 0.4)));
}
