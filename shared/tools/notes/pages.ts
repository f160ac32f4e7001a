// Which pages the lecture has, and which sections each must hold.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path/posix";

export const LANGUAGES = ["en", "ko"] as const;
export type Language = (typeof LANGUAGES)[number];

/**
 * The lecture's own sections, by the page's folder; `.` is the project's, and `shared` has the costs of all four. A page
 * that is no chapter has none.
 */
export const SECTIONS: Readonly<Record<string, readonly string[]>> = {
  ".": [],
  shared: [],
  "ch09-polling": ["9.1", "9.2", "9.3", "9.4"],
  "ch10-long-polling": ["10.1", "10.2", "10.3", "10.4"],
  "ch11-sse": ["11.1", "11.2", "11.3", "11.4", "11.5"],
  "ch12-websocket": ["12.1", "12.2", "12.3", "12.4"],
  "shared/tools/scale": [],
};

/** One page in one language. */
export interface Page {
  /** The folder, from the project's: `.`, `ch09-polling`, … */
  readonly folder: string;
  readonly language: Language;
  /** The file, from the project's folder. */
  readonly path: string;
  readonly text: string;
}

/** The chapters' folders, in their order. */
export const CHAPTERS = Object.keys(SECTIONS).filter((folder) => folder.startsWith("ch"));

/** The file of a page. */
function pathOf(folder: string, language: Language): string {
  const name = folder === "shared" ? "costs" : "README";
  return join(folder, language === "en" ? `${name}.md` : `${name}.ko.md`);
}

/** The page in this language; undefined where nobody has written it. */
export function readPage(root: string, folder: string, language: Language): Page | undefined {
  const path = pathOf(folder, language);
  if (!readdirSync(join(root, folder)).includes(path.split("/").at(-1) ?? "")) return undefined;
  return { folder, language, path, text: readFileSync(join(root, path), "utf8") };
}

/** Every page that is there. */
export function readPages(root: string): Page[] {
  return Object.keys(SECTIONS).flatMap((folder) =>
    LANGUAGES.flatMap((language) => readPage(root, folder, language) ?? []),
  );
}

/** The transcripts of a chapter, from its folder, in the alphabet's order. */
export function transcriptsOf(root: string, folder: string): string[] {
  const path = join(root, folder, "test/transcripts");
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => name.endsWith(".txt"))
    .sort()
    .map((name) => `test/transcripts/${name}`);
}

/** What stands beside a transcript that cannot be translated for Windows: its commands there, written by hand. */
export function byHandFor(transcript: string): string {
  return transcript.replace(/\.txt$/, ".windows");
}
