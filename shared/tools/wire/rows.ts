// Where arrows go that cross at nearly the same moment: one under the other, and many of a kind become one.

/** What crosses between browser and server. */
export interface Crossing {
  /** Crossings of one kind that come close together are drawn as one. */
  readonly kind: string;
  /** Where it would be by its time alone, in pixels. */
  readonly y: number;
  /** The numbers of its marks. */
  readonly marks: number[];
  /** Where it was placed. */
  row?: Row<Crossing>;
}

/** Crossings that are drawn as one. */
export interface Row<C extends Crossing> {
  /** Where it is drawn. */
  readonly y: number;
  readonly first: C;
  readonly marks: number[];
}

/** At least so far apart are two rows, in pixels: so a label fits into each. */
export const ROW_GAP = 13;
/** No row is drawn further from its time, in pixels: what would be joins the one of its kind before it. */
const MOST_SHIFT = 3 * ROW_GAP;

/**
 * Places crossings, and gives each its row. What is cause and what is effect stays in this order, so that both can be seen
 * at a scale at which they would lie on each other.
 *
 * @param crossings sorted by `y`
 */
export function placeRows<C extends Crossing>(crossings: readonly C[]): Row<C>[] {
  const rows: Row<C>[] = [];
  const newest = new Map<string, Row<C>>();
  let lowest = Number.NEGATIVE_INFINITY;
  for (const crossing of crossings) {
    const like = newest.get(crossing.kind);
    const y = Math.max(crossing.y, lowest + ROW_GAP);
    const isFull = y - crossing.y > MOST_SHIFT;
    if (like !== undefined && (crossing.y < like.y + ROW_GAP || isFull)) {
      for (const mark of crossing.marks) like.marks.push(mark);
      crossing.row = like;
      continue;
    }
    const row = { y, first: crossing, marks: [...crossing.marks] };
    lowest = y;
    rows.push(row);
    crossing.row = row;
    newest.set(crossing.kind, row);
  }
  return rows;
}
