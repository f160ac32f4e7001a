// The sequence diagram: browser and server as lifelines, time running down. Pure, so that the viewer and the picture
// draw the same. One idea has one shape, at one scale, whatever the technique.
import type {
  ConnectionMark,
  Direction,
  ExchangeMark,
  FaultMark,
  Mark,
  Source,
  TickMark,
  Time,
} from "./events.ts";
import { type Crossing, placeRows, ROW_GAP, type Row } from "./rows.ts";
import type { Language } from "./words.ts";

/** The drawing's own words. */
export const DRAWING_WORDS = {
  en: {
    browser: "Browser",
    server: "Server",
    files: "the page and its files",
    cut: "connections cut",
    refuse: "refusing connections",
    delay: (ms: number) => `delay ${ms} ms`,
    stall: { upstream: "stalled →", downstream: "stalled ←" },
    split: "single bytes",
    unreachable: "no server",
    refused: "refused",
    lost: "not arrived",
  },
  ko: {
    browser: "브라우저",
    server: "서버",
    files: "페이지와 그 파일",
    cut: "연결 끊음",
    refuse: "새 연결 거부",
    delay: (ms: number) => `${ms} ms 지연`,
    stall: { upstream: "멈춤 →", downstream: "멈춤 ←" },
    split: "1바이트씩",
    unreachable: "서버 없음",
    refused: "거부됨",
    lost: "도착하지 않음",
  },
} as const satisfies Readonly<Record<Language, DrawingWords>>;

/** What the drawing says in its reader's language. All else is in the wire's own words. */
export interface DrawingWords {
  readonly browser: string;
  readonly server: string;
  readonly files: string;
  readonly cut: string;
  readonly refuse: string;
  readonly delay: (ms: number) => string;
  readonly stall: Readonly<Record<Direction, string>>;
  readonly split: string;
  readonly unreachable: string;
  readonly refused: string;
  readonly lost: string;
}

/** What is drawn, and how large. */
export interface View {
  /** The columns, from left to right. */
  readonly sources: readonly Source[];
  /** Of the whole drawing, in pixels. */
  readonly width: number;
  /** The first moment; it is `top` pixels from the upper edge. */
  readonly from: Time;
  /** The last moment. */
  readonly to: Time;
  readonly pxPerSecond: number;
  /** Room above the first moment, in pixels; the heads of the lifelines are drawn where it is at least `HEADS`. */
  readonly top: number;
  /** What still goes on is drawn to here. */
  readonly now: Time;
  /** A message that was sent before it and was not seen to arrive counts as lost. */
  readonly lostBefore: Time;
  readonly words: DrawingWords;
  /** Without them each technique is still told by its shapes. */
  readonly labels: boolean;
}

/** From back to front. */
const LAYERS = ["back", "front", "top"] as const;
export type Layer = (typeof LAYERS)[number];

/** An SVG element. */
export interface DrawnShape {
  readonly tag: "circle" | "path" | "rect" | "text";
  /** The same for the same thing in the next drawing. */
  readonly key: string;
  /** What lasts is behind what crosses, and what a fault is called is before both. */
  readonly layer: Layer;
  readonly class: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly text?: string;
  /** The numbers of the marks that it stands for, if it can be opened. */
  readonly marks?: readonly number[];
  /** Which way it goes, and whether messages go with it. */
  readonly way?: Direction;
  readonly isCarrying?: boolean;
}

/** Where a column is, in pixels. */
export interface Column {
  readonly left: number;
  readonly right: number;
  /** The two lifelines. */
  readonly browser: number;
  readonly server: number;
}

/** A message that has not arrived after so many milliseconds is drawn as lost, until it does: longer than polls are apart. */
export const PATIENCE = 3_000;
/** The room that the heads of the lifelines need, in pixels. */
export const HEADS = 36;
/** The room for the times on the left, in pixels. */
export const TIMES = 46;
/** No column is wider, in pixels: long arrows are hard to follow. */
const WIDEST = 900;
/** From a column's edge to its lifeline, in pixels. */
const EDGE = 22;
/** Between two bars beside each other, and the width of one, in pixels. */
const LANE = 15;
const BAR = 9;
/** Slower than this from side to side, in pixels, an arrow slopes. */
const SLOPE = 3;
/** Of one kind, and so close together, in pixels, that they are one from the beginning: there may be very many. */
const TOGETHER = 2;
/** From the lifeline to a label, and the width of a letter of one, Latin and East Asian, in pixels. */
const INDENT = 26;
const LETTER = 6.65;
const WIDE_LETTER = 11;
/** A line stops so far from its label, in pixels. */
const AROUND = 4;
/** Rows are placed from a multiple of this many pixels on, so that they stay where they are while time goes on. */
const CHAIN = 240;

