import { expect, test } from "vitest";
import { count, createNumbers, median } from "../../html-renderer/browser/numbers.ts";
import type { WireEvent } from "../../html-renderer/browser/wire.ts";

/** The numbers after events, one a second. */
function numbersAfter(...events: readonly WireEvent[]) {
  const numbers = createNumbers();
  for (const [index, event] of events.entries()) count(numbers, { ...event, at: index * 1_000 });
  return numbers;
}

const request = { type: "request", url: "http://localhost:3000/longpoll?after=7" } as const;

test("the median is the middle one, or the mean of the two in the middle", () => {
  expect(median([])).toBeUndefined();
  expect(median([4])).toBe(4);
  expect(median([9, 1, 100])).toBe(9);
  expect(median([10, 1, 2, 3])).toBe(2.5);
});

test("requests, empty answers and messages are counted, those of a stream too", () => {
  const { requests, empty, messages } = numbersAfter(
    request,
    { type: "answer", messages: 0 },
    request,
    { type: "answer", messages: 3 },
    { type: "open" },
    { type: "message", messages: 2 },
    { type: "sent", by: "request" },
  );
  expect([requests, empty, messages]).toEqual([2, 1, 5]);
});

test("the request is told with its cursor, as it was sent; the cursor moves on", () => {
  const numbers = numbersAfter(request, { type: "cursor", cursor: 9 });
  expect([numbers.request, numbers.cursor]).toEqual(["/longpoll?after=7", 9]);
});

test("a request waits until it is answered or fails", () => {
  expect(numbersAfter(request).waitingSince).toBe(0);
  expect(numbersAfter(request, { type: "answer", messages: 0 }).waitingSince).toBeUndefined();
  expect(numbersAfter(request, { type: "break" }).waitingSince).toBeUndefined();
});

test("a lost connection is lost from the first failure to the next sign of life", () => {
  const lost = numbersAfter({ type: "open" }, { type: "break" }, request, { type: "break" });
  expect([lost.heardAt, lost.lostAt]).toEqual([0, 1_000]);
  const back = numbersAfter({ type: "break" }, { type: "open" }, { type: "heartbeat" });
  expect([back.heardAt, back.lostAt]).toEqual([2_000, undefined]);
});

test("only the newest hundred delays count, and none is less than nothing", () => {
  const shown = Array.from({ length: 101 }, (_, delay) => ({ type: "shown", delay: delay - 1 }) as const);
  const { delays } = numbersAfter(...shown);
  expect([delays.length, delays[0], delays.at(-1)]).toEqual([100, 0, 99]);
});
