/** Columns of numbers over time, the oldest falling out. What plots draw. */

export class Series<Row extends Record<string, number | null>> {
  /** Seconds since 1970. */
  readonly times: number[] = [];
  readonly #columns = new Map<keyof Row, (number | null)[]>();

  constructor(
    readonly names: readonly (keyof Row)[],
    private readonly most: number,
  ) {
    for (const name of names) this.#columns.set(name, []);
  }

  /** Adds a row. One that is not later than the last is not taken: plots need times that grow. */
  push(time: number, row: Row): void {
    if (time <= (this.times.at(-1) ?? 0)) return;
    this.times.push(time);
    for (const name of this.names) this.#columns.get(name)?.push(row[name] ?? null);
    if (this.times.length <= this.most) return;
    this.times.shift();
    for (const column of this.#columns.values()) column.shift();
  }

  /** One column. */
  column(name: keyof Row): readonly (number | null)[] {
    return this.#columns.get(name) ?? [];
  }

  /** The latest value of a column. */
  last(name: keyof Row): number | undefined {
    return this.#columns.get(name)?.at(-1) ?? undefined;
  }
}
