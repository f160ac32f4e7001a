// The learner's copies: `practice/ch11-3`, with the file to edit and what the compiler and an editor need beside it.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../proof/run-tests.ts";
import type { Exercise } from "./exercises.ts";

/** The file that the learner edits, as a path from the project's folder, with `/`. */
export function pathOf({ folder, file }: Exercise): string {
  return `practice/${folder}/${file}`;
}

/** What a copy is compiled to, as a path from the project's folder, with `/`. */
export function builtPathOf(exercise: Exercise): string {
  return `dist/${pathOf(exercise).replace(/\.ts$/, ".js")}`;
}

function configOf({ file }: Exercise): string {
  const server = {
    extends: "../../tsconfig.base.json",
    compilerOptions: { types: ["node"], sourceMap: true },
    include: ["*.ts"],
    references: [{ path: "../../shared/http" }, { path: "../../shared/message-store" }],
  };
  const client = {
    extends: "../../tsconfig.base.json",
    compilerOptions: { lib: ["ES2023", "ES2024.String", "DOM", "DOM.Iterable"], sourceMap: true },
    include: ["*.ts"],
    references: [{ path: "../../shared/html-renderer/browser" }, { path: "../../shared/message-store" }],
  };
  return `${JSON.stringify(file === "server.ts" ? server : client, undefined, 2)}\n`;
}

/**
 * Makes the copy, unless it is there: what a learner has written is never overwritten.
 *
 * @param text what is in the file, unless it is as given
 */
export function makeCopy(exercise: Exercise, text = exercise.given()): void {
  const files = { [exercise.file]: text, "tsconfig.json": configOf(exercise) };
  const folder = join(ROOT, "practice", exercise.folder);
  if (existsSync(folder)) {
    for (const [name, content] of Object.entries(files)) {
      if (!existsSync(join(folder, name))) writeWhole(join(folder, name), content);
    }
    return;
  }
  // In one step, so that an interruption leaves a whole copy or none.
  const temporary = join(ROOT, "practice", `.new-${process.pid}`);
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(temporary, name), content);
    renameSync(temporary, folder);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
}

function writeWhole(path: string, content: string): void {
  const temporary = `${path}.${process.pid}`;
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * Moves what a learner has written aside, so that the exercise begins again.
 *
 * @param names the folders and files of `practice` to be moved
 * @returns where they are now, as a path from the project's folder; undefined where there was nothing
 */
export function setAside(names: readonly string[]): string | undefined {
  const there = names.filter((name) => existsSync(join(ROOT, "practice", name)));
  if (there.length === 0) return undefined;
  const kept = join(ROOT, "practice", "kept");
  mkdirSync(kept, { recursive: true });
  let number = 1;
  while (existsSync(join(kept, String(number)))) number += 1;
  mkdirSync(join(kept, String(number)));
  for (const name of there) renameSync(join(ROOT, "practice", name), join(kept, String(number), name));
  return `practice/kept/${number}`;
}