/** @returns the columns of sources, and the width that is left is on both sides */
export function columnsOf(sources: readonly Source[], width: number): Column[] {
  const each = Math.min(WIDEST, (width - TIMES) / Math.max(1, sources.length));
  const start = TIMES + Math.max(0, (width - TIMES - each * sources.length) / 2);
  return sources.map((_, index) => {
    const left = start + index * each;
    return { left, right: left + each, browser: left + EDGE, server: left + each - EDGE };
  });
}

/**
 * Draws marks.
 *
 * @param marks in any order
 * @returns the shapes, of each layer from back to front
 */
export function draw(marks: Iterable<Mark>, view: View): DrawnShape[] {
  const bySource = new Map(view.sources.map(({ source }) => [source, emptyMarks()]));
  for (const mark of marks) {
    const found = bySource.get(mark.source);
    if (mark.mark === "exchange") found?.exchange.push(mark);
    else if (mark.mark === "tick") found?.tick.push(mark);
    else if (mark.mark === "connection") found?.connection.push(mark);
    else found?.fault.push(mark);
  }
  const columns = columnsOf(view.sources, view.width);
  const shapes = timesOf(view, (columns[0]?.left ?? TIMES) - TIMES);
  view.sources.forEach((source, index) => {
    const column = columns[index];
    const found = bySource.get(source.source);
    if (column && found) shapes.push(...drawColumn(source, column, found, view));
  });
  return shapes;
}

/** The class that gives a chapter its colour. */
export function classOf({ name }: Source): string {
  return `of-${/^ch\d\d/.exec(name)?.[0] ?? "other"}`;
}

interface Marks {
  readonly exchange: ExchangeMark[];
  readonly tick: TickMark[];
  readonly connection: ConnectionMark[];
  readonly fault: FaultMark[];
}

function emptyMarks(): Marks {
  return { exchange: [], tick: [], connection: [], fault: [] };
}

/** The seconds between two times on the left: so many that they have room. */
function timeStep(pxPerSecond: number): number {
  const steps = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 600, 3_600];
  return steps.find((step) => step * pxPerSecond >= 48) ?? 3_600;
}

/** `0:12`, with a fraction where the step between two times is one. */
export function timeText(seconds: number, step = 1): string {
  const digits = step >= 1 ? 0 : step >= 0.1 ? (step === 0.25 ? 2 : 1) : 2;
  const minutes = Math.floor(seconds / 60);
  const rest = (seconds - 60 * minutes).toFixed(digits).padStart(digits === 0 ? 2 : digits + 3, "0");
  return `${minutes}:${rest}`;
}

function timesOf({ from, to, top, pxPerSecond }: View, left: number): DrawnShape[] {
  const step = timeStep(pxPerSecond);
  const shapes: DrawnShape[] = [];
  for (let index = Math.max(0, Math.ceil(from / 1_000 / step)); index * step * 1_000 <= to; index += 1) {
    const y = round(top + (index * step - from / 1_000) * pxPerSecond);
    const line = { d: `M${round(left + TIMES - 6)} ${y}h6` };
    shapes.push({ tag: "path", key: `time ${index}`, layer: "back", class: "time", attributes: line });
    const place = { x: round(left + TIMES - 10), y: round(y + 4) };
    const text = timeText(index * step, step);
    shapes.push({
      tag: "text",
      key: `time ${index} text`,
      layer: "back",
      class: "time",
      attributes: place,
      text,
    });
  }
  return shapes;
}

/** What crosses: an arrow, a dot, or an attempt that failed. */
type Kind =
  | "ask"
  | "empty"
  | "news"
  | "send"
  | "poll"
  | "page"
  | "message"
  | "heartbeat"
  | "close"
  | "failed";

