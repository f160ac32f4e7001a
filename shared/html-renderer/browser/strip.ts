// "On the wire": the last minute of what the technique does, drawn as it happens.
import { WORDS } from "../words.ts";
import { element } from "./element.ts";
import { createMarks, isHeld, type Mark, SPAN } from "./marks.ts";
import { pageLanguage } from "./reason.ts";
import { pageText } from "./settings.ts";
import type { Wire } from "./wire.ts";

/** In milliseconds: how often the strip moves, at most, and how often where the reader wants less motion. */
const REDRAW = 100;
const REDRAW_CALMLY = 1_000;
/** In milliseconds: how often its text changes, so that a screen reader is not kept busy. */
const RETELL = 10_000;

/** From back to front; each is one path, so that a busy minute is no more than these elements. */
const LAYERS = [
  ...["gap", "held", "tube", "rail", "pulse", "pulse-inside"],
  ...["tick", "news", "ring", "dot", "received", "sent", "cross"],
] as const;

/** In pixels from the top: the lane of a `POST`, the foot of the counts, and the middle of the wire. */
const LANE = 14;
const COUNTS = 39;
const WIRE = 65;
/** In pixels: half the height of a tick with messages, or of a socket; and half that of a bar. */
const TALL = 18;
const HALF = 12;
/** In pixels from the middle: the two lanes of a socket; and half the length of an arrow. */
const WAY = 8.5;
const ARROW = 6.5;
/** In pixels: of so much of the strip at most one number is shown. */
const STRETCH = 20;
/** In pixels: so far from the right edge is now. */
const NOW = 10;

/** Draws what is recorded from now on. */
export function openStrip(wire: Wire): void {
  const strip = element("strip", HTMLElement);
  const details = element("wire", HTMLDetailsElement);
  const language = pageLanguage();
  const isSocket = pageText("chapter") === "ch12-websocket";
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const marks = createMarks();
  const svg = strip.appendChild(draw("svg"));
  const paths = new Map(LAYERS.map((layer) => [layer, svg.appendChild(draw("path", layer))]));
  const counts = svg.appendChild(draw("g"));
  let width = 0;
  let drawn = "";
  let hasChanged = false;
  let told = -Infinity;
  let timer: ReturnType<typeof setInterval> | undefined;

  function redraw(): void {
    const now = performance.now();
    // Whole pixels of the screen, so that what moves stays sharp and nothing moves against anything else.
    const pixel = 1 / devicePixelRatio;
    const place = (time: number) => Math.round((time / SPAN) * (width / pixel));
    const x = (time: number) => width - NOW - (place(now) - place(Math.min(time, now))) * pixel;
    const state = `${place(now)} ${width}`;
    if (width === 0 || (state === drawn && !hasChanged)) return;
    drawn = state;
    hasChanged = false;
    const current = marks.since(now - SPAN);
    const shapes = shapesOf(current, { now, x, isSocket });
    for (const [layer, path] of paths) path.setAttribute("d", shapes.paths[layer] ?? "");
    counts.replaceChildren(...shapes.counts.map(({ x, count }) => text(x, count)));
    if (now - told < RETELL || current.length === 0) return;
    told = now;
    strip.ariaLabel = `${WORDS.lastMinute[language]}: ${tell(current, now, language).join(", ")}`;
  }

  function restart(isSeen: boolean): void {
    clearInterval(timer);
    timer = undefined;
    if (!isSeen) return;
    redraw();
    timer = setInterval(() => document.hidden || redraw(), calm.matches ? REDRAW_CALMLY : REDRAW);
  }

  // Beside the conversation there is room for it; above it, it is a line that opens.
  const wide = matchMedia("(min-width: 56rem)");
  const adapt = () => {
    details.open = wide.matches;
    details.dataset.seen = "";
  };
  wide.addEventListener("change", adapt);
  adapt();
  wire.subscribe((record) => {
    marks.add(record);
    hasChanged = true;
  });
  new ResizeObserver(() => {
    width = strip.clientWidth;
  }).observe(strip);
  new IntersectionObserver((entries) => restart(entries.at(-1)?.isIntersecting ?? false)).observe(strip);
  calm.addEventListener("change", () => restart(timer !== undefined));
}

/** What is drawn: the path of each layer, and numbers above the wire. */
interface Shapes {
  readonly paths: Partial<Record<string, string>>;
  readonly counts: readonly { readonly x: number; readonly count: number }[];
}

/**
 * Draws marks.
 *
 * @param view `now`, the place of a time in pixels, and whether the connection is a socket, which goes both ways
 */
