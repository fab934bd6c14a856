/** A show's calls at a glance. */
import { linesIn, type Tally } from "./tally";

export function Figures({ tally, lines }: { tally: Tally | undefined; lines: number }) {
  const told = (value: number | undefined) => (value === undefined ? "–" : String(value));
  const figures = [
    {
      id: "on-air",
      label: "On air",
      value: told(tally?.onAir),
      note: tally?.hold ? `${tally.hold} on hold` : "heard by all",
    },
    { id: "waiting", label: "Waiting", value: told(tally?.waiting), note: "approved, hear the show" },
    { id: "screening", label: "At the screeners", value: told(tally?.screening), note: "ringing, or being talked to" },
    { id: "lines", label: "Lines in use", value: told(tally && linesIn(tally)), note: `of ${lines}` },
  ];
  return (
    <dl class="server-tiles show-figures" data-testid="show-figures">
      {figures.map(({ id, label, value, note }) => (
        <div key={id} class={id === "on-air" && tally?.onAir ? "airs" : ""} data-testid={`figure-${id}`}>
          <dt>{label}</dt>
          <dd class="num">{value}</dd>
          <dd class="faint">{note}</dd>
        </div>
      ))}
    </dl>
  );
}
