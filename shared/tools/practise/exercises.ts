// The exercises of a chapter: its functions to write, and its bugs to find.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CHAPTER_NAMES, type ChapterName } from "../../html-renderer/chapters.ts";
import { MUTATIONS, type Mutation } from "../bugs/bugs.ts";
import { editsOf, planted } from "../bugs/plant.ts";
import { UsageError } from "../command.ts";
import { ROOT } from "../proof/run-tests.ts";
import { emptied, type Hole } from "./holes.ts";
import { TEXTS09 } from "./texts/ch09.ts";
import { TEXTS10 } from "./texts/ch10.ts";
import { TEXTS11 } from "./texts/ch11.ts";
import { TEXTS12 } from "./texts/ch12.ts";
import type { Told } from "./words.ts";

/** How `verify` calls the chapters' techniques. */
export type Technique = "polling" | "long-polling" | "sse" | "websocket";

/** Three hints: each says more, and the third nearly gives the line. */
export type Hints = readonly [Told, Told, Told];

/** The promise that the copy as it is given breaks first; where chance decides which, all of them. */
export type Breaks = readonly [string, ...string[]];

/** What is to be written. */
export interface WriteText {
  readonly file: "server.ts" | "client.ts";
  readonly holes: readonly Hole[];
  readonly task: Told;
  readonly breaks: Breaks;
  readonly hints: Hints;
  /** What the solution guards against, and no check from outside can see. */
  readonly unseen?: Told;
}

/** What is to be found. */
export interface FindText {
  /** Its name in the bank, which a learner never sees. */
  readonly bug: string;
  /** What a user reports. */
  readonly task: Told;
  readonly breaks: Breaks;
  readonly hints: Hints;
}

/** A chapter's exercises, from easy to hard. */
export interface Texts {
  readonly write: readonly WriteText[];
  readonly find: readonly FindText[];
}

export interface Exercise {
  /** `ch11/3` */
  readonly id: string;
  /** Its folder in `practice`: `ch11-3`. */
  readonly folder: string;
  readonly chapter: ChapterName;
  readonly technique: Technique;
  readonly kind: "write" | "find";
  /** The file that the learner edits. */
  readonly file: "server.ts" | "client.ts";
  readonly task: Told;
  readonly breaks: Breaks;
  readonly hints: Hints;
  readonly unseen: Told | undefined;
  /** The file as it is given to the learner. */
  readonly given: () => string;
  /** The file as it is in the chapter. */
  readonly solution: () => string;
}

const TEXTS: Readonly<Record<ChapterName, Texts>> = {
  "ch09-polling": TEXTS09,
  "ch10-long-polling": TEXTS10,
  "ch11-sse": TEXTS11,
  "ch12-websocket": TEXTS12,
};

const TECHNIQUES: Readonly<Record<ChapterName, Technique>> = {
  "ch09-polling": "polling",
  "ch10-long-polling": "long-polling",
  "ch11-sse": "sse",
  "ch12-websocket": "websocket",
};

/** All exercises, in the order in which they are done. */
export const EXERCISES: readonly Exercise[] = CHAPTER_NAMES.flatMap((chapter) => {
  const { write, find } = TEXTS[chapter];
  const writing = write.map((text) => ({
    ...text,
    kind: "write" as const,
    unseen: text.unseen,
    change: (source: string) => text.holes.reduce(emptied, source),
  }));
  const finding = find.map((text) => ({
    ...text,
    kind: "find" as const,
    unseen: undefined,
    file: "server.ts" as const,
    change: (source: string) => editsOf(bugOf(text.bug)).reduce(planted, source),
  }));
  return [...writing, ...finding].map(({ kind, file, task, breaks, hints, unseen, change }, index) => {
    const [number] = chapter.split("-");
    const original = () => readFileSync(join(ROOT, chapter, file), "utf8");
    return {
      id: `${number}/${index + 1}`,
      folder: `${number}-${index + 1}`,
      chapter,
      technique: TECHNIQUES[chapter],
      kind,
      file,
      task,
      breaks,
      hints,
      unseen,
      given: () => oneFolderDeeper(change(original())),
      solution: () => oneFolderDeeper(original()),
    };
  });
});

function bugOf(name: string): Mutation {
  const bug = MUTATIONS.find((mutation) => mutation.name === name);
  if (bug === undefined) throw new Error(`there is no bug ${name}`);
  return bug;
}

/** A copy in `practice/ch11-3` is one folder further away from `shared` than the chapter is. */
function oneFolderDeeper(source: string): string {
  return source.replaceAll('"../shared/', '"../../shared/');
}

/**
 * The exercises that a word names.
 *
 * @param word `ch11/3`, `11/3`, `ch11-3`; or a chapter, `ch11`, `11`, `ch11-sse`
 * @throws UsageError where there is none
 */
export function exercisesFor(word: string): readonly Exercise[] {
  const [, digits = "", number] = /^(?:ch)?0?(\d{1,2})(?:[/-](\d+)|-[a-z-]+)?\/?$/.exec(word) ?? [];
  const chapter = `ch${digits.padStart(2, "0")}`;
  const found = EXERCISES.filter(({ id }) =>
    number === undefined ? id.startsWith(`${chapter}/`) : id === `${chapter}/${number}`,
  );
  if (found.length > 0) return found;
  throw new UsageError(
    `There is no exercise ${JSON.stringify(word)}: -- --list names them all.`,
    `${JSON.stringify(word)}라는 문제는 없습니다. -- --list로 목록을 볼 수 있습니다.`,
  );
}
