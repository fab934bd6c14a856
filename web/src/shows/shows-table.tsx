/** Every show in a table. */
import { Link } from "../components/link";
import { showPath } from "../lib/routes";
import { navigate } from "../router";
import { telephone } from "../show/words";
import type { ShowRow } from "./load";
import { StateChip, stateOf } from "./state-chip";
import { takesUnlisted } from "./unlisted";

interface ShowsTableProps {
  rows: readonly ShowRow[];
  /** Several shows would take the calls to numbers that no show names. */
  shared: boolean;
}

export function ShowsTable({ rows, shared }: ShowsTableProps) {
  return (
    <div class="card table-card">
      <table class="table shows-table">
        <thead>
          <tr>
            <th scope="col">Show</th>
            <th scope="col">State</th>
            <th scope="col">Numbers</th>
            <th scope="col" class="right">
              On air
            </th>
            <th scope="col" class="right">
              Waiting
            </th>
            <th scope="col" class="right">
              At the screeners
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.show.showId} row={row} shared={shared} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The title is a link, for the keyboard; a click anywhere in the row is a convenience on top. */
function Row({ row: { show, tally }, shared }: { row: ShowRow; shared: boolean }) {
  const { showId, settings } = show;
  const to = showPath(showId);
  const [first, ...others] = settings.numbers;
  return (
    <tr data-testid="show-row" data-show={showId} data-state={stateOf(show)} onClick={() => navigate(to)}>
      <td data-label="Show">
        <span class="shows-name">
          <Link to={to} class="truncate">
            {settings.title || showId}
          </Link>
          <span class="faint mono truncate">{showId}</span>
        </span>
      </td>
      <td data-label="State" class="shows-wide">
        <StateChip show={show} />
      </td>
      <td data-label="Numbers" class="num shows-wide">
        <span>
          {first ? (
            telephone(first)
          ) : (
            <span class="faint">{shared && takesUnlisted(show) ? "any, if opened last" : "any"}</span>
          )}
          {others.length > 0 && <span class="faint"> and {others.length} more</span>}
        </span>
      </td>
      <td class="right num" data-label="On air">
        {tally?.onAir ? <span class="shows-air">{tally.onAir}</span> : (tally?.onAir ?? "–")}
      </td>
      <td class="right num" data-label="Waiting">
        {tally ? tally.waiting + tally.hold : "–"}
      </td>
      <td class="right num" data-label="At the screeners">
        {tally?.screening ?? "–"}
      </td>
    </tr>
  );
}
