// A page taken apart: headings, links, blocks, prose. GitHub's own rules for anchors.
import GithubSlugger from "github-slugger";
import MarkdownIt from "markdown-it";

/** A top-level block of the page, with the lines it takes: from `from`, before `to`, counted from 0. */
export interface Block {
  readonly type: "fence" | "list" | "table" | "comment" | "html" | "heading" | "other";
  readonly from: number;
  readonly to: number;
  /** A fence's language, a comment's text. */
  readonly info: string;
  /** What a fence holds. */
  readonly content: string;
}

export interface Heading {
  readonly level: number;
  readonly text: string;
  /** What a link to it says behind `#`. */
  readonly anchor: string;
}

export interface Link {
  readonly text: string;
  readonly href: string;
}

export interface Markdown {
  readonly blocks: readonly Block[];
  readonly headings: readonly Heading[];
  readonly links: readonly Link[];
  /** All words that a reader reads, without code: one entry a paragraph or cell. */
  readonly prose: readonly string[];
}

const TYPES: Readonly<Record<string, Block["type"]>> = {
  fence: "fence",
  ordered_list_open: "list",
  table_open: "table",
  heading_open: "heading",
  html_block: "html",
};

const parser = new MarkdownIt({ html: true });

export function parseMarkdown(text: string): Markdown {
  const tokens = parser.parse(text, {});
  const lines = text.split("\n");
  const blocks: Block[] = [];
  const headings: Heading[] = [];
  const links: Link[] = [];
  const prose: string[] = [];
  const slugger = new GithubSlugger();
  for (const [index, token] of tokens.entries()) {
    if (token.level === 0 && token.map) {
      const [from = 0, end = 0] = token.map;
      let to = end;
      while (to > from + 1 && lines[to - 1]?.trim() === "") to -= 1;
      const comment = /^<!-- *(.*?) *-->\s*$/.exec(token.type === "html_block" ? token.content : "")?.[1];
      const type = comment !== undefined ? "comment" : (TYPES[token.type] ?? "other");
      blocks.push({ type, from, to, info: comment ?? token.info.trim(), content: token.content });
    }
    if (token.type === "html_block") {
      links.push(...linksInHtml(token.content));
      prose.push(token.content.replaceAll(/<[^>]*>/g, " "));
    }
    if (token.children) prose.push(token.children.map(wordsIn).join(""));
    for (const [place, child] of (token.children ?? []).entries()) {
      if (child.type === "html_inline") links.push(...linksInHtml(child.content));
      if (child.type === "image") links.push({ text: child.content, href: String(child.attrGet("src")) });
      if (child.type !== "link_open") continue;
      const rest = token.children?.slice(place + 1) ?? [];
      const inside = rest.slice(
        0,
        rest.findIndex(({ type }) => type === "link_close"),
      );
      links.push({
        text: inside.map(({ type, content }) => (type === "softbreak" ? " " : content)).join(""),
        href: String(child.attrGet("href")),
      });
    }
    if (token.type === "heading_open") {
      const words = (tokens[index + 1]?.children ?? []).map(({ content }) => content).join("");
      headings.push({ level: Number(token.tag.slice(1)), text: words, anchor: slugger.slug(words) });
    }
  }
  return { blocks, headings, links, prose };
}

/** What prose reads of an inline token: its words; a line's end is a space, and code is no word. */
function wordsIn({ type, content }: { type: string; content: string }): string {
  if (type === "text") return content;
  if (type === "softbreak" || type === "hardbreak") return " ";
  return type === "code_inline" ? "`" : "";
}

function linksInHtml(html: string): Link[] {
  return [...html.matchAll(/\b(?:href|src)="([^"]*)"/g)].map(([, href = ""]) => ({ text: "", href }));
}