interface Arrow extends Crossing {
  readonly is: Kind;
  readonly direction: Direction;
  readonly of: Crosser;
  /** How far down it gets while it crosses, in pixels; 0 unless it is slow. */
  readonly slope: number;
  /** A fault holds it up halfway, or it never arrived. */
  readonly isStuck: boolean;
  /** It got to the server, and what it carries was not seen to arrive. */
  readonly isLost: boolean;
  /** The lane of the bar that it belongs to; undefined where it goes from lifeline to lifeline. */
  readonly lane: number | undefined;
  /** A socket's arrows end at the bars of both sides. */
  readonly isSocket: boolean;
}

function drawColumn(source: Source, column: Column, marks: Marks, view: View): DrawnShape[] {
  const { from, to, top, pxPerSecond, now, lostBefore } = view;
  const yOf = (time: Time) => top + ((time - from) * pxPerSecond) / 1_000;
  // Rows of some time before may reach into the view.
  const margin = CHAIN + 4 * ROW_GAP;
  const begin = (Math.floor(((from / 1_000) * pxPerSecond - margin) / CHAIN) * CHAIN * 1_000) / pxPerSecond;
  const most = Math.max(1, Math.floor((column.server - column.browser) / 4 / LANE));
  const bars = marks.exchange.filter(isBar).sort((one, other) => one.at - other.at);
  const laneOf = lanesOf(bars, most);
  const sockets = new Set(bars.filter(({ shape }) => shape === "socket").map(({ number }) => number));
  const endOf = new Map(marks.connection.map((mark) => [mark.connection, mark]));
  const bottom = yOf(Math.min(to, now));
  // Where nothing ever arrives, nobody listens, or it is no chat.
  const isHeard = [marks.exchange, marks.tick].some((some) =>
    some.some(({ arrived }) => arrived !== undefined),
  );
  const shapes: DrawnShape[] = [];
  const add = (
    tag: DrawnShape["tag"],
    key: string,
    layer: DrawnShape["layer"],
    className: string,
    attributes: DrawnShape["attributes"],
    more: Partial<DrawnShape> = {},
  ) =>
    shapes.push({
      tag,
      key: `${source.source} ${key}`,
      layer,
      class: `${className} ${classOf(source)}`,
      attributes,
      ...more,
    });

  const arrows: Arrow[] = [];
  const slopeOf = (start: Time, end: Time | undefined) => {
    const slope = end === undefined ? 0 : ((end - start) * pxPerSecond) / 1_000;
    return slope > SLOPE ? slope : 0;
  };
  const newest = { upstream: new Map<string, Arrow>(), downstream: new Map<string, Arrow>() };
  const cross: Cross = (of, is, direction, at, until) => {
    if (at < begin || at > to) return;
    const y = yOf(at);
    const slope = slopeOf(at, until);
    const isStuck = until === undefined;
    const isLost = isHeard && !isStuck && at < lostBefore && isMissed(of, is);
    // A ping and the text beside it are two heartbeats of different kinds.
    const sort = of.mark === "tick" && is === "heartbeat" ? `${is} ${of.summary.split(" ")[0]}` : is;
    const like = newest[direction].get(sort);
    const isLike = like?.isStuck === isStuck && like.isLost === isLost && like.slope === 0 && slope === 0;
    if (like && isLike && y >= like.y && y < like.y + TOGETHER) {
      like.marks.push(of.number);
      return;
    }
    // What is slow is drawn as itself: its own slope would be hidden in that of another.
    const kind = `${sort} ${direction} ${isStuck} ${isLost}${slope > 0 ? of.number : ""}`;
    const bar = of.mark === "tick" ? of.exchange : of.number;
    const lane = laneOf.get(bar) ?? (of.mark === "tick" ? 0 : undefined);
    const isSocket = of.mark === "connection" ? false : sockets.has(bar);
    const arrow = { kind, y, marks: [of.number], is, direction, of, slope, isStuck, isLost, lane, isSocket };
    arrows.push(arrow);
    newest[direction].set(sort, arrow);
  };
  for (const mark of marks.exchange) {
    crossingsOf(mark, cross, (start, end) => slopeOf(start, end) > 0);
  }
  for (const mark of marks.tick) {
    cross(mark, mark.what === "other" ? "heartbeat" : mark.what, mark.direction, mark.at, mark.passed);
  }
  for (const mark of marks.connection) {
    if (mark.end === "refused" || mark.end === "unreachable")
      cross(mark, "failed", "upstream", mark.at, mark.at);
  }
  arrows.sort((one, other) => one.y - other.y);
  const rows = placeRows(arrows);

  // From back to front: what lasts, then what crosses.
  for (const mark of marks.fault) {
    if (mark.at <= to && (mark.until ?? now) >= begin) drawFault(mark, column, view, yOf, add);
  }
  for (const x of [column.browser, column.server]) {
    add("path", `lifeline ${x}`, "back", "lifeline", { d: `M${round(x)} ${top - 4}V${round(yOf(to))}` });
  }
  const asked = new Map<number, Arrow>();
  const answered = new Map<number, Arrow>();
  for (const arrow of arrows) {
    const ends = arrow.is === "ask" ? asked : answered;
    if (arrow.is === "ask" || arrow.is === "news" || arrow.is === "empty") {
      for (const mark of arrow.marks) ends.set(mark, arrow);
    }
  }
  let previous: (Shape & { readonly mark: ExchangeMark })[] = [];
  for (const mark of bars) {
    const end = endOfBar(mark);
    if (mark.at > to) break;
    const lane = laneOf.get(mark.number) ?? 0;
    const ask = asked.get(mark.number);
    const answer = answered.get(mark.number);
    const start = ask ? (ask.row ?? ask).y + ask.slope : yOf(mark.asked ?? mark.at);
    const isOver = end !== undefined && end <= now;
    const stop = Math.max(start + 4, answer ? (answer.row ?? answer).y : isOver ? yOf(end) : bottom);
    const bar = { mark, lane, start, stop, isOver };
    const before = previous.find((other) => other.lane === lane);
    // Where there are more than lanes, one that goes on would hide the other.
    if (before && !before.isOver && !isOver) continue;
    if (before?.mark.broken && before.mark.shape === mark.shape && start > before.stop + 8) {
      for (const x of sidesOf(bar, column)) {
        const d = `M${round(x)} ${round(before.stop + 8)}V${round(start)}`;
        add("path", `${mark.number} gap ${x}`, "back", "gap", { d });
      }
    }
    previous = [...previous.filter((other) => other.lane !== lane), bar];
    if (stop >= yOf(begin)) drawBar(bar, column, endOf.get(mark.connection), add);
  }
  // Where there are bars, arrows end at them.
  const edges = {
    left: column.browser + (sockets.size > 0 ? BAR / 2 : 0),
    right: column.server - (bars.length > 0 ? BAR / 2 : 0),
  };
  for (const row of rows) drawRow(row, edges, view, add);
  if (top >= HEADS) drawHeads(source, column, view, add);
  return shapes;
}

