import { expect, test } from "vitest";
import { createBackoff } from "../../html-renderer/browser/backoff.ts";

const delays = (random: number, count: number) => {
  const backoff = createBackoff({ first: 1_000, max: 15_000, random: () => random });
  return { backoff, list: Array.from({ length: count }, () => backoff.next()) };
};

test("the bound of each delay doubles up to the maximum", () => {
  expect(delays(1, 7).list).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
});

test("each delay is random from nothing on, the first one too", () => {
  expect(delays(0, 3).list).toEqual([0, 0, 0]);
  expect(delays(0.25, 3).list).toEqual([250, 500, 1_000]);
});

test("a try that succeeds starts it over", () => {
  const { backoff } = delays(1, 5);
  backoff.reset();
  expect(backoff.next()).toBe(1_000);
});
