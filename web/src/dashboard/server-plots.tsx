/** The server's load over the last minutes. */
import { Plot } from "../components/plot";
import { bitrate, bytes, percent } from "../lib/format";
import type { LoadHistory } from "./load";

/** Bytes go by powers of two: 1 MiB to 1 TiB. */
const POWERS = Array.from({ length: 21 }, (_, n) => 2 ** (20 + n));

export function ServerPlots({ load, revision }: { load: LoadHistory; revision: number }) {
  const shared = { series: load.series, revision };
  return (
    <div class="server-plots">
      <Plot
        {...shared}
        title="Bitrate"
        format={bitrate}
        atLeast={1_000_000}
        lines={[
          { column: "in", label: "in", color: "--accent" },
          { column: "out", label: "out", color: "--ok" },
        ]}
      />
      <Plot
        {...shared}
        title="CPU"
        format={percent}
        atLeast={10}
        lines={[{ column: "cpu", label: "", color: "--warn" }]}
      />
      <Plot
        {...shared}
        title="Memory"
        steps={POWERS}
        format={bytes}
        atLeast={16_000_000}
        lines={[{ column: "memory", label: "", color: "--accent" }]}
      />
      <Plot
        {...shared}
        title="Participants"
        format={(value) => String(Math.round(value))}
        atLeast={5}
        lines={[{ column: "participants", label: "", color: "--ok" }]}
      />
    </div>
  );
}