type Crosser = ExchangeMark | TickMark | ConnectionMark;
type Cross = (of: Crosser, is: Kind, direction: Direction, at: Time, until: Time | undefined) => void;
type Add = (
  tag: DrawnShape["tag"],
  key: string,
  layer: DrawnShape["layer"],
  className: string,
  attributes: DrawnShape["attributes"],
  more?: Partial<DrawnShape>,
) => void;

/** What lasts for the server begins when it was asked. */
function isBar({ shape, asked }: ExchangeMark): boolean {
  return asked !== undefined && (shape === "held" || shape === "stream" || shape === "socket");
}

/** Whether it was to take a message to the others, which was not seen to arrive at any. A server may refuse one. */
function isMissed(of: Crosser, is: Kind): boolean {
  if (of.mark === "exchange") return is === "send" && of.arrived === undefined && (of.status ?? 0) < 400;
  return of.mark === "tick" && of.direction === "upstream" && of.message !== undefined && !of.arrived;
}

/** A held request's bar ends where its answer begins, a stream's where that ends. */
function endOfBar({ shape, answered, until }: ExchangeMark): Time | undefined {
  return shape === "held" ? (answered ?? until) : until;
}

/** Bars that last at the same time are beside each other: each takes the first lane that is free. */
function lanesOf(bars: readonly ExchangeMark[], most: number): Map<number, number> {
  const ends: number[] = [];
  const laneOf = new Map<number, number>();
  for (const mark of bars) {
    const free = ends.findIndex((end) => end <= mark.at);
    const lane = free === -1 ? ends.length : free;
    ends[lane] = endOfBar(mark) ?? Number.POSITIVE_INFINITY;
    laneOf.set(mark.number, Math.min(lane, most - 1));
  }
  return laneOf;
}

