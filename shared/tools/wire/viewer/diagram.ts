// The sequence diagram in its scroller: only what is near the view is drawn, and what does not change only moves.
import { columnsOf, DRAWING_WORDS, type DrawnShape, draw, type Layer, PATIENCE } from "../drawing.ts";
import type { Mark, Time } from "../events.ts";
import type { Language } from "../words.ts";
import { element, make } from "./dom.ts";
import type { Wire } from "./state.ts";

/** Pixels of a second, from the least to the most. */
export const SCALES: readonly number[] = [4, 8, 12, 24, 48, 100, 200, 400, 1_000];
const USUAL = 24;

/** In pixels: above the first moment, and below now, where rows have room that are moved down a little. */
const ABOVE = 14;
const BELOW = 64;
/** A taller scroller than this engines do not have, in pixels. What is older cannot be scrolled to. */
const TALLEST = 8_000_000;
/** In milliseconds: so often it is drawn again while things happen, and the scroll bar follows. */
const REDRAW = 80;
const FOLLOW = 250;
/** In milliseconds: only what is not answered for so long is shown as held; most requests are answered at once. */
const HELD = 150;
/** How often the picture moves where the reader wants less motion, in milliseconds. */
const CALM = 1_000;

const SVG = "http://www.w3.org/2000/svg";

/** What to show of what is known. */
export interface Shown {
  language: Language;
  labels: boolean;
  /** Undefined: all. */
  connection: number | undefined;
}

/** The diagram, as the rest of the page sees it. */
export interface Diagram {
  readonly isFollowing: boolean;
  readonly pxPerSecond: number;
  /** Something has changed: draw it again soon. */
  changed(): void;
  /** It is in another language. */
  reword(): void;
  /** Everything is another: draw it from the beginning. */
  restart(): void;
  /** Keeps now in view, or stays where it is. */
  follow(on: boolean): void;
  /** One step larger, or smaller. */
  scale(step: 1 | -1): void;
}

interface Events {
  /** Marks were opened. `key` tells the row. */
  opened(marks: readonly number[], shape: DrawnShape): void;
  /** Whether it follows, or its scale, has changed. */
  moved(): void;
  /** A row was chosen by the keyboard: say what it is. */
  chosen(marks: readonly number[], shape: DrawnShape): void;
}

