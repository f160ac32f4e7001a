// The grammar of Mermaid's sequence diagrams, as far as the notes use it. Mermaid itself needs a browser; and what it
// cannot read, GitHub shows as a red box.

const NAME = String.raw`[\p{L}\p{N}_]+`;
const ARROW = String.raw`(?:<<)?--?(?:>>|>|x|\))`;
const STATEMENTS: readonly RegExp[] = [
  /^autonumber$/,
  /^%%.*$/,
  new RegExp(`^(?:participant|actor) (${NAME})(?: as (.+))?$`, "u"),
  new RegExp(`^(?:activate|deactivate) (${NAME})$`, "u"),
  new RegExp(`^(${NAME}) ?${ARROW}[+-]?(${NAME}) ?: (.+)$`, "u"),
  new RegExp(`^Note (?:(?:left|right) of|over) (${NAME})(?:, ?(${NAME}))?: (.+)$`, "u"),
];
/** Mermaid silently draws without settings that are not JSON. */
const SETTINGS = /^%%\{init: (.*)\}%%\n/;
const OPENING = /^(?:loop|alt|opt|par|critical|break|rect) .+$/;
const MIDDLE = /^(?:else|and|option)(?: .+)?$/;

/** What is wrong with a diagram, a line each. */
export function faultsInDiagram(source: string): string[] {
  const settings = SETTINGS.exec(source)?.[1];
  const [first, ...lines] = source.replace(SETTINGS, "").trim().split("\n");
  if (first?.trim() !== "sequenceDiagram") return ["it must begin with sequenceDiagram"];
  const faults: string[] = [];
  if (settings !== undefined && !isJson(settings)) faults.push("its settings are not JSON");
  const declared = new Set<string>();
  let depth = 0;
  for (const line of lines.map((text) => text.trim()).filter((text) => text !== "")) {
    // A semicolon ends a statement, a # begins an entity, and the word "end" ends a loop, in a text too.
    const text = /: (.*)$/.exec(line)?.[1] ?? "";
    if (/[;#]|\bend\b/.test(text)) faults.push(`${line}: no ; # or the word end in a text`);
    if (OPENING.test(line)) depth += 1;
    else if (line === "end") depth -= 1;
    else if (!(MIDDLE.test(line) && depth > 0)) {
      const match = STATEMENTS.map((pattern) => pattern.exec(line)).find((found) => found !== null);
      if (!match) faults.push(`${line}: not understood`);
      else if (/^(?:participant|actor) /.test(line)) declared.add(match[1] ?? "");
      else {
        const names = match.slice(1, 3).filter((name) => name !== undefined && name !== text);
        for (const name of names) if (!declared.has(name)) faults.push(`${line}: no participant ${name}`);
      }
    }
    if (depth < 0) faults.push(`${line}: nothing to end`);
  }
  if (depth > 0) faults.push("a loop, alt or the like has no end");
  return faults;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