function quoted(text: string): string {
  return `“${text}”`;
}

function messagesOf({ messages, count }: ExchangeMark): string {
  const [first] = messages;
  if (first === undefined) return "";
  return count > 1 ? ` ${quoted(first.text)} +${count - 1}` : ` ${quoted(first.text)}`;
}

/** A request and its response as what crosses. */
function crossingsOf(mark: ExchangeMark, cross: Cross, isSlow: (start: Time, end: Time) => boolean): void {
  const { shape, at, asked, answered, count } = mark;
  // Of an answer whose connection broke, the end never arrived.
  const until = mark.broken ? undefined : mark.until;
  if (shape === "page") cross(mark, "page", "downstream", at, at);
  else if (shape === "send") cross(mark, "send", "upstream", at, asked);
  else if ((shape === "poll" || shape === "other") && asked !== undefined) {
    const isSeen =
      answered !== undefined && (isSlow(at, asked) || until === undefined || isSlow(answered, until));
    cross(mark, "poll", "upstream", at, isSeen ? asked : at);
    if (answered === undefined) return;
    if (count > 0) cross(mark, "news", "downstream", answered, until);
    else if (isSeen) cross(mark, "empty", "downstream", answered, until);
  } else {
    cross(mark, "ask", "upstream", at, asked);
    if (shape !== "held" || answered === undefined) return;
    cross(mark, count > 0 ? "news" : "empty", "downstream", answered, until);
  }
}

/** What an arrow says, and shorter, for where that has no room. */
function labelsOf({ of, is }: Arrow, words: DrawingWords): string[] {
  if (of.mark === "tick") return [of.message ? quoted(of.message.text) : of.summary];
  if (of.mark === "connection") return [of.end === "refused" ? words.refused : words.unreachable];
  const { shape, method, target, status, count } = of;
  const request = `${method} ${target}`;
  const brought = messagesOf(of);
  if (is === "send") return [request + brought, brought.trim()];
  if (is === "news" || is === "empty") return [`${status ?? ""}${brought}`];
  // An answer that is an arrow of its own says its status there.
  const isAlone = shape !== "held" && (shape !== "poll" || count === 0);
  if (status === undefined || !isAlone) return [request];
  return [`${request} → ${status}`, `${target.split("?")[0]} → ${status}`];
}

interface Shape {
  readonly lane: number;
  readonly start: number;
  readonly stop: number;
  readonly isOver: boolean;
}

/** A held request and a stream are the server's matter; on a socket both sides may speak. */
function sidesOf({ mark, lane }: { mark: ExchangeMark; lane: number }, column: Column): number[] {
  const server = column.server - lane * LANE;
  return mark.shape === "socket" ? [column.browser + lane * LANE, server] : [server];
}

function drawBar(
  { mark, lane, start, stop, isOver }: Shape & { readonly mark: ExchangeMark },
  column: Column,
  connection: ConnectionMark | undefined,
  add: Add,
): void {
  const isBroken = isOver && mark.broken === true;
  const className = { held: "hold", stream: "stream", socket: "socket" }[mark.shape as "held"];
  const sides = sidesOf({ mark, lane }, column);
  const [left, right] = [sides[0] ?? 0, sides.at(-1) ?? 0];
  const height = round(stop - start);
  if (mark.shape === "socket") {
    const tube = { x: round(left), y: round(start), width: round(right - left), height };
    add("rect", `${mark.number} tube`, "back", "tube", tube);
  }
  sides.forEach((x, side) => {
    const rect = { x: round(x - BAR / 2), y: round(start), width: BAR, height, rx: isBroken ? 0 : 3 };
    add("rect", `${mark.number} bar ${side}`, "back", className, rect, { marks: [mark.number] });
    if (!isBroken) return;
    const isCut = connection?.end === "cut" || connection?.end === "reset";
    const y = stop + 1;
    const cross = `M${round(x - 6)} ${round(y - 6)}l12 12m0-12l-12 12`;
    add("path", `${mark.number} break ${side}`, "front", isCut ? "break" : "break soft", { d: cross });
  });
}

