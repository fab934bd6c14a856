/** On a tile while the statistics are open: what arrives, in which size and layer. */
import type { RemoteTrack, TrackStats } from "@crosspoint/client";
import { bitrate } from "../lib/format";
import type { RoomSession } from "./session";
import { type TileInfo, trackOf } from "./stage-view";

export function TileFigures({ session, tile }: { session: RoomSession; tile: TileInfo }) {
  const track = trackOf(tile);
  const rows =
    session.stats.latest.value?.tracks.filter((row) => row.trackId !== "" && row.trackId === track?.id) ?? [];
  const best = largest(rows);
  if (!track || !best) return null;
  const layer = tile.person.isLocal ? best.rid : (track as RemoteTrack).layer;
  const parts = [
    best.width ? `${best.width}×${best.height}` : undefined,
    best.fps === undefined ? undefined : `${Math.round(best.fps)} fps`,
    layer ? `layer ${layer}` : undefined,
    bitrate(rows.reduce((sum, row) => sum + row.bitrate, 0)),
  ];
  return <div class="tile-figures num">{parts.filter(Boolean).join(" · ")}</div>;
}

/** Of several layers that are sent, the one with the most pixels. */
export function largest(rows: readonly TrackStats[]): TrackStats | undefined {
  return rows.reduce<TrackStats | undefined>(
    (best, row) => (best && (best.width ?? 0) >= (row.width ?? 0) ? best : row),
    undefined,
  );
}
