// Text on a terminal.
import { eastAsianWidth } from "get-east-asian-width";

/** No line of prose is longer than this, in columns. */
const MOST = 100;

/** How many columns of a terminal a text takes: a Korean letter takes two. */
export function widthOf(text: string): number {
  return [...text].reduce((width, letter) => width + eastAsianWidth(letter.codePointAt(0) ?? 0), 0);
}

/**
 * Breaks a text into lines between its words.
 *
 * @param columns how wide the terminal is
 * @param margin what stands before each line
 */
export function wrapped(text: string, columns: number, margin = ""): string {
  const most = Math.min(columns || MOST, MOST) - margin.length;
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && widthOf(longer) > most) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line].map((it) => margin + it).join("\n");
}