function drawFault(mark: FaultMark, column: Column, view: View, yOf: (time: Time) => number, add: Add): void {
  const { words, top, labels } = view;
  const [y, end] = [Math.max(top, yOf(mark.at)), yOf(Math.min(mark.until ?? view.now, view.to))];
  const [left, width] = [round(column.browser + 6), round(column.server - column.browser - 12)];
  const said = {
    cut: () => words.cut,
    refuse: () => words.refuse,
    delay: () => words.delay(mark.ms ?? 0),
    stall: () => words.stall[mark.direction ?? "downstream"],
    split: () => words.split,
  }[mark.fault]();
  if (mark.fault === "cut") {
    add("path", `${mark.number} fault`, "back", "fault cut", { d: `M${left} ${round(y)}h${width}` });
  } else {
    const rect = { x: left, y: round(y), width, height: round(Math.max(2, end - y)), rx: 4 };
    add("rect", `${mark.number} fault`, "back", `fault ${mark.fault}`, rect);
  }
  if (!labels) return;
  // On the right, where no row has its label; that of a cut above its line, because others often begin with it.
  const place = { x: round(column.server - 2.5 * LANE), y: round(mark.fault === "cut" ? y - 5 : y + 13) };
  const text = clipped(said, width / 2 - 3 * LANE);
  add("text", `${mark.number} fault text`, "top", "fault", place, { text });
}

function drawRow(
  row: Row<Arrow>,
  edges: Pick<Column, "left" | "right">,
  { labels, words }: View,
  add: Add,
): void {
  const { first, y } = row;
  const { is, direction, slope, lane = 0, isSocket, of } = first;
  const isUp = direction === "upstream";
  const left = edges.left + (isSocket ? lane * LANE : 0);
  const right = edges.right - lane * LANE;
  const middle = (edges.left + edges.right) / 2;
  const key = `${of.number} ${is}`;
  const [from, to] = isUp ? [left, right] : [right, left];
  const way = isUp ? 1 : -1;
  const whole = `M${round(from)} ${round(y)}L${round(to - way)} ${round(y + slope)}`;
  // An answer that was slow arrives where the next request begins: its label is where it has room.
  const isAside = !isUp && slope > 0;
  const labelled = isAside ? middle + INDENT : left + INDENT;
  const room = (is === "poll" || is === "page" ? middle - 8 : right - 12) - labelled;
  const times = row.marks.length > 1 ? ` ×${row.marks.length}` : "";
  const more = first.isLost ? `${times} · ${words.lost}` : times;
  const texts = is === "page" && row.marks.length > 1 ? [words.files] : labelsOf(first, words);
  const text = labels ? `${fitting(texts, room - widthOf(more))}${more}` : times.trim();
  const around = [labelled - AROUND, labelled + widthOf(text) + AROUND].map(round);
  const [stop, goOn] = isUp ? around : around.toReversed();
  const gap = text === "" ? "" : `H${stop}M${goOn} ${round(y)}`;
  const lineTo = (x: number) => `M${round(from)} ${round(y)}${gap}H${round(x)}`;
  const line = slope > 0 ? whole : lineTo(to - way);
  const open = { marks: row.marks, way: direction, isCarrying: is === "send" || is === "news" };
  const tip = (size: number) =>
    `M${round(to - way - way * size)} ${round(y + slope - size * 0.7)}l${way * size} ${round(size * 0.7)}l${-way * size} ${round(size * 0.7)}`;

  add("path", `${key} hit`, "front", "hit", { d: whole }, open);
  if (is === "failed") {
    // One that was refused does not reach the server.
    const isRefused = of.mark === "connection" && of.end === "refused";
    const x = round(isRefused ? middle : right - 8);
    add("path", `${key} casing`, "front", "casing", { d: `M${round(left + 6)} ${round(y)}H${x - 7}` });
    add("path", key, "front", "failed", { d: lineTo(x - 7) });
    drawBreak(`${key} break`, x, y, add);
  } else if (is === "poll" || is === "page") {
    add("path", key, "front", `${is} line`, { d: line });
    const r = is === "page" ? 3 : 3.5;
    add("circle", `${key} dot`, "front", is, { cx: round(middle), cy: round(y + slope / 2), r });
  } else {
    const size = is === "ask" || is === "empty" || is === "heartbeat" ? 5 : 7;
    const className = {
      ask: "ask",
      empty: "answer",
      news: "answer news",
      send: "send",
      message: `message ${direction}`,
      heartbeat: "heartbeat",
      close: "close",
    }[is];
    const stuck = `M${round(from)} ${round(y)}H${round(middle)}m${4 * way} -5v10`;
    if (first.isStuck) add("path", key, "front", `${className} stuck`, { d: stuck });
    else if (is !== "heartbeat") add("path", key, "front", className, { d: `${line}${tip(size)}` });
    else {
      add("path", key, "front", className, { d: line });
      add("path", `${key} tip`, "front", `${className} tip`, { d: tip(size) });
    }
    if (is === "news") {
      add("circle", `${key} dot`, "front", "news", { cx: round(right), cy: round(y), r: 4.5 });
    }
    if (first.isLost) drawBreak(`${key} lost`, to - 14 * way, y + slope, add);
  }
  if (text === "") return;
  const slid = slope * ((labelled - left) / Math.max(1, right - left));
  const place = { x: round(labelled), y: round(y + 4 + (isUp ? slid : slope - slid)) };
  const faint = is === "poll" || is === "heartbeat" || is === "page" || is === "ask" || is === "empty";
  const kind = is === "failed" ? "bad bare" : first.isLost ? "bad" : faint ? "faint" : "plain";
  const className = `label ${kind}${isSocket ? " inside" : ""}`;
  add("text", `${key} label`, "front", className, place, { text, ...open });
}

