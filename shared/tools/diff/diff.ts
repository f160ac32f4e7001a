// `npm run diff -- 10 11`: what changes from one chapter to another, which is the lesson.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CHAPTER_NAMES } from "../../html-renderer/chapters.ts";
import { fail, readFlags, UsageError } from "../command.ts";
import { show } from "./print.ts";

const HELP = `diff: what changes from one chapter to another, in server.ts and client.ts
  npm run diff -- 10 11                         by number, in any order
  npm run diff -- ch10-long-polling ch11-sse    or by name
On a terminal with 160 columns or more the two stand side by side, else it is a patch.
Changed words are in reverse. NO_COLOR=1 turns the colours off.`;

const FILES = ["server.ts", "client.ts"];

/** The project's folder, seen from here or from what this file is compiled to in `dist`. */
const ROOT = join(import.meta.dirname, import.meta.filename.endsWith(".ts") ? "../../.." : "../../../..");

/** @param word `9`, `09`, `ch09`, `polling` or `ch09-polling`; a `/` behind it comes from the shell's completion */
function chapterOf(word: string): string {
  const given = word.replace(/[\\/]$/, "");
  const found = CHAPTER_NAMES.find((chapter) => {
    const [, number = "", name] = /^ch(\d+)-(.*)$/.exec(chapter) ?? [];
    return [chapter, `ch${number}`, number, String(Number(number)), name].includes(given);
  });
  if (found === undefined)
    throw new UsageError(`There is no chapter ${word}: take two of ${CHAPTER_NAMES.join(", ")}.`);
  return found;
}

/** @returns the two chapters; undefined where help is asked for */
function readCommand(args: readonly string[]): { from: string; to: string } | undefined {
  const flags = readFlags({ help: { help: "this text" } }, args, 9);
  if (flags.has("help")) return undefined;
  const { words } = flags;
  const [first, second] = words;
  if (first === undefined || second === undefined || words.length > 2) {
    throw new UsageError("Name two chapters, as in npm run diff -- 10 11.");
  }
  const [from, to] = [chapterOf(first), chapterOf(second)];
  if (from === to) throw new UsageError("These are the same chapter: name two, as in npm run diff -- 10 11.");
  return { from, to };
}

try {
  const chapters = readCommand(process.argv.slice(2));
  const { stdout, env } = process;
  const screen = {
    columns: stdout.isTTY ? stdout.columns : 0,
    hasColours: stdout.isTTY && stdout.hasColors() && !env["NO_COLOR"],
  };
  const read = (chapter: string, file: string) => ({
    path: `${chapter}/${file}`,
    text: readFileSync(join(ROOT, chapter, file), "utf8"),
  });
  const lines =
    chapters === undefined
      ? [HELP]
      : FILES.flatMap((file) => show(read(chapters.from, file), read(chapters.to, file), screen));
  console.log(lines.join("\n"));
} catch (error) {
  fail("diff", error);
}
