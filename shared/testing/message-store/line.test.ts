import { expect, test } from "vitest";
import { formatLine, parseLine, quoteLine } from "../../message-store/line.ts";

const line = { author: "ann", text: '안녕 "\n\u0000\u2028 👋', timestamp: 1, key: "k", writer: "w" };

test("the longest message there can be is a line that reads back", () => {
  const longest = {
    ...line,
    text: `${"\u0000".repeat(1999)}x`,
    author: "\u0001".repeat(32),
    key: "k".repeat(64),
  };
  expect(parseLine(Buffer.from(formatLine(longest).trimEnd()))).toEqual(longest);
});

test("a line that another program wrote, with no writer and with a carriage return, is a message", () => {
  const { writer: _, ...message } = line;
  expect(parseLine(Buffer.from(`${JSON.stringify(message)}\r`))).toEqual({ ...message, writer: undefined });
});

test.each([
  ["not JSON", "hello"],
  ["cut", '{"author":"ann","text":"x","timestamp":1,"key":"k"'],
  ["null", "null"],
  ["an array", "[]"],
  ["deeper than anybody needs", "[".repeat(60_000)],
  ["no author", '{"text":"x","timestamp":1,"key":"k"}'],
  ["an empty author", '{"author":"","text":"x","timestamp":1,"key":"k"}'],
  ["no text", '{"author":"ann","timestamp":1,"key":"k"}'],
  ["a blank text", '{"author":"ann","text":" ","timestamp":1,"key":"k"}'],
  ["a text too long", JSON.stringify({ ...line, text: "x".repeat(2001) })],
  ["a lone surrogate", '{"author":"ann","text":"\\ud83d","timestamp":1,"key":"k"}'],
  ["no timestamp", '{"author":"ann","text":"x","key":"k"}'],
  ["a timestamp that is no number", '{"author":"ann","text":"x","timestamp":"1","key":"k"}'],
  ["a timestamp that is no integer", '{"author":"ann","text":"x","timestamp":0.5,"key":"k"}'],
  ["a timestamp before the epoch", '{"author":"ann","text":"x","timestamp":-1,"key":"k"}'],
  ["no key", '{"author":"ann","text":"x","timestamp":1}'],
  ["a key of other characters", '{"author":"ann","text":"x","timestamp":1,"key":"k k"}'],
  ["more bytes than a message can have", JSON.stringify({ ...line, more: "x".repeat(65_536) })],
])("a line is no message: %s", (_, text) => {
  expect(parseLine(Buffer.from(text))).toBeUndefined();
});

test("a line that is not UTF-8 is no message, even where the rest of it is in order", () => {
  expect(parseLine(Buffer.from(formatLine({ ...line, text: "\xff" }).trimEnd(), "latin1"))).toBeUndefined();
});

test("what is shown of a line cannot speak to the terminal", () => {
  expect(quoteLine(Buffer.from('한"\x1b[2J\x7f\u009b\u202e'))).toBe(
    '"한\\"\\u001b[2J\\u{7f}\\u{9b}\\u{202e}"',
  );
  expect(quoteLine(Buffer.from("x".repeat(60)))).toBe(`"${"x".repeat(60)}"`);
  expect(quoteLine(Buffer.from("x".repeat(61)))).toBe(`"${"x".repeat(60)}…"`);
});