/** Draws what is known into the page, for as long as it is open. */
export function openDiagram(wire: Wire, shown: Shown, events: Events): Diagram {
  const scroller = element("scroller", HTMLElement);
  const space = element("space", HTMLElement);
  const svg = element("drawing", SVGSVGElement);
  const layers = {
    back: element("drawing-back", SVGGElement),
    front: element("drawing-front", SVGGElement),
    top: element("drawing-top", SVGGElement),
  };
  const mask = element("future", SVGRectElement);
  const nowLine = element("now", SVGPathElement);
  const heads = element("heads", HTMLElement);
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const drawn = createDrawn(layers);

  let pxPerSecond = USUAL;
  let [width, height] = [0, 0];
  /** The moment that is `ABOVE` pixels below the top of the space. */
  let begin: Time = 0;
  let isFollowing = true;
  /** How far the space is scrolled, in pixels; finer than `scrollTop` while following. */
  let offset = 0;
  let lastOffset = 0;
  let lastFollow = 0;
  let lastRedraw = 0;
  /** How long that took. */
  let lasted = 0;
  let lastFrame = 0;
  let isStale = true;
  let later: ReturnType<typeof setTimeout> | undefined;
  /** What was drawn, in pixels of the space. */
  let range = { from: 0, to: 0 };
  let chosen: DrawnShape | undefined;
  let highlighted: ReadonlySet<number> = new Set();

  const yOf = (time: Time) => ABOVE + ((time - begin) * pxPerSecond) / 1_000;
  const timeOf = (y: number) => begin + ((y - ABOVE) * 1_000) / pxPerSecond;
  const most = () => Math.max(0, yOf(wire.now()) + BELOW - height);

  function redraw(now: Time, isOut: boolean): void {
    const started = performance.now();
    // What stays in its place need not be changed.
    if (isOut) nameLifelines();
    if (isOut) range = { from: offset - height / 2, to: offset + 1.5 * height };
    const view = {
      sources: wire.sources,
      width,
      from: timeOf(range.from),
      to: timeOf(range.to),
      pxPerSecond,
      top: 0,
      // What goes on is drawn into the future, which is covered: so it grows by itself.
      now: wire.link === "ended" ? now : timeOf(range.to),
      lostBefore: now - PATIENCE,
      words: DRAWING_WORDS[shown.language],
      labels: shown.labels,
    };
    const marks = marksOf(wire, shown);
    const settled = marks.filter((mark) => !isYoung(mark, now));
    drawn.update(draw(settled, view));
    if (settled.length < marks.length) setTimeout(changed, HELD);
    highlight();
    isStale = false;
    lastRedraw = performance.now();
    lasted = lastRedraw - started;
  }

  /** The heads of the lifelines stay while all else scrolls. */
  function nameLifelines(): void {
    const words = DRAWING_WORDS[shown.language];
    const names = columnsOf(wire.sources, width).flatMap(({ browser, server }) => [
      { text: words.browser, x: browser, kind: "browser" },
      { text: words.server, x: server, kind: "server" },
    ]);
    heads.replaceChildren(
      ...names.map(({ text, x, kind }) => {
        const head = make("span", kind, text);
        head.style.left = `${x}px`;
        return head;
      }),
    );
  }

  function frame(time: number): void {
    requestAnimationFrame(frame);
    if (document.hidden || width === 0) return;
    if (calm.matches && !isStale && time - lastFrame < CALM) return;
    lastFrame = time;
    const now = wire.now();
    if (isFollowing) offset = most();
    if (time - lastFollow > FOLLOW) follow(now, time);
    const isOut = offset < range.from || offset + height > range.to;
    if (isOut || (isStale && time - lastRedraw > Math.max(REDRAW, 4 * lasted))) redraw(now, isOut);
    move(now);
  }

  /** The scroll bar follows what is drawn. */
  function follow(now: Time, time: number): void {
    lastFollow = time;
    // On a whole second; what is drawn stays where it is.
    const first = Math.floor((wire.first ?? now) / 1_000) * 1_000;
    const earliest = isFollowing ? now - (TALLEST * 1_000) / pxPerSecond : begin;
    const next = wire.first === undefined ? Math.max(begin, earliest) : Math.max(first, earliest);
    if (next !== begin) {
      const moved = ((begin - next) * pxPerSecond) / 1_000;
      begin = next;
      offset = isFollowing ? most() : Math.max(0, offset + moved);
      range = { from: 0, to: 0 };
      if (!isFollowing) settle();
    }
    const tall = `${Math.ceil(Math.max(height, yOf(now) + BELOW))}px`;
    if (space.style.height !== tall) space.style.height = tall;
    if (isFollowing && Math.abs(scroller.scrollTop - offset) >= 1) scroller.scrollTop = offset;
    if (isFollowing) lastOffset = scroller.scrollTop;
  }

  /** In whole pixels of the screen, so that what moves stays sharp. */
  function move(now: Time): void {
    const pixel = 1 / devicePixelRatio;
    const shift = Math.round((range.from - offset) / pixel) * pixel;
    const y = Math.round((yOf(now) - range.from) / pixel) * pixel;
    const translate = `translate(0 ${shift})`;
    const isOver = wire.link === "ended";
    for (const part of [...Object.values(layers), mask, nowLine]) setAttribute(part, "transform", translate);
    setAttribute(mask, "y", String(isOver ? y + BELOW : y));
    setAttribute(nowLine, "d", `M0 ${y}H${width}`);
  }

  function highlight(): void {
    for (const [node, shape] of drawn.open) {
      node.classList.toggle("chosen", shape.key === chosen?.key);
      node.classList.toggle("same", shape.marks?.some((mark) => highlighted.has(mark)) ?? false);
    }
  }

  function changed(): void {
    isStale = true;
    // And when nothing happens any more: what has not arrived by then is lost.
    clearTimeout(later);
    later = setTimeout(() => (isStale = true), PATIENCE);
  }

  function scrolled(): void {
    if (Math.abs(scroller.scrollTop - lastOffset) < 3 && isFollowing) return;
    offset = scroller.scrollTop;
    setFollowing(offset >= scroller.scrollHeight - height - 4);
  }

  function setFollowing(on: boolean): void {
    if (on !== isFollowing) {
      isFollowing = on;
      // Exactly where it was drawn last.
      if (!on) settle();
      events.moved();
    }
  }

  function settle(): void {
    const tall = Math.ceil(Math.max(height, yOf(wire.now()) + BELOW));
    space.style.height = `${tall}px`;
    scroller.scrollTop = offset;
    lastOffset = scroller.scrollTop;
  }

  function shapeAt(target: EventTarget | null): DrawnShape | undefined {
    return target instanceof Element ? drawn.open.get(target) : undefined;
  }

  /** Chooses the row above or below, in the same column; or in the next one. */
  function step(way: -1 | 1, isSideways: boolean): void {
    const rows = [...drawn.open]
      .filter(([node]) => node.classList.contains("hit"))
      .map(([node, shape]) => ({ shape, y: Number(/^M\S+ (\S+?)L/.exec(node.getAttribute("d") ?? "")?.[1]) }))
      .map((row) => ({ ...row, y: row.y + range.from, column: Number(row.shape.key.split(" ")[0]) }))
      .sort((one, other) => one.y - other.y);
    const here = rows.find(({ shape }) => shape.key === chosen?.key);
    const seen = rows.filter(({ y }) => y > offset && y < offset + height);
    let next = way === 1 ? seen[0] : seen.at(-1);
    if (here && isSideways) {
      const columns = wire.sources.map(({ source }) => source);
      const column = columns[columns.indexOf(here.column) + way];
      const near = (row: { y: number }) => Math.abs(row.y - here.y);
      next = rows.filter((row) => row.column === column).sort((a, b) => near(a) - near(b))[0] ?? here;
    } else if (here) {
      const own = rows.filter(({ column }) => column === here.column);
      next = own[own.indexOf(here) + way] ?? here;
    }
    if (!next) return;
    chosen = next.shape;
    setFollowing(false);
    if (next.y < offset + 40 || next.y > offset + height - 40) {
      offset = Math.min(most(), Math.max(0, next.y - height / 2));
      settle();
    }
    isStale = true;
    highlight();
    events.chosen(chosen.marks ?? [], chosen);
  }

  scroller.tabIndex = 0;
  scroller.addEventListener("scroll", scrolled);
  svg.addEventListener("click", ({ target }) => {
    const shape = shapeAt(target);
    if (!shape) return;
    chosen = shape;
    highlight();
    events.opened(shape.marks ?? [], shape);
  });
  svg.addEventListener("pointerover", ({ target }) => {
    const shape = shapeAt(target);
    highlighted = shape ? sameMessage(wire.marks, shape.marks ?? []) : new Set();
    highlight();
  });
  scroller.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const { key } = event;
    if (key === "ArrowDown") step(1, false);
    else if (key === "ArrowUp") step(-1, false);
    else if (key === "ArrowRight") step(1, true);
    else if (key === "ArrowLeft") step(-1, true);
    else if (key === "End") setFollowing(true);
    else if ((key === "Enter" || key === " ") && chosen) events.opened(chosen.marks ?? [], chosen);
    else return;
    event.preventDefault();
  });
  new ResizeObserver(() => {
    width = scroller.clientWidth;
    height = scroller.clientHeight;
    // What is above the columns has their width.
    document.body.style.setProperty("--scrollbar", `${scroller.offsetWidth - width}px`);
    svg.setAttribute("width", String(width));
    svg.setAttribute("height", String(height));
    for (const [name, value] of Object.entries({ width, height: 4 * height })) {
      mask.setAttribute(name, String(value));
    }
    // Made again, so that what is behind stays behind.
    drawn.update([]);
    range = { from: 0, to: 0 };
  }).observe(scroller);
  requestAnimationFrame(frame);

  return {
    get isFollowing() {
      return isFollowing;
    },
    get pxPerSecond() {
      return pxPerSecond;
    },
    changed,
    reword() {
      isStale = true;
      nameLifelines();
    },
    restart() {
      drawn.update([]);
      begin = Math.floor((wire.first ?? wire.now()) / 1_000) * 1_000;
      chosen = undefined;
      range = { from: 0, to: 0 };
      isFollowing = wire.link !== "ended";
      offset = 0;
      settle();
      isStale = true;
      events.moved();
    },
    follow: setFollowing,
    scale(way) {
      const next = SCALES[SCALES.indexOf(pxPerSecond) + way];
      if (next === undefined) return;
      // What is in the middle stays there.
      const middle = timeOf(offset + height / 2);
      pxPerSecond = next;
      offset = isFollowing ? most() : Math.min(most(), Math.max(0, yOf(middle) - height / 2));
      settle();
      range = { from: 0, to: 0 };
      drawn.update([]);
      isStale = true;
      events.moved();
    },
  };
}

