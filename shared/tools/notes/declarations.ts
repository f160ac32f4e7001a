// Finding a declaration by its name. The sources are formatted by Biome, so no parser is needed: a top-level statement
// begins in column 0 and whatever belongs to it is indented, or closes a bracket. (A template literal with a line in
// column 0 would break this; there is none.)

/** One top-level statement with the comment that stands on it. */
interface Statement {
  readonly lines: readonly string[];
  /** The statement's own first line, without its comment. */
  readonly head: string;
}

/**
 * Cuts one declaration out of a source.
 *
 * @param source TypeScript, formatted
 * @param name what is declared (`receive`); or, in quotes, how a statement begins (`"log.subscribe("`)
 * @returns the statement with its comment, without a line end; undefined where there is none
 * @throws Error where two statements answer to the name
 */
export function declarationOf(source: string, name: string): string | undefined {
  const beginning = /^"(.*)"$/.exec(name)?.[1];
  const found = statementsOf(source).filter(({ head }) =>
    beginning === undefined ? declaredIn(head) === name : head.startsWith(beginning),
  );
  if (found.length > 1) throw new Error(`${name} is there ${found.length} times`);
  return found[0]?.lines.join("\n");
}

function declaredIn(head: string): string | undefined {
  const pattern =
    /^(?:export )?(?:async )?(?:const|let|function|class|interface|type|enum)\*? (?:\{ )?([\w$]+)/;
  return pattern.exec(head)?.[1];
}

function statementsOf(source: string): Statement[] {
  const lines = source.split("\n");
  const starts: { line: number; head: number }[] = [];
  let comment: number | undefined;
  for (const [index, line] of lines.entries()) {
    // A comment before an empty line belongs to nobody, and one in the first line to the whole file.
    if (line === "" || (index === 0 && line.startsWith("//"))) comment = undefined;
    else if (/^\/[/*]/.test(line)) comment ??= index;
    else if (/^[^\s})\]]/.test(line)) {
      starts.push({ line: comment ?? index, head: index });
      comment = undefined;
    }
  }
  return starts.map(({ line, head }, place) => {
    const end = starts[place + 1]?.line ?? lines.length;
    const own = lines.slice(line, end);
    while (own.at(-1) === "") own.pop();
    return { lines: own, head: lines[head] ?? "" };
  });
}
