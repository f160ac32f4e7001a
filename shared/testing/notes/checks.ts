// What a page must be, besides being woven: links that lead somewhere, terms in one spelling, sources with a section.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path/posix";
import { type Markdown, parseMarkdown } from "../../tools/notes/markdown.ts";
import type { Page } from "../../tools/notes/pages.ts";
import { isPortable } from "../../tools/notes/quoting.ts";
import { markersOf } from "../../tools/notes/weave.ts";
import { withoutWoven } from "./frame.ts";
import { TERMS, type Term, WORDS } from "./glossary.ts";
import { faultsInDiagram } from "./mermaid.ts";

/** The longest line of prose, in characters. */
const LINE = 120;

/** Relative links, and links within the page, that lead nowhere. */
export function brokenLinks(root: string, { path, text }: Page): string[] {
  return parseMarkdown(text).links.flatMap(({ href }) => {
    if (/^[a-z]+:/.test(href)) return [];
    const [file = "", anchor] = decodeURI(href).split("#");
    const target = file === "" ? path : normalize(join(dirname(path), file));
    if (!existsSync(join(root, target))) return [`${href}: no such file`];
    if (anchor === undefined) return [];
    const headings = target.endsWith(".md")
      ? parseMarkdown(readFileSync(join(root, target), "utf8")).headings
      : [];
    return headings.some((heading) => heading.anchor === anchor) ? [] : [`${href}: no such heading`];
  });
}

/** Terms in a spelling that is not the chosen one. */
export function wrongTerms({ text }: Page): string[] {
  return wrongIn(parseMarkdown(text).prose, TERMS);
}

/** Words that stand for another thing here, or that nobody says; the tests' names are not the page's own words. */
export function wrongWords({ text }: Page): string[] {
  const { prose } = parseMarkdown(withoutWoven(text, ["tests"]));
  return wrongIn(
    prose.map((words) => words.replaceAll(/“[^”]*”/g, "“”")),
    WORDS,
  );
}

/** The same for the Korean words of a tool: in its source, they stand in lines that are no comments. */
export function wrongWordsOfTool(source: string): string[] {
  const lines = source.split("\n").filter((line) => /[가-힣]/.test(line) && !/^\s*(?:\/\/|\/?\*)/.test(line));
  return wrongIn(
    lines.map((line) => line.trim().replaceAll(/“[^”]*”/g, "“”")),
    WORDS.filter(({ wrong }) => /[가-힣]/.test(wrong.source)),
  );
}

function wrongIn(prose: readonly string[], terms: readonly Term[]): string[] {
  return terms.flatMap(({ wrong, right }) =>
    prose.flatMap((words) => {
      const found = wrong.exec(words);
      if (found === null) return [];
      const around = words.slice(Math.max(0, found.index - 30), found.index + 40);
      return [`${found[0]}: write ${right} (… ${around} …)`];
    }),
  );
}

/** Lines of prose that are too long; tables, code, links' definitions and what is woven in are no prose. */
export function longLines({ text }: Page): string[] {
  const { blocks } = parseMarkdown(text);
  const exempt = [...blocks.filter(({ type }) => type === "fence" || type === "table"), ...markersOf(text)];
  return text
    .split("\n")
    .flatMap((line, index) =>
      line.length > LINE &&
      !/^\[[^\]]+\]: /.test(line) &&
      !exempt.some(({ from, to }) => from <= index && index < to)
        ? [`line ${index + 1}: ${line.length} characters`]
        : [],
    );
}

