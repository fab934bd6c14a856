/** What is published in a room. */
import { Empty } from "../components/state-page";
import type { PublishedTrack, RoomDescription } from "../lib/api";
import { bitrate } from "../lib/format";

export function TracksTable({ room }: { room: RoomDescription }) {
  if (room.published.length === 0) {
    const text =
      room.kind === "mesh"
        ? "In a mesh room, browsers send to each other directly."
        : "Nobody sends sound or pictures.";
    return (
      <div class="card">
        <Empty icon="camera-off" title="No tracks" text={text} />
      </div>
    );
  }
  const nameOf = (userId: string) => room.users.find((user) => user.userId === userId)?.name || userId;
  return (
    <div class="card table-card">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Track</th>
            <th scope="col">Of</th>
            <th scope="col">Source</th>
            <th scope="col">Codec</th>
            <th scope="col">Layers</th>
            <th scope="col" class="right">
              Bitrate
            </th>
            <th scope="col" class="right">
              Goes to
            </th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {room.published.map((track) => (
            <Row
              key={track.trackId}
              track={track}
              name={nameOf(track.userId)}
              mixed={room.kind === "mix" && track.kind === "audio"}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ track, name, mixed }: { track: PublishedTrack; name: string; mixed: boolean }) {
  return (
    <tr data-testid="dashboard-track-row" data-track={track.trackId}>
      <td class="mono" data-label="Track">
        {track.trackId}
      </td>
      <td data-label="Of">
        <span class="truncate">{name}</span>
      </td>
      <td data-label="Source">{track.source.replaceAll("_", " ")}</td>
      <td data-label="Codec">{track.codec ?? "–"}</td>
      <td data-label="Layers">
        <Layers track={track} />
      </td>
      <td class="right num" data-label="Bitrate">
        {bitrate(track.bitrate)}
      </td>
      <td class="right num" data-label="Goes to">
        {mixed && track.subscribers === 0 ? "the mix" : track.subscribers}
      </td>
      <td data-label="State">
        <span class="chips">
          {track.muted && <span class="chip">muted</span>}
          {track.held && <span class="chip warn">held</span>}
          {!track.muted && !track.held && <span class="chip ok">live</span>}
        </span>
      </td>
    </tr>
  );
}

/** Each layer; those that arrive are lit. */
function Layers({ track }: { track: PublishedTrack }) {
  const size = track.width > 0 ? `${track.width}×${track.height}` : "";
  if (track.layers.length === 0) return <span class="faint num">{size || "–"}</span>;
  return (
    <span class="chips">
      {track.layers.map((layer) => {
        const arrives = track.receiving.includes(layer);
        return (
          <span key={layer} class={arrives ? "chip accent" : "chip"} title={arrives ? "arrives" : "not sent now"}>
            {layer}
          </span>
        );
      })}
      <span class="faint num">{size}</span>
    </span>
  );
}
