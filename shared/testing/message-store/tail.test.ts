import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test, vi } from "vitest";
import { MAX_LINE_BYTES, parseLine } from "../../message-store/line.ts";
import { Tail } from "../../message-store/tail.ts";

const folder = mkdtempSync(join(tmpdir(), "tail-"));
const path = join(folder, "log.ndjson");
writeFileSync(path, "");
const fd = openSync(path, "r");
afterAll(() => {
  closeSync(fd);
  rmSync(folder, { recursive: true });
});

const line = (text: string) => `${JSON.stringify({ author: "ann", text, timestamp: 1, key: text })}\n`;
const textsIn = (tail: Tail, size: number) => [...tail.read(size)].flat().map(({ text }) => text);

test("what was not flushed yet is not read: the reading ends where it was told, each time", () => {
  writeFileSync(path, line("a"));
  const tail = new Tail(path, fd);
  const size = line("a").length;
  appendFileSync(path, line("b") + line("c"));
  expect(textsIn(tail, size)).toEqual(["a"]);
  expect(textsIn(tail, 2 * size)).toEqual(["b"]);
  expect(textsIn(tail, 3 * size)).toEqual(["c"]);
});

test("empty lines cost next to nothing: no parser sees them", () => {
  writeFileSync(path, `${"\n".repeat(100_000)}${line("a")}${"\n".repeat(100_000)}`);
  const parse = vi.spyOn(JSON, "parse");
  onTestFinished(() => parse.mockRestore());
  expect(textsIn(new Tail(path, fd), 200_000 + line("a").length)).toEqual(["a"]);
  expect(parse).toHaveBeenCalledTimes(1);
});

test("a file that is shorter than it was ends the reading with an error, and not never", () => {
  writeFileSync(path, line("a") + line("b"));
  const tail = new Tail(path, fd);
  const size = line("a").length;
  expect(textsIn(tail, size)).toEqual(["a"]);
  truncateSync(path, size);
  expect(() => textsIn(tail, 2 * size)).toThrow("shorter than it was");
});

test("a line of exactly 64 KiB may be a message, and one byte more is none", () => {
  const bare = JSON.stringify({ author: "ann", text: "x", timestamp: 0, key: "k", padding: "" });
  const padded = (bytes: number) => Buffer.from(bare.replace('""', `"${"p".repeat(bytes - bare.length)}"`));
  expect(parseLine(padded(MAX_LINE_BYTES))).toMatchObject({ text: "x", timestamp: 0 });
  expect(parseLine(padded(MAX_LINE_BYTES + 1))).toBeUndefined();
});

test("a writer that is no text is none", () => {
  const bytes = Buffer.from('{"author":"ann","text":"x","timestamp":1,"key":"k","writer":5}');
  expect(parseLine(bytes)).toEqual({ author: "ann", text: "x", timestamp: 1, key: "k", writer: undefined });
});
