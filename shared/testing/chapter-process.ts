// A chapter as a learner starts it: a process of its own, on a free port; in a test, which it does not outlive.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, onTestFinished } from "vitest";
import { ROOT } from "../tools/proof/run-tests.ts";
import * as spawned from "./spawn.ts";
import { type ChapterProcess, type Exit, exitOf, type SpawnOptions } from "./spawn.ts";

export { CHAPTERS, type ChapterFolder, type ChapterProcess, type Exit, exitOf } from "./spawn.ts";

/** As in `spawn.ts`, but that without `onStarted` the process is killed when the test is over. */
export type StartOptions = Omit<SpawnOptions, "onStarted"> & Partial<Pick<SpawnOptions, "onStarted">>;

/** Starts a chapter's process without waiting for it. It is killed when the test is over. */
function spawnChapter(name: string, options: StartOptions = {}) {
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
export function runChapter(name: string, options: StartOptions = {}): Promise<Exit> {
  return endOf(spawnChapter(name, options));
}

/** Starts a compiled tool. It is killed when the test is over. @param script below `dist/shared` */
export function startTool(script: string, ...args: readonly string[]) {
  const path = join(ROOT, "dist/shared", script);
  const child = spawn(process.execPath, [path, ...args], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

/** Starts a compiled tool that is expected to end by itself, and collects what it printed. */
export function runTool(script: string, ...args: readonly string[]): Promise<Exit> {
  return endOf(startTool(script, ...args));
}

function endOf(child: ChildProcess): Promise<Exit> {
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  }
  return exitOf(child, output);
}

/** A folder for one test's files; removed when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "chat-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
