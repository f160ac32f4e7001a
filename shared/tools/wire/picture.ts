// A recording as a picture for the notes: the diagram that the viewer draws, as SVG that is light or dark by itself.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DRAWING_WORDS, draw, HEADS, PATIENCE, svgText, TIMES } from "./drawing.ts";
import type { Mark } from "./events.ts";
import type { Replayed } from "./replay.ts";
import type { Language } from "./words.ts";

const UP = import.meta.filename.endsWith(".ts") ? "." : "../../../../shared/tools/wire";
const STYLE = join(import.meta.dirname, UP, "drawing.css");

/** A column's width, so that a phone need not shrink it much, and the longest that a picture of a usual recording should be, in pixels. */
const COLUMN = 460;
const NARROW_COLUMN = 300;
const HEIGHT = 760;
/** A second has so many pixels at least, and at most. */
const LEAST = 8;
const MOST = 60;
/** Around what is drawn, in pixels. */
const EDGE = 16;
/** What comes close together is drawn further down than its time: so much is left below, in pixels. */
const BELOW = 32;

const TITLES = {
  en: (names: string) => `What crosses the wire: ${names}`,
  ko: (names: string) => `네트워크를 오가는 것: ${names}`,
} as const satisfies Readonly<Record<Language, (names: string) => string>>;

const DESCRIPTIONS = {
  en: "A sequence diagram: the browser on the left, the server on the right, time running down.",
  ko: "시퀀스 다이어그램: 왼쪽이 브라우저, 오른쪽이 서버이고, 시간은 아래로 흐릅니다.",
} as const satisfies Readonly<Record<Language, string>>;

/** @returns an SVG file of the whole recording */
export function pictureOf({ store, sources, now }: Replayed, language: Language): string {
  const { marks } = store.read([], store.kept.marks);
  const ordered = marks.toSorted((a, b) => a.number - b.number);
  const from = Math.min(now, ...ordered.map(beginOf));
  const seconds = Math.max(1, (now - from) / 1_000);
  const pxPerSecond = Math.min(MOST, Math.max(LEAST, HEIGHT / seconds));
  const width = TIMES + sources.length * (sources.length === 1 ? COLUMN : NARROW_COLUMN);
  const shapes = draw(ordered, {
    sources,
    width,
    from,
    to: now,
    pxPerSecond,
    top: HEADS + EDGE,
    now,
    lostBefore: now - PATIENCE,
    words: DRAWING_WORDS[language],
    labels: true,
  });
  return svgText(shapes, {
    width: width + EDGE,
    height: Math.ceil(HEADS + EDGE + pxPerSecond * seconds + BELOW),
    title: TITLES[language](sources.map(({ name }) => name).join(", ")),
    description: DESCRIPTIONS[language],
    style: readFileSync(STYLE, "utf8"),
  });
}

/** Connections say nothing of their own: the picture begins with what crosses. */
function beginOf(mark: Mark): number {
  return mark.mark === "connection" ? Number.POSITIVE_INFINITY : mark.at;
}
