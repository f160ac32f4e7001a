// For teachers: who has solved what.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { CHAPTER_NAMES } from "../../html-renderer/chapters.ts";
import { EXERCISES } from "./exercises.ts";
import { type Done, NOTHING_DONE, readProgress } from "./progress.ts";
import { widthOf } from "./text.ts";

/** A student, as `--json` prints it. */
export interface Student {
  /** The name of the student's folder. */
  readonly name: string;
  /** Why nothing is known of this student. */
  readonly problem?: string;
  readonly solved: number;
  /** By the exercises' names, only those that were begun. */
  readonly exercises: Readonly<Record<string, Done>>;
}

/**
 * Reads a folder with a folder for each student, in which a `practice` folder lies, or its content.
 *
 * @throws Error where the folder can't be read
 */
export function studentsIn(folder: string): Student[] {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map(({ name }) => name)
    .sort((a, b) => a.localeCompare(b));
  return names.map((name) => {
    const nothing = { name, solved: 0, exercises: {} };
    const paths = ["practice/progress.json", "progress.json"].map((path) => join(folder, name, path));
    const path = paths.find(existsSync);
    if (path === undefined) return { ...nothing, problem: "no progress.json" };
    try {
      const { exercises } = readProgress(path);
      const known = EXERCISES.filter(({ id }) => exercises[id]?.solved !== undefined);
      return { name, solved: known.length, exercises };
    } catch (error) {
      return { ...nothing, problem: error instanceof Error ? error.message : String(error) };
    }
  });
}

/** One line a student: a column a chapter, with a sign for each exercise. */
export function tableOf(students: readonly Student[]): string[] {
  const chapters = CHAPTER_NAMES.map((chapter) =>
    EXERCISES.filter((exercise) => exercise.chapter === chapter),
  );
  const rows = students.map(({ name, problem, solved, exercises }) => {
    if (problem !== undefined) return [name, "?", problem];
    const signs = chapters.map((all) => all.map(({ id }) => signOf(exercises[id] ?? NOTHING_DONE)).join(""));
    return [name, `${solved}/${EXERCISES.length}`, ...signs];
  });
  const head = ["", "", ...chapters.map(([first]) => first?.id.split("/")[0] ?? "")];
  const all = [head, ...rows];
  const widths = head.map((_, column) =>
    Math.max(
      ...all
        .filter((row) => row.length === head.length || column < 2)
        .map((row) => widthOf(row[column] ?? "")),
    ),
  );
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell + " ".repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
      .join("  ")
      .trimEnd(),
  );
  return [...lines, "x solved  d solved after a look at the solution  - begun  . not begun"];
}

/** Solved, solved after a look at the solution, begun, not begun. */
function signOf({ solved, checks, peeked }: Done): string {
  if (solved !== undefined) return peeked ? "d" : "x";
  return checks > 0 ? "-" : ".";
}
