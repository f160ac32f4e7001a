import { rmdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { EXERCISES, type Exercise } from "../../tools/practise/exercises.ts";
import { type Trial, trySelf } from "../../tools/practise/selftest.ts";

// One bug of each chapter, and what is tried without a browser of each client; `npm run practise -- --selftest` tries all.
const SAMPLE = ["ch09/4", "ch10/5", "ch11/8", "ch12/4"];

afterAll(() => {
  try {
    rmdirSync(join(import.meta.dirname, "../../../practice"));
  } catch {
    // It is the learner's, and not empty.
  }
});

async function trialsOf(exercises: readonly Exercise[], alone: boolean): Promise<Trial[]> {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const trials: Trial[] = [];
  await trySelf(exercises, (trial) => trials.push(trial), controller.signal, alone);
  return trials;
}

test.each(SAMPLE)("the bug of %s is found by verify, which names the promise that it breaks", async (id) => {
  const [trial] = await trialsOf(
    EXERCISES.filter((exercise) => exercise.id === id),
    true,
  );
  expect(trial?.found).toBe(trial?.expected);
});

test.each(
  EXERCISES.filter(({ file }) => file === "client.ts").map((exercise) => [exercise.id, exercise] as const),
)(
  "the client of %s is missed while it is not written, and its solution keeps all that it owes its page",
  async (_, exercise) => {
    const trials = await trialsOf([exercise], false);
    expect(trials.map(({ found }) => found)).toEqual(["client-asks", "solved"]);
  },
);
