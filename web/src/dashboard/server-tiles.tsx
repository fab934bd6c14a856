/** The server at a glance. */
import type { ServerStats } from "../lib/api";
import { age, bitrate, bytes, percent } from "../lib/format";
import type { LoadHistory } from "./load";

export function ServerTiles({ stats, load }: { stats: ServerStats; load: LoadHistory }) {
  const refused = Object.values(stats.refusals).reduce((sum, n) => sum + n, 0);
  const legs = stats.workers.map(({ legs }) => legs);
  const tiles: { label: string; value: string; note: string; id: string }[] = [
    { id: "rooms", label: "Rooms", value: String(stats.rooms), note: `${stats.tracks} tracks` },
    {
      id: "participants",
      label: "Participants",
      value: String(stats.participants),
      note: `${stats.viewers} viewers${stats.waitingSessions ? `, ${stats.waitingSessions} reconnecting` : ""}`,
    },
    { id: "in", label: "In", value: bitrate(stats.bitrateIn), note: "from participants" },
    { id: "out", label: "Out", value: bitrate(stats.bitrateOut), note: "to participants" },
    { id: "cpu", label: "CPU", value: percent(load.series.last("cpu")), note: "of one core" },
    { id: "memory", label: "Memory", value: bytes(stats.memory), note: "resident" },
    {
      id: "workers",
      label: "Workers",
      value: String(stats.workers.length),
      note: `legs: ${legs.join(", ") || "none"}`,
    },
    { id: "uptime", label: "Up", value: age(stats.uptime * 1000), note: `${stats.joins} joins, ${refused} refused` },
  ];
  return (
    <dl class="server-tiles">
      {tiles.map(({ id, label, value, note }) => (
        <div key={id} data-testid={`server-${id}`}>
          <dt>{label}</dt>
          <dd class="num">{value}</dd>
          <dd class="faint num">{note}</dd>
        </div>
      ))}
    </dl>
  );
}