/** Marks of connections that were not chosen are left out; faults are everybody's. */
function marksOf({ marks }: Wire, { connection }: Shown): Mark[] {
  const all = [...marks.values()];
  if (connection === undefined) return all;
  return all.filter((mark) => mark.mark === "fault" || mark.connection === connection);
}

/** Whether a request may still be answered at once. */
function isYoung(mark: Mark, now: Time): boolean {
  return (
    mark.mark === "exchange" && mark.shape === "held" && mark.answered === undefined && now - mark.at < HELD
  );
}

/** The marks of all that carry a message which these carry, in all columns. */
function sameMessage(marks: ReadonlyMap<number, Mark>, numbers: readonly number[]): ReadonlySet<number> {
  const tokens = new Set(numbers.slice(0, 20).flatMap((number) => tokensOf(marks.get(number))));
  const same = new Set<number>();
  if (tokens.size === 0) return same;
  for (const mark of marks.values()) {
    if (tokensOf(mark).some((token) => tokens.has(token))) same.add(mark.number);
  }
  return same;
}

function tokensOf(mark: Mark | undefined): string[] {
  if (mark?.mark === "tick") return mark.message ? [mark.message.token] : [];
  return mark?.mark === "exchange" ? mark.messages.map(({ token }) => token) : [];
}

