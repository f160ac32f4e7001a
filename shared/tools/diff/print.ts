// How two files are shown: next to each other, or as a patch.
import { eastAsianWidth } from "get-east-asian-width";
import { hunksOf, type Line, type Piece, type Row } from "./rows.ts";

/** From this many columns on, two files fit next to each other. */
const WIDE = 160;
/** How many lines a patch shows around each change, as `diff -u` does. */
const CONTEXT = 3;
/** What stands before a line's text: its number, its mark, and a space after each. */
const MARGIN = 6;
const BETWEEN = " │ ";

/** What the output goes to. */
export interface Screen {
  /** How many columns a terminal has; 0 where it is a file or a pipe. */
  readonly columns: number;
  readonly hasColours: boolean;
}

/** A file to show. */
export interface Version {
  readonly path: string;
  readonly text: string;
}

/** The parameters of "Select Graphic Rendition" (ECMA-48 §8.3.117); a changed word is shown in reverse. */
const STYLES = { title: 1, number: 2, changed: 7, " ": 0, "-": 31, "+": 32, "@": 36 };
type Style = keyof typeof STYLES;
type Paint = (text: string, ...styles: readonly Style[]) => string;

/** @returns the lines to print; none where the two are the same */
export function show(from: Version, to: Version, { columns, hasColours }: Screen): string[] {
  const paint: Paint = (text, ...styles) => {
    return hasColours ? `\x1b[${styles.map((style) => STYLES[style]).join(";")}m${text}\x1b[0m` : text;
  };
  return columns < WIDE ? patch(from, to, paint) : sideBySide(from, to, Math.floor(columns), paint);
}

function patch(from: Version, to: Version, paint: Paint): string[] {
  const hunks = hunksOf(from.text, to.text, CONTEXT);
  if (hunks.length === 0) return [];
  const lines = hunks.flatMap(({ header, rows }) => [
    paint(header, "@"),
    ...underEachOther(rows).map(({ mark, pieces }) => paint(mark, mark) + paintPieces(pieces, mark, paint)),
  ]);
  return [paint(`--- ${from.path}`, "title"), paint(`+++ ${to.path}`, "title"), ...lines];
}

/** What was removed, then what was added in its place, then what was kept. */
function underEachOther(rows: readonly Row[]): Line[] {
  const lines: Line[] = [];
  const added: Line[] = [];
  for (const { left, right } of rows) {
    if (left?.mark === " ") lines.push(...added.splice(0), left);
    else {
      if (left) lines.push(left);
      if (right) added.push(right);
    }
  }
  return [...lines, ...added];
}

/** The whole files. A line that is too long goes on in the next row. */
function sideBySide(from: Version, to: Version, columns: number, paint: Paint): string[] {
  const hunks = hunksOf(from.text, to.text, Number.POSITIVE_INFINITY);
  const width = Math.floor((columns - BETWEEN.length) / 2);
  const join = (left: string, right: string) => (left + BETWEEN + right).trimEnd();
  const lines = hunks.flatMap(({ rows }) =>
    rows.flatMap(({ left, right }) => {
      const lefts = cells(left, width, paint);
      const rights = cells(right, width, paint);
      return Array.from({ length: Math.max(lefts.length, rights.length) }, (_, row) =>
        join(lefts[row] ?? " ".repeat(width), rights[row] ?? ""),
      );
    }),
  );
  if (lines.length === 0) return [];
  const title = join(paint(from.path.padEnd(width), "title"), paint(to.path, "title"));
  return [title, `${"─".repeat(width + 1)}┼${"─".repeat(width + 1)}`, ...lines];
}

/** A line in as many rows as it needs, each as wide as told. */
function cells(line: Line | undefined, width: number, paint: Paint): string[] {
  if (line === undefined) return [];
  return wrap(line.pieces, width - MARGIN).map((row, index) => {
    const number = index === 0 ? String(line.number) : "";
    const margin = `${paint(number.padStart(MARGIN - 3), "number")} ${paint(line.mark, line.mark)} `;
    return margin + paintPieces(row.pieces, line.mark, paint) + " ".repeat(width - MARGIN - row.columns);
  });
}

function paintPieces(pieces: readonly Piece[], mark: Line["mark"], paint: Paint): string {
  return pieces
    .map(({ text, isChanged }) => (isChanged ? paint(text, mark, "changed") : paint(text, mark)))
    .join("");
}

const GRAPHEMES = new Intl.Segmenter();

/** Cuts a line into rows. Korean characters and emoji are two columns wide. */
function wrap(pieces: readonly Piece[], width: number): { pieces: Piece[]; columns: number }[] {
  let row: { pieces: Piece[]; columns: number } = { pieces: [], columns: 0 };
  const rows = [row];
  for (const { text, isChanged } of pieces) {
    let part = "";
    for (const { segment } of GRAPHEMES.segment(text)) {
      const columns = eastAsianWidth(segment.codePointAt(0) ?? 0);
      if (row.columns + columns > width) {
        row.pieces.push({ text: part, isChanged });
        part = "";
        row = { pieces: [], columns: 0 };
        rows.push(row);
      }
      part += segment;
      row.columns += columns;
    }
    row.pieces.push({ text: part, isChanged });
  }
  return rows;
}
