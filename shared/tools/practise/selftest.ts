// Tries the exercises themselves: the copy as it is given breaks the promise that it is to break, the solution keeps all.
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Language } from "../../html-renderer/words.ts";
import { ROOT } from "../proof/run-tests.ts";
import { build, look, type Outcome } from "./check.ts";
import { makeCopy } from "./copies.ts";
import type { Exercise } from "./exercises.ts";

/** What became of one trial. */
export interface Trial {
  /** `ch11/3`, or `ch11 solution`. */
  readonly name: string;
  /** A promise, or `solved`. Where chance decides, all that are right. */
  readonly expected: readonly string[];
  readonly found: string;
  readonly seconds: number;
}

/**
 * Tries exercises one after another, in folders of their own.
 *
 * @param onTrial called with each result
 * @param alone whether the promise is tried alone, which is quick; else as a learner's save is
 */
export async function trySelf(
  exercises: readonly Exercise[],
  onTrial: (trial: Trial) => void,
  signal: AbortSignal,
  alone = false,
): Promise<void> {
  const solved = new Set<string>();
  for (const exercise of exercises) {
    if (signal.aborted) return;
    const only = alone && exercise.file === "server.ts" ? exercise.breaks.join(",") : undefined;
    onTrial(await tryOne(exercise, exercise.given(), exercise.id, exercise.breaks, signal, only));
    const file = `${exercise.chapter.split("-")[0]} ${exercise.file}`;
    if (alone || solved.has(file) || signal.aborted) continue;
    solved.add(file); // The solution is the same for all exercises of the file.
    onTrial(await tryOne(exercise, exercise.solution(), `${file}, the solution`, ["solved"], signal));
  }
}

async function tryOne(
  exercise: Exercise,
  text: string,
  name: string,
  expected: readonly string[],
  signal: AbortSignal,
  only?: string,
): Promise<Trial> {
  const copy = { ...exercise, folder: `.selftest-${process.pid}-${exercise.folder}` };
  const language: Language = "en";
  const options = { language, signal, ...(only !== undefined && { only }) };
  const began = performance.now();
  try {
    makeCopy(copy, text);
    const wrong = await build(copy, options);
    const outcome = wrong === undefined ? await look(copy, options) : undefined;
    const found = outcome === undefined ? String(wrong) : foundIn(outcome);
    return { name, expected, found, seconds: (performance.now() - began) / 1_000 };
  } finally {
    for (const folder of [`practice/${copy.folder}`, `dist/practice/${copy.folder}`])
      rmSync(join(ROOT, folder), { recursive: true, force: true });
  }
}

function foundIn(outcome: Outcome): string {
  if (outcome.kind === "broken") return outcome.finding.promise;
  return outcome.kind === "solved" ? "solved" : outcome.sentence;
}
