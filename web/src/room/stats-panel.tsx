/** The connection in numbers and plots. Its code, with the plotting library, comes when it is first opened. */
import type { RoomStats, TrackStats } from "@crosspoint/client";
import { useContext, useState } from "preact/hooks";
import { Plot } from "../components/plot";
import { bitrate, milliseconds, percent } from "../lib/format";
import { pathWords } from "./path-words";
import { type Observed, SessionContext } from "./session-context";

export function StatsPanel() {
  const session = useContext(SessionContext);
  if (!session) return null;
  const stats = session.stats.latest.value;
  return (
    <div class="panel-body stats" data-testid="stats">
      <Summary session={session} stats={stats} />
      <Plots session={session} />
      <Tracks session={session} rows={stats?.tracks ?? []} />
    </div>
  );
}

function Summary({ session, stats }: { session: Observed; stats: RoomStats | undefined }) {
  const { series } = session.stats;
  const facts: [string, string, string][] = [
    ["Up", bitrate(stats?.up), "stat-up"],
    ["Down", bitrate(stats?.down), "stat-down"],
    ["Round trip", milliseconds(series.last("rtt")), "stat-rtt"],
    ["Loss", percent(series.last("loss")), "stat-loss"],
    ["Jitter", milliseconds(series.last("jitter")), "stat-jitter"],
  ];
  return (
    <dl class="facts">
      {facts.map(([label, value, id]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd class="num" data-testid={id}>
            {value}
          </dd>
        </div>
      ))}
      <Path stats={stats} />
    </dl>
  );
}

/** The way of the media, and what that means. Before the browser tells, the server's word for it is shown. */
function Path({ stats }: { stats: RoomStats | undefined }) {
  const words = pathWords(stats?.paths ?? []);
  return (
    <div>
      <dt>Path</dt>
      <dd data-testid="stat-path" title={words?.detail}>
        {words?.way ?? stats?.server?.path?.toUpperCase() ?? "–"}
      </dd>
      {words && (
        <dd class="path-why" data-testid="stat-path-why">
          {words.why} <span class="faint num">{words.detail}</span>
        </dd>
      )}
    </div>
  );
}

function Plots({ session }: { session: Observed }) {
  const { series, latest } = session.stats;
  const shared = { series, revision: latest.value };
  return (
    <div class="plots">
      <Plot
        {...shared}
        title="Bitrate"
        format={bitrate}
        atLeast={100_000}
        lines={[
          { column: "up", label: "up", color: "--accent" },
          { column: "down", label: "down", color: "--ok" },
        ]}
      />
      <Plot
        {...shared}
        title="Round trip"
        format={milliseconds}
        atLeast={20}
        lines={[{ column: "rtt", label: "", color: "--accent" }]}
      />
      <Plot
        {...shared}
        title="Jitter"
        format={milliseconds}
        atLeast={20}
        lines={[{ column: "jitter", label: "", color: "--warn" }]}
      />
      <Plot
        {...shared}
        title="Packet loss"
        format={percent}
        atLeast={5}
        lines={[{ column: "loss", label: "", color: "--bad" }]}
      />
      <Plot
        {...shared}
        title="Frames per second, received"
        format={(value) => String(Math.round(value))}
        atLeast={30}
        lines={[{ column: "fps", label: "", color: "--ok" }]}
      />
    </div>
  );
}

/** Rows beyond these are shown when asked for. */
const FIRST_ROWS = 8;

function Tracks({ session, rows }: { session: Observed; rows: readonly TrackStats[] }) {
  const [all, setAll] = useState(false);
  const live = rows.filter(({ bitrate, direction }) => direction === "send" || bitrate > 0);
  const shown = all ? live : live.slice(0, FIRST_ROWS);
  return (
    <section class="track-stats" aria-label="Tracks">
      <h3>Tracks</h3>
      {live.length === 0 && <p class="muted">Nothing is sent or received.</p>}
      <ul>
        {shown.map((row) => (
          <TrackRow
            key={`${row.direction}/${row.userId}/${row.trackId}/${row.rid ?? ""}/${row.kind}`}
            session={session}
            row={row}
          />
        ))}
      </ul>
      {live.length > shown.length && (
        <button type="button" class="text-button" onClick={() => setAll(true)}>
          {live.length - shown.length} more
        </button>
      )}
    </section>
  );
}

const SOURCES: Partial<Record<string, string>> = {
  microphone: "microphone",
  camera: "camera",
  screen_share: "screen",
  screen_share_audio: "screen sound",
};

function TrackRow({ session, row }: { session: Observed; row: TrackStats }) {
  const person = session.people.get(row.userId);
  const who = row.direction === "send" ? "You" : (person?.name ?? (row.userId || "The mix"));
  const layer = row.rid ?? layerOf(session, row);
  const details = [
    row.codec,
    row.width ? `${row.width}×${row.height}` : undefined,
    row.fps === undefined ? undefined : `${Math.round(row.fps)} fps`,
    layer ? `layer ${layer}` : undefined,
    row.loss >= 0.05 ? `${percent(row.loss)} lost` : undefined,
  ];
  return (
    <li data-testid="track-stats" data-direction={row.direction} data-user={row.userId}>
      <span class={`arrow ${row.direction}`} role="img" aria-label={row.direction === "send" ? "sent" : "received"}>
        {row.direction === "send" ? "↑" : "↓"}
      </span>
      <span class="grow">
        <span class="track-who">
          <span class="truncate">{who}</span>{" "}
          <span class="faint">{SOURCES[row.source ?? ""] ?? row.source ?? (row.userId ? row.kind : "all voices")}</span>
        </span>
        <span class="faint num track-details">{details.filter(Boolean).join(" · ")}</span>
      </span>
      <span class="num">{bitrate(row.bitrate)}</span>
    </li>
  );
}

/** The simulcast layer that arrives. */
function layerOf(session: Observed, row: TrackStats): string | undefined {
  const track = session.room?.participants.get(row.userId)?.tracks.get(row.trackId);
  return track?.layer;
}
