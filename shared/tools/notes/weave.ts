// Weaving: what a page shows of the code comes from the code. A comment, which GitHub does not show, names the source;
// the block below it is written by `npm run notes`.
import { readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { structuredPatch } from "diff";
import { declarationOf } from "./declarations.ts";
import { type Block, parseMarkdown } from "./markdown.ts";
import { byHandFor, CHAPTERS, type Page } from "./pages.ts";
import { koreanNames, testNames } from "./test-names.ts";

/** What weaving needs besides the files: the names of the tests. */
export interface Sources {
  readonly root: string;
  readonly promises: ReadonlyMap<string, readonly string[]>;
  readonly korean: ReadonlyMap<string, string>;
}

export async function readSources(root: string): Promise<Sources> {
  return { root, promises: await testNames(root, CHAPTERS), korean: koreanNames(root) };
}

type Weaver = (argument: string, page: Page, sources: Sources) => string;

/** What may be woven in, by the marker's first word. */
const WEAVERS: Readonly<Record<string, { shape: Block["type"]; weave: Weaver }>> = {
  code: { shape: "fence", weave: weaveCode },
  lines: { shape: "fence", weave: weaveLines },
  typed: { shape: "fence", weave: weaveTyped },
  windows: { shape: "fence", weave: weaveWindows },
  diff: { shape: "fence", weave: weaveDiff },
  tests: { shape: "list", weave: weaveTests },
  figures: { shape: "table", weave: weaveFigures },
};

/** A marker of a page: `<!-- code: server.ts #receive -->`. */
export interface Marker {
  readonly kind: string;
  readonly argument: string;
  /** The line of the comment, and where the block that belongs to it ends; the same plus one where there is none. */
  readonly from: number;
  readonly to: number;
}

/** The markers of a page, in their order. @throws Error one that would be overlooked, in a list or with a typing error */
export function markersOf(text: string): Marker[] {
  const { blocks } = parseMarkdown(text);
  const markers = blocks.flatMap((block, index): Marker[] => {
    const [, kind = "", argument = ""] = /^([a-z]+)(?:: *(.*))?$/.exec(block.info) ?? [];
    const weaver = WEAVERS[kind];
    if (block.type !== "comment" || !weaver) return [];
    const next = blocks[index + 1];
    const to = next?.type === weaver.shape && next.from === block.to ? next.to : block.to;
    return [{ kind, argument, from: block.from, to }];
  });
  const comments = text.split("\n").filter((line) => line.includes("<!--"));
  if (comments.length !== markers.length) {
    const known = `of these, in a line and a block of its own: ${Object.keys(WEAVERS).join(", ")}`;
    throw new Error(`${comments.length} comments, but ${markers.length} markers; each must be one ${known}`);
  }
  return markers;
}

/** Writes each block of a page again. @throws Error with all that cannot be woven */
export function weave(page: Page, sources: Sources): string {
  const lines = page.text.split("\n");
  const faults: string[] = [];
  for (const { kind, argument, from, to } of markersOf(page.text).reverse()) {
    try {
      const block = WEAVERS[kind]?.weave(argument, page, sources) ?? "";
      lines.splice(from + 1, to - from - 1, ...block.split("\n"));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      faults.unshift(`${page.path}:${from + 1}: ${kind}: ${argument}: ${why}`);
    }
  }
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return lines.join("\n");
}

function fence(language: string, content: string): string {
  const longest = Math.max(2, ...(content.match(/^`+/gm) ?? []).map((ticks) => ticks.length));
  const ticks = "`".repeat(longest + 1);
  return `${ticks}${language}\n${content.trimEnd()}\n${ticks}`;
}

function read(path: string, page: Page, { root }: Sources): string {
  return readFileSync(join(root, page.folder, path), "utf8");
}

/** `FILE`, or `FILE #name #"beginning"`: what is named, with an empty line between. */
function weaveCode(argument: string, page: Page, sources: Sources): string {
  const { words, names } = wordsOf(argument);
  const [path = ""] = words;
  const source = read(path, page, sources);
  return fence(extname(path).slice(1), names.length === 0 ? source : cut(source, names, path).join("\n\n"));
}

function weaveLines(path: string, page: Page, sources: Sources): string {
  return fence(
    path.startsWith("test/transcripts/") ? "console" : extname(path).slice(1),
    read(path, page, sources),
  );
}

/** What a transcript types into a program, without its prompts, to be pasted there; not an empty line. */
function weaveTyped(path: string, page: Page, sources: Sources): string {
  const typed = read(path, page, sources).match(/(?<=^>> ).+/gm) ?? [];
  return fence("text", typed.join("\n"));
}

/** A transcript's commands for Windows, from the file `NAME.windows` beside it. */
function weaveWindows(path: string, page: Page, sources: Sources): string {
  return fence("powershell", read(byHandFor(path), page, sources));
}

/** `OLD NEW #name`: what is named, whole, with the changes marked. */
function weaveDiff(argument: string, page: Page, sources: Sources): string {
  const { words, names } = wordsOf(argument);
  const [older = "", newer = ""] = words;
  const [from, to] = [read(older, page, sources), read(newer, page, sources)];
  const pieces = names.map((name) => {
    const [before, after] = [declarationOf(from, name), declarationOf(to, name)];
    if (before === undefined && after === undefined) throw new Error(`no ${name} in either file`);
    if (before === after) throw new Error(`${name} does not change`);
    const [whole = "", changed = ""] = [before, after].map((text) => (text ? `${text}\n` : ""));
    const { hunks } = structuredPatch("", "", whole, changed, "", "", { context: 1_000 });
    return hunks.flatMap(({ lines }) => lines).join("\n");
  });
  return fence("diff", pieces.join("\n\n"));
}

/** The chapter's promises, its own first. */
function weaveTests(_: string, page: Page, { promises, korean }: Sources): string {
  const names = promises.get(page.folder);
  if (!names) throw new Error("no chapter");
  if (page.language === "en") return numbered(names);
  const missing = names.filter((name) => !korean.has(name));
  if (missing.length > 0) {
    throw new Error(`no Korean in shared/tools/notes/korean for: \n  ${missing.join("\n  ")}`);
  }
  return numbered(names.map((name) => korean.get(name) ?? ""));
}

function numbered(names: readonly string[]): string {
  return names.map((name, index) => `${index + 1}. ${escapeMarkdown(name)}`).join("\n");
}

function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>#|]/g, "\\$&");
}

/**
 * `NAME`: the list of that name in `shared/tools/compare/figures.json`, which `npm run compare` writes. Its flat objects are
 * a table, their names its head; the names' words in this language are `words.LANGUAGE.NAME` in that file.
 */
function weaveFigures(list: string, page: Page, { root }: Sources): string {
  const figures = JSON.parse(readFileSync(join(root, "shared/tools/compare/figures.json"), "utf8"));
  const rows: unknown = figures[list];
  if (!Array.isArray(rows) || rows.length === 0) throw new Error("no list of this name");
  const wordOf = (name: string) => String(figures.words[page.language][name] ?? name);
  const names = Object.keys(Object(rows[0]));
  // A word in the head is not broken: else a phone shows a column of Korean a syllable a line.
  const head = names.map((name) => wordOf(name).replaceAll(/(?<=[가-힣])(?=[가-힣])/g, "&NoBreak;"));
  const body = rows.map((row) => names.map((name) => wordOf(String(Object(row)[name]))));
  const rule = names.map(() => "---");
  return [head, rule, ...body].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** `a.ts b.ts #one #"two words"` → the words, and the names. */
function wordsOf(argument: string): { words: string[]; names: string[] } {
  const all = argument.match(/#".*?"(?=\s|$)|\S+/g) ?? [];
  return {
    words: all.filter((word) => !word.startsWith("#")),
    names: all.filter((word) => word.startsWith("#")).map((word) => word.slice(1)),
  };
}

function cut(source: string, names: readonly string[], path: string): string[] {
  return names.map((name) => {
    const found = declarationOf(source, name);
    if (found === undefined) throw new Error(`no ${name} in ${path}`);
    return found;
  });
}
