/** The pictures: a grid in pages, or one large and the others in a strip. */
import { useEffect, useRef } from "preact/hooks";
import { Button, IconButton } from "../components/button";
import { useSize } from "../lib/hooks";
import { GAP, layoutGrid, pageOf, perPage, type Size } from "./grid";
import type { RoomSession } from "./session";
import { Tile } from "./tile";

/** Tiles in the strip beside a large one; with it they are as many as pictures are received. */
const STRIP = 11;

export function Stage({ session }: { session: RoomSession }) {
  const box = useRef<HTMLDivElement>(null);
  const size = useSize(box);
  const speaker = session.view.shown.value === "speaker" && session.people.list.value.length > 0;
  return (
    <div class="stage" ref={box} data-testid="stage" data-view={session.view.shown.value}>
      {size.width > 0 &&
        (speaker ? <SpeakerView session={session} box={size} /> : <GridView session={session} box={size} />)}
    </div>
  );
}

function GridView({ session, box }: { session: RoomSession; box: Size }) {
  const { view } = session;
  const tiles = [...view.presentations.value, ...view.faces.value];
  const many = tiles.length > perPage(box, tiles.length);
  // Room for the row of page buttons.
  const inner = many ? { width: box.width, height: box.height - 44 } : box;
  const fits = perPage(inner, tiles.length);
  const { shown, page, pages } = pageOf(tiles, view.page.value, fits);
  const grid = layoutGrid(inner, many ? fits : shown.length);
  useEffect(() => {
    view.firstPage.value = Math.max(1, fits - view.presentations.value.length);
    // Only when there are fewer pages now: another turn of the page may be under way already.
    if (view.page.value >= pages) view.page.value = pages - 1;
  });
  const alone = tiles.length === 1;
  return (
    <>
      <div class="grid" style={{ gap: `${GAP}px`, height: `${inner.height}px` }}>
        {shown.map((tile) => (
          <Tile key={tile.key} session={session} tile={tile} size={grid.tile} />
        ))}
      </div>
      {alone && <Alone />}
      {many && (
        <nav class="pager" aria-label="Pages of the grid">
          <IconButton
            icon="left"
            label="Previous page"
            size="small"
            disabled={page === 0}
            testid="previous-page"
            onClick={() => view.turnPage(-1)}
          />
          <span class="num" aria-live="polite">
            {page + 1} of {pages}
          </span>
          <IconButton
            icon="right"
            label="Next page"
            size="small"
            disabled={page === pages - 1}
            testid="next-page"
            onClick={() => view.turnPage(1)}
          />
        </nav>
      )}
    </>
  );
}

function Alone() {
  return (
    <div class="alone" role="status">
      You are the only one here. Invite somebody with the link above.
    </div>
  );
}

function SpeakerView({ session, box }: { session: RoomSession; box: Size }) {
  const { view } = session;
  const main = view.main.value;
  const others = [...view.presentations.value, ...view.faces.value].filter(({ key }) => key !== main?.key);
  const strip = others.slice(0, STRIP);
  useEffect(() => {
    view.firstPage.value = STRIP;
  });
  if (!main) return null;
  const upright = box.width < box.height || box.width < 720;
  const shape = stripShape(box, upright, strip.length);
  return (
    <div class={upright ? "speaker-view upright" : "speaker-view"}>
      <Tile key={main.key} session={session} tile={main} size={shape.main} large />
      {strip.length > 0 && (
        <div class="strip" data-testid="strip">
          {strip.map((tile) => (
            <Tile key={tile.key} session={session} tile={tile} size={shape.small} />
          ))}
          {others.length > strip.length && (
            <Button size="small" kind="quiet" onClick={view.toggleView}>
              +{others.length - strip.length} more
            </Button>
          )}
        </div>
      )}
    </div>
  );
}

/** The large tile takes what the strip leaves. */
function stripShape(box: Size, upright: boolean, others: number): { main: Size; small: Size } {
  if (others === 0) return { main: box, small: { width: 0, height: 0 } };
  if (upright) {
    const small = { width: 128, height: 96 };
    return { main: { width: box.width, height: Math.max(0, box.height - small.height - GAP) }, small };
  }
  const width = Math.round(Math.min(260, Math.max(168, box.width * 0.19)));
  // Room for a scroll bar, when there are more than fit.
  return {
    main: { width: box.width - width - GAP - 4, height: box.height },
    small: { width, height: Math.round((width * 9) / 16) },
  };
}
