// The first try of each chapter breaks what it is known to break, and nothing else.
import { expect, test } from "vitest";
import { promisesOf } from "../../../tools/verify/promises.ts";
import { CHAPTERS, type ChapterFolder } from "../../chapter-process.ts";
import { saidIn, verify } from "./command.ts";

/** What each keeps; all others are broken. */
const KEPT: Readonly<Record<ChapterFolder, readonly string[]>> = {
  "ch09-polling": ["opens", "one-order", "text-as-sent", "clients-forgotten", "slow-reader"],
  "ch10-long-polling": ["opens", "one-order", "text-as-sent", "slow-reader"],
  "ch11-sse": ["opens", "every-message-once", "one-order", "text-as-sent"],
  "ch12-websocket": [
    "opens",
    "every-message-once",
    "one-order",
    "text-as-sent",
    "cut-character",
    "broken-off",
  ],
};

/** What it depends on the machine whether they keep, and what has no log to try it on. */
const EITHER = ["busy-neighbour", "one-log", "full-disk"];

const namesOf = (chapter: ChapterFolder) =>
  promisesOf(chapter)
    .map(({ name }) => name)
    .filter((name) => !EITHER.includes(name));
/** All at once, before the first test waits for its own. */
const runs = new Map(
  CHAPTERS.map((chapter) => [
    chapter,
    verify([`${chapter}:first`, "--json", "--only", namesOf(chapter).join(",")]),
  ]),
);

test.each(CHAPTERS)("the first try of %s breaks exactly the listed promises", async (chapter) => {
  const outcome = (await runs.get(chapter)) ?? { code: null, stdout: "", stderr: "" };
  const said = [...saidIn(outcome).values()];
  const of = (wanted: boolean) =>
    namesOf(chapter).filter((name) => said.some(({ promise, kept }) => promise === name && kept === wanted));
  expect(of(true)).toEqual(KEPT[chapter]);
  expect(of(false)).toEqual(namesOf(chapter).filter((name) => !KEPT[chapter].includes(name)));
  expect(outcome).toMatchObject({ code: 1, stderr: "" });
});
