/** Where tiles go. Pure arithmetic: a box and a number of tiles in, columns and sizes out. */

/** The size of something in CSS pixels. */
export interface Size {
  width: number;
  height: number;
}

/** How tiles stand. All have the same size; the last row is centred. */
export interface Grid {
  columns: number;
  rows: number;
  tile: Size;
}

/** The gap between tiles. */
export const GAP = 8;
/** The widest tile: as cameras give it; in a narrow window wider, so that its width is used. */
const WIDE = 16 / 9;
const WIDE_UPRIGHT = 2.2;
/** As many pictures as one connection receives at once (`rooms.video_slots`): more would stay black. */
export const MOST_PER_PAGE = 12;
/** In less than this a face is not to be recognised. */
const SMALLEST: Size = { width: 148, height: 120 };

/** The arrangement of `count` tiles that gives each the largest area. */
export function layoutGrid(box: Size, count: number): Grid {
  // A phone held upright shows people upright; elsewhere a tile is at least as wide as an old television.
  const upright = box.height > box.width;
  const narrow = upright ? 3 / 4 : 4 / 3;
  let best: Grid = { columns: 1, rows: Math.max(1, count), tile: { width: 0, height: 0 } };
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.ceil(Math.max(1, count) / columns);
    const tile = fitted(
      (box.width - GAP * (columns - 1)) / columns,
      (box.height - GAP * (rows - 1)) / rows,
      count === 1 && upright ? 9 / 16 : narrow,
      upright ? WIDE_UPRIGHT : WIDE,
    );
    if (tile.width * tile.height > best.tile.width * best.tile.height) best = { columns, rows, tile };
  }
  return best;
}

/** How many tiles stand on one page, so that none is too small and each gets a picture. */
export function perPage(box: Size, count: number): number {
  let most = Math.min(count, MOST_PER_PAGE);
  while (most > 2 && isTooSmall(layoutGrid(box, most).tile)) most -= 1;
  return Math.max(1, most);
}

/** The items of a page, counted from 0. A page behind the last one is the last one. */
export function pageOf<T>(
  items: readonly T[],
  page: number,
  size: number,
): { shown: T[]; page: number; pages: number } {
  const pages = Math.max(1, Math.ceil(items.length / size));
  const at = Math.min(Math.max(0, page), pages - 1);
  return { shown: items.slice(at * size, (at + 1) * size), page: at, pages };
}

/**
 * Brings who speaks to the first page, in the place of who was silent there longest. Nobody else moves: faces that jump
 * about are worse than a voice without one.
 */
export function promote(
  order: readonly string[],
  first: number,
  speaker: string,
  spoke: (id: string) => number,
): string[] {
  const at = order.indexOf(speaker);
  if (at < first || at < 0) return [...order];
  let quietest = -1;
  // Oneself stands first and stays there.
  for (let place = 1; place < first; place += 1) {
    if (quietest < 0 || spoke(order[place] ?? "") <= spoke(order[quietest] ?? "")) quietest = place;
  }
  if (quietest < 0) return [...order];
  const next = [...order];
  next[at] = order[quietest] ?? "";
  next[quietest] = speaker;
  return next;
}

function isTooSmall({ width, height }: Size): boolean {
  return width < SMALLEST.width || height < SMALLEST.height;
}

function fitted(width: number, height: number, narrow: number, wide: number): Size {
  if (width <= 0 || height <= 0) return { width: 0, height: 0 };
  if (width / height > wide) return { width: Math.floor(height * wide), height: Math.floor(height) };
  if (width / height < narrow) return { width: Math.floor(width), height: Math.floor(width / narrow) };
  return { width: Math.floor(width), height: Math.floor(height) };
}
