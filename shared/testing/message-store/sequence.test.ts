import { afterEach, expect, test, vi } from "vitest";
import { MAX_ANSWER, MAX_ANSWER_BYTES, type Message } from "../../message-store/message.ts";
import { BATCH_BYTES, jsonBytes, Sequence, takeBatch } from "../../message-store/sequence.ts";

const entry = (key: string) => ({ author: "ann", text: `text of ${key}`, timestamp: 1, key });
const entries = (count: number) => Array.from({ length: count }, (_, index) => entry(`k${index + 1}`));
const ids = (messages: readonly Message[]) => messages.map(({ id }) => id);

afterEach(() => {
  vi.restoreAllMocks();
});

test("after a cursor comes what is newer, oldest first, up to the limit", () => {
  const sequence = new Sequence();
  sequence.publish(entries(1_205));
  expect(ids(sequence.after(1_203))).toEqual([1_204, 1_205]);
  expect(sequence.after(1_205)).toEqual([]);
  expect(ids(sequence.after(3, 2))).toEqual([4, 5]);
  expect(ids(sequence.after(0))).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1));
});

test("after a cursor comes at most 1 MiB of JSON, but always one message", () => {
  const sequence = new Sequence();
  const texts = [4 * MAX_ANSWER_BYTES, ...Array.from({ length: 600 }, () => 700)];
  sequence.publish(texts.map((length, index) => ({ ...entry(`k${index}`), text: "한".repeat(length) })));
  expect(ids(sequence.after(0))).toEqual([1]);
  const messages = sequence.after(1);
  expect(ids(messages)).toEqual(messages.map((_, index) => index + 2));
  expect(jsonBytes(messages)).toBeLessThanOrEqual(MAX_ANSWER_BYTES);
  expect(jsonBytes([...messages, ...sequence.after(1 + messages.length, 1)])).toBeGreaterThan(
    MAX_ANSWER_BYTES,
  );
});

test("who has left is not called, not even when a listener before it ended the subscription", () => {
  const sequence = new Sequence();
  const second = vi.fn();
  sequence.subscribe(() => leave());
  const leave = sequence.subscribe(second);
  sequence.publish([entry("a")]);
  expect(second).not.toHaveBeenCalled();
});

test("who subscribes within a listener reads the batch, and does not hear it too", () => {
  const sequence = new Sequence();
  const seen: number[] = [];
  const stop = sequence.subscribe(() => {
    stop();
    seen.push(...ids(sequence.after(0)));
    sequence.subscribe((messages) => seen.push(...ids(messages)));
  });
  sequence.publish([entry("a")]);
  sequence.publish([entry("b")]);
  expect(seen).toEqual([1, 2]);
});

test("one function may subscribe twice and leave once", () => {
  const sequence = new Sequence();
  const listener = vi.fn();
  sequence.subscribe(listener);
  const leave = sequence.subscribe(listener);
  sequence.publish([entry("a")]);
  leave();
  sequence.publish([entry("b")]);
  expect(listener).toHaveBeenCalledTimes(3);
});

test("a batch is what waits, up to 1,000 and so many bytes, and at least one", () => {
  const half = BATCH_BYTES / 2;
  const queue = [2 * BATCH_BYTES, half, half, 1].map((size) => ({ size }));
  expect(takeBatch(queue)).toEqual([{ size: 2 * BATCH_BYTES }]);
  expect(takeBatch(queue)).toEqual([{ size: half }, { size: half }]);
  expect(takeBatch(queue)).toEqual([{ size: 1 }]);
  expect(takeBatch(queue)).toEqual([]);
  const many = Array.from({ length: MAX_ANSWER + 1 }, () => ({ size: 1 }));
  expect(takeBatch(many)).toHaveLength(MAX_ANSWER);
  expect(many).toHaveLength(1);
});
