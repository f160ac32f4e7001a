// A chapter as a learner starts it: a process of its own, on a free port; in a test, which it does not outlive.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, onTestFinished } from "vitest";
import * as spawned from "./spawn.ts";
import { type ChapterProcess, type Exit, exitOf, type SpawnOptions } from "./spawn.ts";

export { CHAPTERS, type ChapterFolder, type ChapterProcess, type Exit, exitOf } from "./spawn.ts";

/** As in `spawn.ts`, but that without `onStarted` the process is killed when the test is over. */
export type StartOptions = Omit<SpawnOptions, "onStarted"> & Partial<Pick<SpawnOptions, "onStarted">>;

/** Starts a chapter's process without waiting for it. It is killed when the test is over. */
export function spawnChapter(name: string, options: StartOptions = {}) {
  return spawned.spawnChapter(name, { onStarted: onTestFinished, ...options });
}

/** Starts a chapter and waits for its ready line. It is killed when the test is over. */
export function startChapter(name: string, options: StartOptions = {}): Promise<ChapterProcess> {
  return spawned.startChapter(name, { onStarted: onTestFinished, ...options });
}

/**
 * A chapter that all tests of a file, or of one `describe`, share.
 *
 * @returns the chapter, to be asked for within a test
 */
export function sharedChapter(name: string, options: StartOptions = {}): () => ChapterProcess {
  let chapter: ChapterProcess | undefined;
  beforeAll(async () => {
    let end = () => {};
    const onStarted = (kill: () => void) => {
      end = kill;
    };
    chapter = await startChapter(name, { ...options, onStarted });
    return end;
  });
  return () => {
    if (!chapter) throw new Error("the chapter is there within a test only");
    return chapter;
  };
}

/** Starts a chapter that is expected to end by itself, and collects what it printed. */
export async function runChapter(name: string, options: StartOptions = {}): Promise<Exit> {
  const child = spawnChapter(name, options);
  const output = { stdout: "", stderr: "" };
  child.stdout?.on("data", (text) => {
    output.stdout += text;
  });
  child.stderr?.on("data", (text) => {
    output.stderr += text;
  });
  return exitOf(child, output);
}

/** A folder for one test's files; removed when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "chat-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
