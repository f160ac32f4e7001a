// The folder diff between two chapters is the lesson, so its size is held by a test like any other promise.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { changedLines } from "./diff.ts";

const ROOT = join(import.meta.dirname, "../../..");
const CHAPTERS = ["ch09-polling", "ch10-long-polling", "ch11-sse", "ch12-websocket"];
const FILES = [
  { file: "server.ts", lines: 80 },
  { file: "client.ts", lines: 50 },
];
const DIFFS = [
  { from: "ch09-polling", to: "ch10-long-polling", server: 40, client: 25 },
  { from: "ch10-long-polling", to: "ch11-sse", server: 40, client: 25 },
  { from: "ch11-sse", to: "ch12-websocket", server: 60, client: 25 },
];

function linesOf(path: string): string[] {
  return readFileSync(join(ROOT, path), "utf8").trimEnd().split("\n");
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
      expect(changedLines(linesOf(`${from}/${file}`), linesOf(`${to}/${file}`))).toBeLessThanOrEqual(budget);
    });
  }
}

test("a changed line counts twice, as in diff: once as it was and once as it is", () => {
  expect(changedLines(["a", "b", "c"], ["a", "x", "c", "d"])).toBe(3);
});