export function shapesOf(
  marks: readonly Mark[],
  { now, x, isSocket }: { now: number; x(time: number): number; isSocket: boolean },
): Shapes {
  const paths: Partial<Record<string, string>> = {};
  const counts: { x: number; count: number }[] = [];
  const add = (layer: (typeof LAYERS)[number], path: string) => {
    paths[layer] = (paths[layer] ?? "") + path;
  };
  const point = (layer: (typeof LAYERS)[number], at: number) => add(layer, `M${at} ${WIRE}h0`);

  function tick({ from, messages }: Mark & { kind: "request" }): void {
    const at = x(from);
    if (messages === 0) add("tick", `M${at} ${WIRE - 4}v8`);
    else if (messages !== undefined) {
      add("news", `M${at} ${WIRE - TALL}v${2 * TALL}`);
      counts.push({ x: at, count: messages });
    }
  }

  /** A bar; the answer rounds its end off. */
  function bar({ from, to, messages }: Mark & { kind: "request" }): void {
    const [start, end] = [x(from) + 1, x(to) - 1];
    const round = Math.min(HALF, Math.max(0, (end - start) / 2));
    const isOpen = messages === undefined;
    const right = isOpen ? `H${end}v${2 * HALF}` : `H${end - round}a${round} ${HALF} 0 0 1 0 ${2 * HALF}`;
    add(
      "held",
      `M${start + round} ${WIRE - HALF}${right}H${start + round}a${round} ${HALF} 0 0 1 0 ${-2 * HALF}`,
    );
    if (isOpen || messages === 0) return;
    point("dot", end - round);
    counts.push({ x: end - round, count: messages });
  }

  function stream({ from, to }: Mark): void {
    const [start, end] = [x(from), x(to)];
    const edges = isSocket ? [WIRE - TALL, WIRE + TALL] : [WIRE];
    for (const y of edges) add("rail", `M${start} ${y}H${end}`);
    if (isSocket) add("tube", `M${start} ${WIRE}H${end}`);
  }

  function arrow(layer: "sent" | "received", at: number, middle: number, half: number): void {
    const y = layer === "sent" ? -1 : 1;
    add(layer, `M${at} ${middle - y * half}v${2 * y * half}m-4 ${-4 * y}l4 ${4 * y}l4 ${-4 * y}`);
  }

  for (const mark of marks) {
    const at = x(mark.from);
    if (mark.kind === "request") (isHeld(mark, now) ? bar : tick)(mark);
    else if (mark.kind === "stream") stream(mark);
    else if (mark.kind === "heartbeat") {
      point("pulse", at);
      point("pulse-inside", at);
    } else if (mark.kind === "message") {
      if (mark.messages > 1) counts.push({ x: at, count: mark.messages });
      if (isSocket) arrow("received", at, WIRE + WAY, ARROW);
      else {
        point("ring", at);
        point("dot", at);
      }
    } else if (mark.kind === "sent") {
      if (mark.by === "socket") arrow("sent", at, WIRE - WAY, ARROW);
      else arrow("sent", at, LANE, 8);
    } else {
      add("cross", `M${at - 5} ${WIRE - 5}l10 10m0-10l-10 10`);
      add("gap", `M${at} ${WIRE}H${x(mark.to)}`);
    }
  }
  return { paths, counts: readable(counts, x(0)) };
}

/**
 * Leaves out numbers that would be written into others. In a busy minute one of each stretch stays, always the same, so
 * that no number comes and goes.
 *
 * @param origin where the time zero is
 */
function readable(counts: Shapes["counts"], origin: number): Shapes["counts"] {
  let limit = -Infinity;
  let last: number | undefined;
  return counts.filter(({ x, count }) => {
    const half = 4 * String(count).length + 2;
    const stretch = Math.floor((x - origin) / STRETCH);
    if (stretch === last || x - half < limit) return false;
    limit = x + half;
    last = stretch;
    return true;
  });
}

/** The marks in words, without what there is none of. */
function tell(marks: readonly Mark[], now: number, language: "en" | "ko"): string[] {
  const requests = marks.filter((mark) => mark.kind === "request");
  const held = requests.filter((mark) => isHeld(mark, now)).length;
  const count = (kind: Mark["kind"]) => marks.filter((mark) => mark.kind === kind).length;
  const sum = (isOne: (mark: Mark) => boolean) =>
    marks.filter(isOne).reduce((all, mark) => all + (("messages" in mark && mark.messages) || 0), 0);
  const told = [
    [WORDS.answeredAtOnce, requests.length - held],
    [WORDS.heldRequests, held],
    [WORDS.openConnections, count("stream")],
    [WORDS.heartbeats, count("heartbeat")],
    [WORDS.messagesReceived, sum(({ kind }) => kind === "request" || kind === "message")],
    [WORDS.messagesSent, sum(({ kind }) => kind === "sent")],
    [WORDS.breaks, count("break")],
  ] as const;
  return told.filter(([, number]) => number > 0).map(([word, number]) => word[language](number));
}

function draw<K extends keyof SVGElementTagNameMap>(tag: K, className = ""): SVGElementTagNameMap[K] {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  if (className !== "") made.setAttribute("class", className);
  return made;
}

function text(x: number, count: number): SVGTextElement {
  const made = draw("text");
  made.setAttribute("x", String(x));
  made.setAttribute("y", String(COUNTS));
  made.textContent = String(count);
  return made;
}
