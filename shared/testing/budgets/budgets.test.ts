// The folder diff between two chapters is the lesson, so its size is kept by a test like any other promise; and so is
// where things are: the wire in the chapters, and imports that run downwards only.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { diffArrays } from "diff";
import { expect, test } from "vitest";
import { CHAPTER_NAMES as CHAPTERS } from "../../html-renderer/chapters.ts";

const ROOT = join(import.meta.dirname, "../../..");
const FILES = [
  { file: "server.ts", lines: 80 },
  { file: "client.ts", lines: 40 },
];
const DIFFS = [
  { from: "ch09-polling", to: "ch10-long-polling", server: 40, client: 25 },
  { from: "ch10-long-polling", to: "ch11-sse", server: 45, client: 25 },
  { from: "ch11-sse", to: "ch12-websocket", server: 60, client: 25 },
];

function linesOf(path: string): string[] {
  return readFileSync(join(ROOT, path), "utf8").trimEnd().split("\n");
}

/** How many lines a minimal `diff` of two files marks with `<` or `>`: a changed line counts twice. */
function changedLines(from: string, to: string): number {
  const changes = diffArrays(linesOf(from), linesOf(to));
  return changes.reduce((sum, { added, removed, count }) => sum + (added || removed ? count : 0), 0);
}

for (const chapter of CHAPTERS) {
  for (const { file, lines } of FILES) {
    test(`${chapter}/${file} is read in a sitting: at most ${lines} lines, none longer than 110 characters`, () => {
      const found = linesOf(`${chapter}/${file}`);
      expect(found.length).toBeLessThanOrEqual(lines);
      expect(found.filter((line) => line.length > 110)).toEqual([]);
    });
  }
}

for (const { from, to, server, client } of DIFFS) {
  for (const [file, budget] of [
    ["server.ts", server],
    ["client.ts", client],
  ] as const) {
    test(`from ${from} to ${to}, ${file} changes in at most ${budget} lines`, () => {
      expect(changedLines(`${from}/${file}`, `${to}/${file}`)).toBeLessThanOrEqual(budget);
    });
  }
}

/** The programs in a folder, as paths from the root with `/`. */
function programsIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => /\.m?ts$|\.mjs$/.test(path))
    .map((path) => `${folder}/${path.replaceAll(sep, "/")}`);
}

test.each([...CHAPTERS, "shared/http"])(
  "%s uses the documented calls of node:http and ws alone, nothing behind them",
  (folder) => {
    const hidden = ['emit("finish")', "_socket", "_sender", "chunkedEncoding", ".socket.write"];
    const programs = programsIn(folder).filter((path) => !path.includes("/test/"));
    expect(programs.length).toBeGreaterThan(1);
    for (const path of programs) {
      const text = readFileSync(join(ROOT, path), "utf8");
      expect({ path, found: hidden.filter((word) => text.includes(word)) }).toEqual({ path, found: [] });
    }
  },
);

/** From the bottom to the top; a chapter's tests belong to the testing wing. */
const FLOORS = ["message-store", "html-renderer", "http", "a chapter", "tools", "testing"];

function roomOf(path: string): { floor: string; chapter: string | undefined } {
  const [top = "", room = ""] = path.split("/");
  if (top === "shared") return { floor: room, chapter: undefined };
  return room === "test" ? { floor: "testing", chapter: undefined } : { floor: "a chapter", chapter: top };
}

test("imports run downwards only: testing, tools, chapters, http, html-renderer, message-store; and from no chapter to another", () => {
  let count = 0;
  const wrong: string[] = [];
  for (const path of [...CHAPTERS, "shared"].flatMap(programsIn)) {
    const text = readFileSync(join(ROOT, path), "utf8");
    for (const [, target = ""] of text.matchAll(/\b(?:from|import) ?\(?"(\.[^"]+)"/g)) {
      count += 1;
      const imported = join(dirname(path), target).replaceAll(sep, "/");
      const [from, to] = [roomOf(path), roomOf(imported)];
      const isUp = FLOORS.indexOf(to.floor) > FLOORS.indexOf(from.floor);
      const isAcross = from.chapter !== undefined && to.chapter !== undefined && from.chapter !== to.chapter;
      const isNowhere = !FLOORS.includes(from.floor) || !FLOORS.includes(to.floor);
      if (isUp || isAcross || isNowhere) wrong.push(`${path} imports ${imported}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(count).toBeGreaterThan(300);
});
