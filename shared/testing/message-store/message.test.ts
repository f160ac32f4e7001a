import { expect, test } from "vitest";
import { DraftError, parseDraft } from "../../message-store/draft.ts";
import { MAX_AUTHOR, MAX_TEXT } from "../../message-store/message.ts";

test("a draft is its own text, author and key, exactly as sent", () => {
  const text = " 안녕 👋🏽 \n<script>\u0000 ";
  expect(parseDraft({ text, author: "ann", key: "a_Z-9" })).toEqual({ text, author: "ann", key: "a_Z-9" });
});

test("lengths are counted in UTF-16 units, and the longest is taken", () => {
  const longest = { text: "👋".repeat(MAX_TEXT / 2), author: "한".repeat(MAX_AUTHOR), key: "k".repeat(64) };
  expect(parseDraft(longest)).toEqual(longest);
});

test.each([
  ["no object: null", null],
  ["no object: a string", "hello"],
  ["no object: an array", [{ text: "x" }]],
  ["no text", { author: "ann" }],
  ["a text that is inherited", Object.create({ text: "x" })],
  ["text null", { text: null }],
  ["text a number", { text: 1 }],
  ["text empty", { text: "" }],
  ["text blank", { text: " \t\n\u3000" }],
  ["text too long", { text: "x".repeat(MAX_TEXT + 1) }],
  ["text with a lone surrogate", { text: "a\ud83d" }],
  ["author null", { text: "x", author: null }],
  ["author too long", { text: "x", author: "x".repeat(MAX_AUTHOR + 1) }],
  ["author with a lone surrogate", { text: "x", author: "\udc4b" }],
  ["key null", { text: "x", key: null }],
  ["key empty", { text: "x", key: "" }],
  ["key too long", { text: "x", key: "k".repeat(65) }],
  ["key with another character", { text: "x", key: "a b" }],
  ["key with a line end", { text: "x", key: "ab\n" }],
])("a draft is refused with a sentence: %s", (_, value) => {
  expect(() => parseDraft(value)).toThrow(DraftError);
  expect(() => parseDraft(value)).toThrow(/^(Send|The field) .*[^:]\.$/);
});
