// Emptying a function: its signature and its comment stay, what it does is the learner's to write.

/** A function that a learner is to write. */
export interface Hole {
  /** How the function's first line begins, without its indentation: `async function receive(`. */
  readonly begins: string;
  /** What stands in its place, so that the copy compiles; without it, a comment alone. */
  readonly instead?: string;
}

/**
 * Empties a function. The sources are formatted by Biome, so no parser is needed: a function ends with the next line
 * that is indented as its first one is.
 *
 * @param source TypeScript, formatted
 * @throws Error where no function, or more than one, begins like this
 */
export function emptied(source: string, { begins, instead }: Hole): string {
  const lines = source.split("\n");
  const starts = lines.flatMap((line, index) => (line.trimStart().startsWith(begins) ? [index] : []));
  const [start] = starts;
  const first = start === undefined ? "" : (lines[start] ?? "");
  if (start === undefined || starts.length > 1 || !first.endsWith("{"))
    throw new Error(`${JSON.stringify(begins)} does not begin one function, but ${starts.length}`);
  const indentation = first.length - first.trimStart().length;
  const end = lines.findIndex(
    (line, index) => index > start && line !== "" && line.length - line.trimStart().length <= indentation,
  );
  const body = ["// Write it here.", ...(instead === undefined ? [] : [instead])];
  const inside = body.map((line) => " ".repeat(indentation + 2) + line);
  return [...lines.slice(0, start + 1), ...inside, ...lines.slice(end)].join("\n");
}
