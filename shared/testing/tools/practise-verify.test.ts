import { rmdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { EXERCISES, type Exercise } from "../../tools/practise/exercises.ts";
import { type Trial, trySelf } from "../../tools/practise/selftest.ts";

// One bug of each chapter, and what is tried without a browser of each client; `npm run practise -- --selftest` tries all.
const SAMPLE = ["ch09/5", "ch10/7", "ch11/8", "ch12/6"];

afterAll(() => {
  try {
    rmdirSync(join(import.meta.dirname, "../../../practice"));
  } catch {
    // It is the learner's, and not empty.
  }
});

/** @param signal ends what was started */
async function trialsOf(
  exercises: readonly Exercise[],
  alone: boolean,
  signal: AbortSignal,
): Promise<Trial[]> {
  const trials: Trial[] = [];
  await trySelf(exercises, (trial) => trials.push(trial), signal, alone);
  return trials;
}

// Most of their time they wait.
describe.concurrent("tried at the same time", () => {
  test.for(SAMPLE)(
    "the bug of %s is found by verify, which names the promise that it breaks",
    async (id, { signal }) => {
      const exercises = EXERCISES.filter((exercise) => exercise.id === id);
      const [trial] = await trialsOf(exercises, true, signal);
      expect(trial?.expected).toContain(trial?.found);
    },
  );

  const clients = EXERCISES.filter(({ file }) => file === "client.ts");
  test.for(clients.map((exercise) => [exercise.id, exercise] as const))(
    "the client of %s is missed while it is not written, and its solution keeps all that it owes its page",
    async ([, exercise], { signal }) => {
      const trials = await trialsOf([exercise], false, signal);
      expect(trials.map(({ found }) => found)).toEqual(["client-asks", "solved"]);
    },
  );

  const requesting = clients.filter(({ technique }) => /polling/.test(technique));
  test.for(requesting.map((exercise) => [exercise.id, exercise] as const))(
    "the client of %s is missed where a cache lets its second window wait",
    async ([, exercise], { signal }) => {
      const given = () => exercise.solution().replace('cache: "no-store", ', "");
      expect(given()).not.toBe(exercise.solution());
      const folder = `${exercise.folder}-uncached`; // The other trial is at work in its own.
      const [trial] = await trialsOf([{ ...exercise, folder, given }], true, signal);
      expect(trial?.found).toBe("client-windows");
    },
  );
});
