// What changed from one file to another: which lines, and in a line that was rewritten, which words.
import { type Change, diffArrays, diffWordsWithSpace, structuredPatch } from "diff";

/** A line counts as another one rewritten where at least this part of their letters is the same, from 0 to 1. */
const ALIKE = 0.5;

/** A part of a line. */
export interface Piece {
  readonly text: string;
  /** Whether the other side of the row has something else here. */
  readonly isChanged: boolean;
}

/** A line of a file, with its number: kept, removed or added. */
export interface Line {
  readonly mark: " " | "-" | "+";
  readonly number: number;
  readonly pieces: readonly Piece[];
}

/** What stands next to each other. Removed lines have nothing on their right where fewer were added, and vice versa. */
export interface Row {
  readonly left: Line | undefined;
  readonly right: Line | undefined;
}

/** Rows without a gap, under a header such as `@@ -1,21 +1,22 @@`. */
export interface Hunk {
  readonly header: string;
  readonly rows: readonly Row[];
}

/**
 * Compares two texts.
 *
 * @param context how many lines to keep around each change
 * @returns the hunks; none where the texts are the same
 */
export function hunksOf(from: string, to: string, context: number): Hunk[] {
  const { hunks } = structuredPatch("", "", from, to, "", "", { context });
  return hunks.map(({ oldStart, oldLines, newStart, newLines, lines }) => ({
    header: `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    rows: rowsOf(lines, oldStart, newStart),
  }));
}

/** @param lines a patch's lines, each with its mark before it */
function rowsOf(lines: readonly string[], oldStart: number, newStart: number): Row[] {
  const rows: Row[] = [];
  const count = { left: oldStart, right: newStart };
  const removed: string[] = [];
  const added: string[] = [];
  const endBlock = () => {
    for (const [was, is] of pairsOf(removed.splice(0), added.splice(0))) {
      const [before, after] = piecesOf(was ?? "", is ?? "");
      rows.push({
        left: was === undefined ? undefined : { mark: "-", number: count.left++, pieces: before },
        right: is === undefined ? undefined : { mark: "+", number: count.right++, pieces: after },
      });
    }
  };
  for (const line of lines) {
    const text = line.slice(1);
    if (line.startsWith("-")) removed.push(text);
    if (line.startsWith("+")) added.push(text);
    if (!line.startsWith(" ")) continue;
    endBlock();
    const kept = { mark: " ", pieces: [{ text, isChanged: false }] } as const;
    rows.push({ left: { ...kept, number: count.left++ }, right: { ...kept, number: count.right++ } });
  }
  endBlock();
  return rows;
}

/** Puts rewritten lines next to each other, in order, and between them whatever was removed and added there. */
function pairsOf(
  removed: readonly string[],
  added: readonly string[],
): [was: string | undefined, is: string | undefined][] {
  const pairs: [string | undefined, string | undefined][] = [];
  let [left, right] = [0, 0];
  const pair = (lefts: number, rights: number) => {
    for (let row = 0; row < Math.max(lefts, rights); row += 1) {
      pairs.push([
        row < lefts ? removed[left + row] : undefined,
        row < rights ? added[right + row] : undefined,
      ]);
    }
    left += lefts;
    right += rights;
  };
  let gap = { lefts: 0, rights: 0 };
  for (const part of diffArrays([...removed], [...added], { comparator: areAlike })) {
    if (part.removed) gap.lefts += part.count;
    else if (part.added) gap.rights += part.count;
    else {
      pair(gap.lefts, gap.rights);
      pair(part.count, part.count);
      gap = { lefts: 0, rights: 0 };
    }
  }
  pair(gap.lefts, gap.rights);
  return pairs;
}

/** Two lines with their changed words marked; where they have too little in common, nothing is marked. */
function piecesOf(was: string, is: string): [before: Piece[], after: Piece[]] {
  if (!areAlike(was, is)) return [[{ text: was, isChanged: false }], [{ text: is, isChanged: false }]];
  const changes = diffWordsWithSpace(was, is);
  // Space alone is not marked: a deeper indentation is no change of words.
  const piece = ({ value, added, removed }: Change) => ({
    text: value,
    isChanged: (added || removed) && value.trim() !== "",
  });
  return [
    changes.filter(({ added }) => !added).map(piece),
    changes.filter(({ removed }) => !removed).map(piece),
  ];
}

function areAlike(was: string, is: string): boolean {
  const same = diffWordsWithSpace(was, is).filter(({ added, removed }) => !added && !removed);
  const common = lettersIn(same.map(({ value }) => value).join(""));
  return common > 0 && common >= ALIKE * Math.max(lettersIn(was), lettersIn(is));
}

/** Punctuation is what all lines of code have in common, so it does not count. */
function lettersIn(text: string): number {
  return text.replaceAll(/[^\p{L}\p{N}]/gu, "").length;
}
