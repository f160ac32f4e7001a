import type { Writable } from "node:stream";
import { expect, test } from "vitest";
import * as ws from "ws";
import { textFrame } from "./frame.ts";

// `ws` writes and reads frames itself; its types do not say so.
const Sender: { frame(data: Buffer, options: object): Buffer[] } = Reflect.get(ws, "Sender");
const Receiver: new (options: object) => Writable = Reflect.get(ws, "Receiver");

/** What `ws` reads in a frame. */
function readByWs(frame: Buffer): unknown[] {
  const messages: unknown[] = [];
  const receiver = new Receiver({ isServer: false });
  receiver.on("message", (data, isBinary) => messages.push({ text: String(data), isBinary }));
  receiver.on("error", (error) => messages.push(error));
  receiver.write(frame);
  return messages;
}

test.each([
  ["RFC 6455's own sample (§5.7)", "Hello", "8105 48656c6c6f"],
  ["no text", "", "8100"],
  ["two Korean characters, six bytes", "안녕", "8106 ec9588 eb8595"],
  ["an emoji", "👋", "8104 f09f918b"],
])("a server's text frame is FIN and text, its length in bytes, its text: %s", (_, text, hex) => {
  expect(textFrame(text).toString("hex")).toBe(hex.replaceAll(" ", ""));
});

test.each([
  [125, "817d"],
  [126, "817e007e"],
  [127, "817e007f"],
  [65_535, "817effff"],
  [65_536, "817f0000000000010000"],
  [70_000, "817f0000000000011170"],
])("a text of %i bytes has the shortest head that holds its length", (length, head) => {
  const frame = textFrame("x".repeat(length));
  expect(frame.toString("hex", 0, frame.length - length)).toBe(head);
});

const lengths = [0, 1, 2, 124, 125, 126, 127, 128, 65_534, 65_535, 65_536, 65_537, 200_000];
test.each([
  ["x", 1],
  ["한", 3],
  ["👋", 4],
])("byte for byte it is the frame that ws writes, and ws reads it: texts of %s", (sign, bytes) => {
  for (const length of lengths) {
    const text = sign.repeat(length / bytes) + "x".repeat(length % bytes);
    const frame = textFrame(text);
    const options = { fin: true, rsv1: false, opcode: 1, mask: false, readOnly: false };
    expect(frame.equals(Buffer.concat(Sender.frame(Buffer.from(text), options))), `${length} bytes`).toBe(
      true,
    );
    expect(readByWs(frame)).toEqual([{ text, isBinary: false }]);
  }
});
