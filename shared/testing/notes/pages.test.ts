import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readPage, readPages, SECTIONS, transcriptsOf } from "../../tools/notes/pages.ts";
import { commandsOf } from "../../tools/notes/transcript.ts";
import { readSources, type Sources, weave } from "../../tools/notes/weave.ts";
import { EXERCISES } from "../../tools/practise/exercises.ts";
import {
  brokenDiagrams,
  brokenLinks,
  hiddenTranscripts,
  longLines,
  outlineOf,
  sectionsOf,
  struckOut,
  vagueSources,
  wrongTerms,
  wrongWords,
  wrongWordsOfTool,
} from "./checks.ts";
import {
  countCode,
  countWords,
  FIRST_COMMAND,
  headingsDue,
  headingsOf,
  isChapter,
  MOST_CODE,
  MOST_WORDS,
  MOST_WORDS_OF,
  wordsBeforeCommand,
} from "./frame.ts";

const ROOT = join(import.meta.dirname, "../../..");

let sources: Sources;
beforeAll(async () => {
  sources = await readSources(ROOT);
});

const pages = readPages(ROOT);

describe.each(pages)("$path", (page) => {
  test("shows the code, the transcripts and the promises as they are now (npm run notes writes them)", () => {
    expect(page.text).toBe(weave(page, sources));
  });

  test("has only links that lead somewhere", () => {
    expect(brokenLinks(ROOT, page)).toEqual([]);
  });

  test("spells a term in one way", () => {
    expect(wrongTerms(page)).toEqual([]);
  });

  test("has no line of prose that is too long to read", () => {
    expect(longLines(page)).toEqual([]);
  });

  test("names the section of every RFC it leans on", () => {
    expect(vagueSources(page)).toEqual([]);
  });

  test("has nothing struck out", () => {
    expect(struckOut(page)).toEqual([]);
  });

  test("has diagrams that can be drawn", () => {
    expect(brokenDiagrams(page)).toEqual([]);
  });

  test("says one thing with one word, and in plain words", () => {
    expect(wrongWords(page)).toEqual([]);
  });

  if (!isChapter(page.folder)) return;

  test("has the headings of every chapter", () => {
    expect(headingsOf(page)).toEqual(headingsDue(page.folder, page.language));
  });

  test("is read in one sitting: so many words, so many lines of code, and something runs first", () => {
    expect(countCode(page)).toBeLessThanOrEqual(MOST_CODE);
    if (page.language !== "en") return; // Korean has fewer and longer words for the same.
    expect(countWords(page)).toBeLessThanOrEqual(MOST_WORDS_OF[page.folder] ?? MOST_WORDS);
    expect(wordsBeforeCommand(page)).toBeLessThanOrEqual(FIRST_COMMAND);
  });
});

describe.each(Object.keys(SECTIONS))("the page of %s", (folder) => {
  const english = readPage(ROOT, folder, "en");
  const korean = readPage(ROOT, folder, "ko");

  test("is there in both languages, with the lecture's sections in their order", () => {
    for (const page of [english, korean]) expect(page && sectionsOf(page)).toEqual(SECTIONS[folder]);
  });

  test("holds the same blocks in both languages, in the same places", () => {
    expect(korean && outlineOf(korean)).toEqual(english && outlineOf(english));
  });

  test("shows every transcript, in commands that PowerShell and cmd take as well", () => {
    const transcripts = transcriptsOf(ROOT, folder);
    const commandsIn = (path: string) => commandsOf(readFileSync(join(ROOT, folder, path), "utf8"));
    for (const page of [english, korean]) {
      expect(page && hiddenTranscripts(page, transcripts, commandsIn)).toEqual([]);
    }
  });
});

describe("the tools and the page say one thing with one word, in Korean too", () => {
  const places = [
    "html-renderer",
    "tools/compare",
    "tools/practise",
    "tools/verify",
    "tools/wire",
    "tools/notes/korean",
  ];
  const files = places.flatMap((place) =>
    readdirSync(join(ROOT, "shared", place), { recursive: true, encoding: "utf8" })
      // What the exercises say is read below: there a user's own words stand too.
      .filter((name) => /\.(?:ts|json)$/.test(name) && !/^texts\b/.test(name))
      .map((name) => join("shared", place, name)),
  );

  test.each(files)("%s", (path) => {
    expect(wrongWordsOfTool(readFileSync(join(ROOT, path), "utf8"))).toEqual([]);
  });

  test.each(EXERCISES)("the exercise $id", ({ kind, task, hints }) => {
    const texts = [...(kind === "write" ? [task] : []), ...hints].map(({ ko }) => ko);
    expect(wrongWordsOfTool(texts.join("\n"))).toEqual([]);
  });
});
