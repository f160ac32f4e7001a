import { expect, test } from "vitest";
import { COMMENT, eventsOf, streamBytes } from "./stream.ts";

const message = { id: 7, author: "앤", text: "안녕\n", timestamp: 1, key: "k" };

test("a chunk is its length in bytes, not characters, and the text: the bare form is the same bytes without", () => {
  const { chunk, bare } = streamBytes("안녕 👋");
  expect(chunk.toString()).toBe("b\r\n안녕 👋\r\n");
  expect(bare.toString()).toBe("안녕 👋");
  expect(bare.buffer).toBe(chunk.buffer);
});

test("a long chunk gives its length in hexadecimal", () => {
  expect(streamBytes("x".repeat(300)).chunk.toString()).toBe(`12c\r\n${"x".repeat(300)}\r\n`);
});

test("messages that go out together are one chunk, each an event under its own id", () => {
  const events = [message, { ...message, id: 8 }]
    .map((it) => `id: ${it.id}\ndata: ${JSON.stringify(it)}\n\n`)
    .join("");
  expect(eventsOf([message, { ...message, id: 8 }]).bare.toString()).toBe(events);
  // JSON has its line ends escaped, so a message is one line of data.
  expect(events.split("\n")).toHaveLength(7);
});

test("a heartbeat is a comment", () => {
  expect(COMMENT.chunk.toString()).toBe("4\r\n: \n\n\r\n");
});