/** The SVG elements of shapes. */
interface Drawn {
  /** Those that can be opened. */
  readonly open: ReadonlyMap<Element, DrawnShape>;
  /** Shows these shapes, and no others. What stays the same is not touched. */
  update(shapes: readonly DrawnShape[]): void;
}

function createDrawn(layers: Readonly<Record<Layer, SVGGElement>>): Drawn {
  interface Kept {
    readonly node: SVGElement;
    shape: DrawnShape;
    round: number;
  }
  const kept = new Map<string, Kept>();
  const open = new Map<Element, DrawnShape>();
  let round = 0;
  return {
    open,
    update(shapes) {
      round += 1;
      for (const shape of shapes) {
        let found = kept.get(shape.key);
        if (found === undefined) {
          const node = document.createElementNS(SVG, shape.tag);
          layers[shape.layer].append(node);
          found = { node, shape: { ...shape, class: "", attributes: {} }, round };
          kept.set(shape.key, found);
        }
        const { node, shape: before } = found;
        if (before.class !== shape.class) node.setAttribute("class", shape.class);
        for (const [name, value] of Object.entries(shape.attributes)) {
          if (before.attributes[name] !== value) node.setAttribute(name, String(value));
        }
        if (shape.text !== undefined && node.textContent !== shape.text) node.textContent = shape.text;
        if (shape.marks) open.set(node, shape);
        found.shape = shape;
        found.round = round;
      }
      for (const [key, { node, round: last }] of kept) {
        if (last === round) continue;
        node.remove();
        open.delete(node);
        kept.delete(key);
      }
    },
  };
}

function setAttribute(node: Element, name: string, value: string): void {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}
