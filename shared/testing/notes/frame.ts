// What the pages of all four chapters have in common: their headings, and how long they may be.
import { parseMarkdown } from "../../tools/notes/markdown.ts";
import { CHAPTERS, type Language, type Page, SECTIONS } from "../../tools/notes/pages.ts";
import { markersOf } from "../../tools/notes/weave.ts";

/** In English words of prose. Chapter 12 has a protocol of its own to explain. */
export const MOST_WORDS = 2_200;
export const MOST_WORDS_OF: Readonly<Record<string, number>> = { "ch12-websocket": 2_600 };
/** In lines of code shown; commands and what they print, and diagrams, are no code. */
export const MOST_CODE = 150;
/** In words: something runs before anything is explained. */
export const FIRST_COMMAND = 150;

/** The lecture's own sections, in the words of all chapters; what belongs to chapter 11 alone is at its number. */
const LECTURE: Readonly<Record<Language, Readonly<Record<string, string>>>> = {
  en: {
    first: "Structure",
    server: "The server",
    client: "The client",
    "11.4": "Reconnection",
    last: "Summary",
  },
  ko: { first: "구조", server: "서버", client: "클라이언트", "11.4": "재연결", last: "정리" },
};
const AROUND: Readonly<Record<Language, { before: readonly string[]; after: readonly string[] }>> = {
  en: {
    before: ["First try", "What goes wrong"],
    after: ["Practise", "Apply it", "Questions", "The diff", "Promises and sources"],
  },
  ko: {
    before: ["첫 구현", "무엇이 잘못되나"],
    after: ["연습", "적용하기", "질문", "diff", "약속과 출처"],
  },
};

/** The headings of the second level that a chapter's page must have, in their order. */
export function headingsDue(folder: string, language: Language): string[] {
  const numbers = SECTIONS[folder] ?? [];
  const words = LECTURE[language];
  const names = numbers.map((number, index) => {
    if (index === numbers.length - 1) return words["last"];
    return words[number] ?? words[["first", "server", "client"][index] ?? ""];
  });
  const { before, after } = AROUND[language];
  return [...before, ...numbers.map((number, index) => `${number} ${names[index]}`), ...after];
}

/** The headings of the second level that a page has. */
export function headingsOf({ text }: Page): string[] {
  return parseMarkdown(text)
    .headings.filter(({ level }) => level === 2)
    .map((heading) => heading.text);
}

/** Whether a folder is a chapter's, whose page has this frame. */
export function isChapter(folder: string): boolean {
  return CHAPTERS.includes(folder);
}

/** The words that a reader reads, one a piece of inline code; without what is woven in. */
export function countWords({ text }: Page): number {
  return wordsIn(parseMarkdown(withoutWoven(text, ["tests", "figures"])).prose);
}

/** The words before the first command. */
export function wordsBeforeCommand({ text }: Page): number {
  const { blocks } = parseMarkdown(text);
  const first = blocks.find(({ type, info }) => type === "fence" && (info === "console" || info === "sh"));
  const before = text.split("\n").slice(0, first?.from);
  return wordsIn(parseMarkdown(before.join("\n")).prose);
}

/** Lines in blocks of code. */
export function countCode({ text }: Page): number {
  const isCode = (info: string) => !["console", "sh", "powershell", "bat", "text", "mermaid"].includes(info);
  return parseMarkdown(text)
    .blocks.filter(({ type, info }) => type === "fence" && isCode(info))
    .reduce((sum, { from, to }) => sum + to - from - 2, 0);
}

/** A page without the blocks that `npm run notes` writes below markers of these kinds. */
export function withoutWoven(text: string, kinds: readonly string[]): string {
  const woven = markersOf(text).filter(({ kind }) => kinds.includes(kind));
  return text
    .split("\n")
    .filter((_, index) => !woven.some(({ from, to }) => from < index && index < to))
    .join("\n");
}

function wordsIn(prose: readonly string[]): number {
  return prose.flatMap((words) => words.match(/\S*[\p{L}\p{N}`]\S*/gu) ?? []).length;
}