function drawBreak(key: string, x: number, y: number, add: Add): void {
  add("path", key, "front", "break", { d: `M${round(x - 5)} ${round(y - 5)}l10 10m0-10l-10 10` });
}

function drawHeads(source: Source, column: Column, { words, top, labels }: View, add: Add): void {
  const y = top - 16;
  add("text", "browser", "front", "head", { x: round(column.browser - 12), y }, { text: words.browser });
  add("text", "server", "front", "head end", { x: round(column.server + 12), y }, { text: words.server });
  if (!labels) return;
  const middle = round((column.browser + column.server) / 2);
  add("text", "name", "front", "head name", { x: middle, y }, { text: source.name });
}

/** The first text that has room, or as much of the last one as has. */
function fitting(texts: readonly string[], width: number): string {
  const all = texts.filter((text) => text !== "");
  return all.find((text) => clipped(text, width) === text) ?? clipped(all.at(-1) ?? "", width);
}

/** As much of a text as has room. */
function clipped(text: string, width: number): string {
  let used = 0;
  let shown = "";
  for (const letter of text) {
    used += widthOf(letter);
    if (used > width) return shown === "" ? "" : `${shown.slice(0, -1)}…`;
    shown += letter;
  }
  return shown;
}

/** In pixels. */
function widthOf(text: string): number {
  const wide = (letter: string) =>
    letter > "\u10ff" && letter !== "→" && letter < "\uffe0" && !/[\u2010-\u2027]/.test(letter);
  return [...text].reduce((width, letter) => width + (wide(letter) ? WIDE_LETTER : LETTER), 0);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/**
 * Writes shapes as one SVG file.
 *
 * @param about `style` is the content of drawing.css; `title` and `description` are for readers who do not see it
 */
export function svgText(
  shapes: readonly DrawnShape[],
  about: {
    readonly width: number;
    readonly height: number;
    readonly title: string;
    readonly description: string;
    readonly style: string;
  },
): string {
  const { width, height, title, description, style } = about;
  const elements = LAYERS.flatMap((layer) => shapes.filter((shape) => shape.layer === layer))
    .filter((shape) => shape.class.split(" ")[0] !== "hit")
    .map(({ tag, class: className, attributes, text = "" }) => {
      const all = Object.entries({ class: className, ...attributes });
      return `<${tag}${all.map(([name, value]) => ` ${name}="${escaped(String(value))}"`).join("")}>${escaped(text)}</${tag}>`;
    });
  return `<svg xmlns="http://www.w3.org/2000/svg" class="wire" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title description">
<title id="title">${escaped(title)}</title>
<desc id="description">${escaped(description)}</desc>
<style>${style}</style>
<rect class="card" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"></rect>
${elements.join("\n")}
</svg>
`;
}

/** Text as XML 1.0 §2.2 and §2.4 have it: what it knows no character for is left out. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\ufffd\u{10000}-\u{10ffff}]/gu, "")
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
