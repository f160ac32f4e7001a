import { expect, test } from "vitest";
import { createMarks, isHeld, type Mark, SPAN } from "../../html-renderer/browser/marks.ts";
import { shapesOf } from "../../html-renderer/browser/strip.ts";
import type { WireEvent } from "../../html-renderer/browser/wire.ts";

const url = "http://localhost:3000/poll?after=7";
const request = { type: "request", url } as const;
const answer = (messages: number) => ({ type: "answer", messages }) as const;

/** The marks of events, each with its time in milliseconds. */
function marksOf(...events: readonly [at: number, event: WireEvent][]): readonly Mark[] {
  const marks = createMarks();
  for (const [at, event] of events) marks.add({ ...event, at });
  return marks.since(0);
}

/** The layers that are drawn; a second is ten pixels wide. */
function layersOf(marks: readonly Mark[], isSocket = false): string[] {
  return Object.keys(shapesOf(marks, { now: SPAN, x: (time) => time / 100, isSocket }).paths);
}

test("a request that is answered at once is a tick, with its messages or without any", () => {
  const marks = marksOf([0, request], [10, answer(0)], [1_000, request], [1_010, answer(2)]);
  expect(marks).toEqual([
    { kind: "request", from: 0, to: 10, messages: 0 },
    { kind: "request", from: 1_000, to: 1_010, messages: 2 },
  ]);
  expect(marks.some((mark) => isHeld(mark, SPAN))).toBe(false);
  expect(layersOf(marks)).toEqual(["tick", "news"]);
  expect(shapesOf(marks, { now: SPAN, x: (time) => time / 100, isSocket: false }).counts).toEqual([
    { x: 10, count: 2 },
  ]);
});

test("a request that waits longer than 300 ms is a bar, which ends with its answer", () => {
  const [mark] = marksOf([0, request]);
  if (mark === undefined) throw new Error("one mark");
  expect([isHeld(mark, 300), isHeld(mark, 301)]).toEqual([false, true]);
  expect(layersOf([mark])).toEqual(["held"]);
  expect(layersOf(marksOf([0, request], [25_000, answer(0)]))).toEqual(["held"]);
  expect(layersOf(marksOf([0, request], [25_000, answer(1)]))).toEqual(["held", "dot"]);
});

test("a connection begins when it opens, instead of its request, and has beads for messages and heartbeats", () => {
  const marks = marksOf(
    [0, request],
    [400, { type: "open" }],
    [500, { type: "heartbeat" }],
    [900, { type: "message", messages: 1 }],
  );
  expect(marks).toEqual([
    { kind: "stream", from: 400, to: Infinity },
    { kind: "heartbeat", from: 500, to: 500 },
    { kind: "message", from: 900, to: 900, messages: 1 },
  ]);
  expect(layersOf(marks)).toEqual(["rail", "pulse", "pulse-inside", "ring", "dot"]);
  expect(layersOf(marks, true)).toEqual(["rail", "tube", "pulse", "pulse-inside", "received"]);
});

test("what comes within 250 ms is one bead with a count", () => {
  const message = { type: "message", messages: 1 } as const;
  const marks = marksOf([0, message], [100, message], [249, message], [250, message]);
  expect(marks.map((mark) => "messages" in mark && mark.messages)).toEqual([3, 1]);
});

test("a lost connection ends, and the gap lasts until the next request", () => {
  const marks = marksOf(
    [0, { type: "open" }],
    [1_000, { type: "break" }],
    [4_000, request],
    [4_100, { type: "open" }],
  );
  expect(marks).toEqual([
    { kind: "stream", from: 0, to: 1_000 },
    { kind: "break", from: 1_000, to: 4_000 },
    { kind: "stream", from: 4_100, to: Infinity },
  ]);
  expect(layersOf(marks)).toEqual(["rail", "cross", "gap"]);
});

test("a browser that reconnects by itself makes no request that the page sees, and the gap still ends", () => {
  const marks = marksOf([0, { type: "open" }], [1_000, { type: "break" }], [2_000, { type: "open" }]);
  expect(marks.map(({ from, to }) => [from, to])).toEqual([
    [0, 1_000],
    [1_000, 2_000],
    [2_000, Infinity],
  ]);
});

test("a failed request is no tick", () => {
  expect(layersOf(marksOf([0, request], [5, { type: "break" }]))).toEqual(["cross", "gap"]);
});

test("what the strip does not show any more is forgotten, but not what still goes on", () => {
  const marks = createMarks();
  marks.add({ type: "open", at: 0 });
  for (let at = 0; at < 10 * SPAN; at += 250) marks.add({ type: "message", messages: 1, at });
  expect(marks.since(9 * SPAN)).toHaveLength(1 + SPAN / 250);
  expect(marks.since(20 * SPAN)).toEqual([{ kind: "stream", from: 0, to: Infinity }]);
});

test("of numbers that would be written into each other the first stays", () => {
  const marks = marksOf([0, request], [1, answer(10)], [1_000, request], [1_001, answer(20)]);
  const { counts } = shapesOf(marks, { now: SPAN, x: (time) => time / 100, isSocket: false });
  expect(counts).toEqual([{ x: 0, count: 10 }]);
});