/** An RFC without a section, and a link to another section than it says. */
export function vagueSources({ text }: Page): string[] {
  // The tests' names are not the page's own words.
  const { prose, links } = parseMarkdown(withoutWoven(text, ["tests"]));
  const vague = prose.flatMap((words) => words.match(/RFC \d+\b(?! §(?:\d|[A-Z]\b))[^,.]{0,20}/g) ?? []);
  const wrong = links.flatMap(({ text: label, href }) => {
    const [, rfc, section] = /^RFC (\d+) §(\S+)$/.exec(label) ?? [];
    if (rfc === undefined || section === undefined) {
      return href.includes("rfc-editor.org") ? [`${label || href}: say RFC NUMBER §SECTION`] : [];
    }
    const name = /^[A-Z]/.test(section) ? `appendix-${section}` : `section-${section}`;
    const right = `https://www.rfc-editor.org/rfc/rfc${rfc}.html#${name}`;
    return href === right ? [] : [`${label}: link to ${right}`];
  });
  return [...vague.map((words) => `${words}: which section?`), ...wrong];
}

/** GitHub strikes out what is between two single tildes, as in 1~2 and 3~4. */
export function struckOut({ text }: Page): string[] {
  const lines = text.split("\n");
  const { blocks } = parseMarkdown(text);
  return blocks
    .filter(({ type }) => type !== "fence")
    .map(({ from, to }) =>
      lines
        .slice(from, to)
        .join("\n")
        .replaceAll(/`[^`]*`/g, ""),
    )
    .flatMap((block) => block.split(/\n(?= *(?:[-|]|\d+\.))/))
    .flatMap((words) => words.match(/(?<!\\)~\S(?:[^~]*\S)?(?<!\\)~/g) ?? []);
}

/** What Mermaid could not draw. */
export function brokenDiagrams({ text }: Page): string[] {
  return parseMarkdown(text)
    .blocks.filter(({ type, info }) => type === "fence" && info === "mermaid")
    .flatMap(({ content }) => faultsInDiagram(content));
}

/** Sections of the lecture that are missing, of another chapter, or not in their order. */
export function sectionsOf({ text }: Page): string[] {
  return parseMarkdown(text).headings.flatMap((heading) => /^(\d+\.\d+) /.exec(heading.text)?.[1] ?? []);
}

/** What the two languages of a page must have in common, block by block. */
export function outlineOf({ text }: Page): string[] {
  const { blocks, headings } = parseMarkdown(text);
  const markers = new Map(
    markersOf(text).map((marker) => [marker.from, `${marker.kind}: ${marker.argument}`]),
  );
  let heading = 0;
  return blocks.flatMap((block) => {
    const marker = markers.get(block.from);
    if (marker !== undefined) return [marker];
    if (block.type === "fence") return [`a block of ${block.info}`];
    if (block.type === "table") return ["a table"];
    if (block.type === "list") return ["a numbered list"];
    if (block.type === "html" && /<(?:details|\/details)>/.test(block.content))
      return [foldOf(block.content)];
    if (block.type !== "heading") return [];
    return [outlined(headings[heading++])];
  });
}

function foldOf(html: string): string {
  return html.includes("</details>") ? "the end of a fold" : "a fold";
}

function outlined(heading: Markdown["headings"][number] | undefined): string {
  return `${"#".repeat(heading?.level ?? 0)} ${/^[\d.]+(?= )/.exec(heading?.text ?? "")?.[0] ?? ""}`.trim();
}

/**
 * Transcripts that a page does not show; or shows without the commands for Windows, where the root page's rule does not
 * help.
 *
 * @param commandsIn the commands of a transcript
 */
export function hiddenTranscripts(
  { folder, text }: Page,
  transcripts: readonly string[],
  commandsIn: (path: string) => readonly string[],
): string[] {
  const markers = new Set(markersOf(text).map(({ kind, argument }) => `${kind}: ${argument}`));
  return transcripts.flatMap((path) => {
    const has = (kind: string) => markers.has(`${kind}: ${path}`);
    if (!has("lines")) return [`${folder}/${path}: no lines`];
    if (has("windows")) return [];
    return commandsIn(path)
      .filter((command) => !isPortable(command))
      .map((command) => `${folder}/${path}: not for PowerShell and cmd: ${command}`);
  });
}
