// The same rows as a table: for a screen reader always, for everybody by a button.
import type { TrafficEvent } from "../events.ts";
import { momentOf, sizeOf } from "./describe.ts";
import type { Shown } from "./diagram.ts";
import { button, element, make, say } from "./dom.ts";
import type { Wire } from "./state.ts";
import { KINDS, PAGE, SAYS } from "./words.ts";

/** So many rows at once. */
const ROWS = 50;
/** In milliseconds: so often the table changes at most, so that it can be read. */
const RETELL = 1_000;

export interface Table {
  changed(): void;
  /** Shows it to everybody, or to screen readers only. */
  show(on: boolean): void;
}

export function openTable(wire: Wire, shown: Shown, opened: (event: number) => void): Table {
  const table = element("rows", HTMLTableElement);
  const head = table.createTHead().insertRow();
  const body = table.createTBody();
  const range = element("rows-shown", HTMLElement);
  const newer = element("rows-newer", HTMLButtonElement);
  const older = element("rows-older", HTMLButtonElement);
  const pages = element("pages", HTMLElement);
  let page = 0;
  let isShown = false;
  let isStale = true;
  /** Further back it stands still, so that rows do not run away. */
  let frozen: readonly TrafficEvent[] | undefined;

  function rowsNow(): TrafficEvent[] {
    const all = [...wire.events.values()];
    const { connection } = shown;
    const own = connection === undefined ? all : all.filter((event) => event.connection === connection);
    return own.sort((one, other) => other.number - one.number);
  }

  function retell(): void {
    isStale = false;
    const { language } = shown;
    const rows = frozen ?? rowsNow();
    const from = page * ROWS;
    const some = rows.slice(from, from + ROWS);
    const heads = [SAYS.time, SAYS.server, PAGE.connection, SAYS.way, SAYS.what, SAYS.size, SAYS.said];
    head.replaceChildren(
      ...heads.map((words) => {
        const cell = make("th", "", words[language]);
        cell.scope = "col";
        return cell;
      }),
    );
    body.replaceChildren(...some.map(rowOf));
    const shownNow = SAYS.shown[language](Math.min(rows.length, from + 1), from + some.length, rows.length);
    const forgotten = wire.counters.reduce((sum, counted) => sum + counted.forgotten, 0);
    const dropped = SAYS.forgotten[language](forgotten.toLocaleString(language));
    say(range, forgotten > 0 ? `${shownNow}. ${dropped}` : shownNow);
    newer.disabled = page === 0;
    older.disabled = from + ROWS >= rows.length;
  }

  function rowOf(event: TrafficEvent): HTMLTableRowElement {
    const { language } = shown;
    const { number, at, source, connection, direction, kind, from, to, summary } = event;
    const row = make("tr");
    const cells = [
      momentOf(at),
      wire.sources.find((each) => each.source === source)?.name ?? "",
      connection === 0 ? "" : String(connection),
      direction === undefined ? "" : SAYS[direction][language],
      KINDS[kind][language],
      to > from ? sizeOf(to - from) : "",
      summary,
    ];
    row.append(...cells.map((text) => make("td", "", text)));
    // Nothing that nobody sees takes the focus.
    if (isShown) {
      const last = row.lastElementChild;
      const open = button("open", summary === "" ? KINDS[kind][language] : summary, () => opened(number));
      last?.replaceChildren(open);
    }
    return row;
  }

  function turn(way: -1 | 1): void {
    frozen ??= rowsNow();
    page = Math.max(0, page + way);
    if (page === 0) frozen = undefined;
    retell();
  }

  newer.addEventListener("click", () => turn(-1));
  older.addEventListener("click", () => turn(1));
  setInterval(() => {
    if (isStale && !document.hidden && !body.contains(document.activeElement)) retell();
  }, RETELL);
  retell();
  return {
    changed() {
      if (frozen === undefined) isStale = true;
    },
    show(on) {
      isShown = on;
      pages.hidden = !on;
      frozen = undefined;
      page = 0;
      retell();
    },
  };
}
