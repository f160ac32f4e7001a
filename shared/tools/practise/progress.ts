// What a learner has done so far: `practice/progress.json`.
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

/** What became of one exercise. */
export interface Done {
  /** When every promise was kept for the first time, as `2026-11-21T10:00:00.000Z`. */
  readonly solved?: string;
  /** How often a save was checked. */
  readonly checks: number;
  /** How many of the three hints were asked for. */
  readonly hints: number;
  /** Whether the solution was looked at before the exercise was solved. */
  readonly peeked: boolean;
}

/** By the exercises' names, such as `ch11/3`. */
export interface Progress {
  /** The exercise that was worked on last. */
  readonly last?: string;
  readonly exercises: Readonly<Record<string, Done>>;
}

export const NOTHING_DONE: Done = { checks: 0, hints: 0, peeked: false };
const NO_PROGRESS: Progress = { exercises: {} };

/** The file is there and is not what this program writes. */
class DamagedProgress extends Error {
  override name = "DamagedProgress";
}

/**
 * Reads the file.
 *
 * @returns what it says; nothing done where there is none
 * @throws DamagedProgress
 */
export function readProgress(path: string): Progress {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return NO_PROGRESS;
    throw error;
  }
  const progress = parseProgress(text);
  if (progress === undefined) throw new DamagedProgress(`${path} is damaged`);
  return progress;
}

/** @returns undefined where the text is no progress */
function parseProgress(text: string): Progress | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value) || !isObject(value["exercises"])) return undefined;
  const exercises: Record<string, Done> = {};
  for (const [id, done] of Object.entries(value["exercises"])) {
    if (!isObject(done)) return undefined;
    const { solved, checks, hints, peeked } = done;
    if (typeof checks !== "number" || typeof hints !== "number" || typeof peeked !== "boolean")
      return undefined;
    if (solved !== undefined && typeof solved !== "string") return undefined;
    exercises[id] = { checks, hints, peeked, ...(solved !== undefined && { solved }) };
  }
  const { last } = value;
  return { exercises, ...(typeof last === "string" && { last }) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/**
 * Reads the file; one that is damaged is moved aside first.
 *
 * @param onAside is told where it was moved to
 */
export function openProgress(path: string, onAside: (to: string) => void): Progress {
  try {
    return readProgress(path);
  } catch (error) {
    if (!(error instanceof DamagedProgress)) throw error;
    const to = `${path}.damaged-${Date.now()}`;
    renameSync(path, to);
    onAside(to);
    return NO_PROGRESS;
  }
}

/**
 * Changes the file: whatever interrupts this, it is as it was before or as it is after.
 *
 * @throws Error where it can't be written (a full disk, for example); then it is as it was
 */
export function updateProgress(path: string, change: (progress: Progress) => Progress): Progress {
  // Read again: another terminal may have changed it.
  const changed = change(openProgress(path, () => {}));
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  try {
    const file = openSync(temporary, "w");
    try {
      writeSync(file, `${JSON.stringify(changed, undefined, 2)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  return changed;
}

/** Changes what is said of one exercise. */
export function withDone(progress: Progress, id: string, change: (done: Done) => Done): Progress {
  const done = change(progress.exercises[id] ?? NOTHING_DONE);
  return { ...progress, exercises: { ...progress.exercises, [id]: done } };
}
