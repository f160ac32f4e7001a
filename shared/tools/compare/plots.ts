// The plots, drawn by Observable Plot into an SVG of this process: the report needs no script to show them.
import { dot, line, type Markish, type PlotOptions, plot, ruleY } from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { type Language, WORDS } from "./report-words.ts";
import { ENOUGH_FOR_MEMORY, type Results } from "./run.ts";
import { CHAPTERS } from "./subjects.ts";

// Four hues that stay apart for the colour-blind too, and on white as on black (after Okabe and Ito).
const COLORS = ["#d55e00", "#b8860b", "#009e73", "#0072b2"];

/** @returns an SVG with its legend, as HTML */
function draw(title: string, x: string, y: string, marks: Markish[], more: PlotOptions = {}): string {
  const { document } = parseHTML("<!doctype html><html></html>");
  const figure = plot({
    document,
    ariaLabel: title,
    width: 720,
    height: 380,
    marginLeft: 64,
    marginBottom: 44,
    grid: true,
    style: { fontSize: "13px", background: "none", overflow: "visible" },
    x: { type: "log", label: x, tickFormat: (value: number) => String(value) },
    y: { type: "log", label: y, tickFormat: (value: number) => String(value) },
    color: { legend: true, domain: CHAPTERS, range: COLORS },
    symbol: { domain: CHAPTERS },
    marks,
    ...more,
  });
  return figure.outerHTML;
}

/** Delay against poll interval: polling's line, and the others' levels. */
export function delayPlot({ intervals, rows }: Results, language: Language): string {
  const words = WORDS[language];
  const points = [...intervals]
    .sort((a, b) => a.interval - b.interval)
    .map(({ interval, delay }) => ({ chapter: "ch09-polling", interval, p50: delay.p50, p99: delay.p99 }));
  const levels = rows
    .filter(({ schedule, chapter }) => schedule === "steady" && chapter !== "ch09-polling")
    .filter(({ chapter }, at, all) => all.findIndex((row) => row.chapter === chapter) === at)
    .map(({ chapter, delay }) => ({ chapter, p50: Math.max(delay.p50, 0.01) }));
  return draw(words.intervals, words.intervalAxis, words.delayAxis, [
    ruleY(levels, { y: "p50", stroke: "chapter", strokeWidth: 2 }),
    line(points, { x: "interval", y: "p99", stroke: "chapter", strokeWidth: 1, strokeDasharray: "4 3" }),
    line(points, { x: "interval", y: "p50", stroke: "chapter", strokeWidth: 2.5 }),
    dot(points, { x: "interval", y: "p50", fill: "chapter", symbol: "chapter", r: 4 }),
  ]);
}

/** Bytes a message against message rate. */
export function ratePlot({ rates }: Results, language: Language): string {
  const words = WORDS[language];
  return draw(words.rates, words.rateAxis, words.bytesAxis, lineOf(rates, "rate", "bytes"));
}

/** CPU against clients. */
export function growthPlot({ growth }: Results, language: Language): string {
  const words = WORDS[language];
  return draw(words.growth, words.clientsAxis, words.cpuAxis, lineOf(sorted(growth), "clients", "cpu"));
}

/** Memory a client against clients. */
export function memoryPlot({ growth }: Results, language: Language): string {
  const words = WORDS[language];
  const points = sorted(growth)
    .filter(({ clients }) => clients >= ENOUGH_FOR_MEMORY)
    .map(({ memory, ...rest }) => ({ ...rest, memory: memory / 1024 }));
  return draw(words.memory, words.clientsAxis, words.memoryAxis, lineOf(points, "clients", "memory"), {
    y: { label: words.memoryAxis, zero: true },
  });
}

function sorted(growth: Results["growth"]) {
  return [...growth].sort((a, b) => a.clients - b.clients);
}

function lineOf<Point extends { readonly chapter: string }>(
  points: readonly Point[],
  x: keyof Point & string,
  y: keyof Point & string,
): Markish[] {
  const data = [...points];
  return [
    line(data, { x, y, stroke: "chapter", strokeWidth: 2.5 }),
    dot(data, { x, y, fill: "chapter", symbol: "chapter", r: 4 }),
  ];
}
