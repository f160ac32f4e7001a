import { expect, test } from "vitest";
import { draftIn, framesOf } from "./socket.ts";

test.each([
  ["an object", '{"text": "안녕", "key": "k"}', { text: "안녕", key: "k" }],
  ["an object with other fields", '{"texts": 5}', { texts: 5 }],
  ["an empty object", "{}", {}],
  ["an object with blanks around it", ' {"text": "x"}\n', { text: "x" }],
  ["a list", '[{"text": "x"}]', { text: '[{"text": "x"}]' }],
  ["a string", '"x"', { text: '"x"' }],
  ["a number", "42", { text: "42" }],
  ["null", "null", { text: "null" }],
  ["half an object", '{"text": "x"', { text: '{"text": "x"' }],
  ["no JSON", "Hello", { text: "Hello" }],
  ["nothing", "", { text: "" }],
])("a text message that is %s", (_, text, draft) => {
  expect(draftIn(text)).toEqual(draft);
});

test("messages that were kept together are one buffer of frames, one a message", () => {
  const messages = [1, 2].map((id) => ({ id, author: "앤", text: "안녕", timestamp: 1, key: "k" }));
  const [first, second] = messages.map((message) => Buffer.from(JSON.stringify(message)));
  const expected = [Buffer.of(0x81, first?.length ?? 0), first, Buffer.of(0x81, second?.length ?? 0), second];
  expect(framesOf(messages)).toEqual(Buffer.concat(expected.flatMap((bytes) => bytes ?? [])));
});
