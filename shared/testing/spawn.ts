// A chapter's process, for tests and for other programs alike: nothing here needs vitest.
import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** The project's folder, seen from here or from what this file is compiled to in `dist`. */
const ROOT = join(import.meta.dirname, import.meta.filename.endsWith(".ts") ? "../.." : "../../..");

export { CHAPTER_NAMES as CHAPTERS, type ChapterName as ChapterFolder } from "../html-renderer/chapters.ts";

/** How a chapter's process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A chapter that runs. */
export interface ChapterProcess {
  readonly port: number;
  /** `http://localhost:PORT` or `https://…`, as the ready line says. */
  readonly url: string;
  readonly pid: number;
  /** What it printed on standard error so far. */
  stderr(): string;
  /** Sends a signal, SIGTERM unless told, and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Exit>;
  readonly exit: Promise<Exit>;
  /** Asks the probe (`probe.ts`) inside the process; only where the chapter was started with `probe: true`. */
  probe(question: unknown): Promise<unknown>;
}

export interface SpawnOptions {
  /** Flags, besides `--port 0` and `--store memory:`, which come first and so can be overridden. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** With a look inside: a clock that only the test moves, and a count of the sockets that are still held. */
  readonly probe?: boolean;
  /** The working directory; the project's, unless told. */
  readonly cwd?: string;
  /** Takes what kills the process. */
  readonly onStarted: (kill: () => void) => void;
}

/** Starts a chapter's process without waiting for it. */
export function spawnChapter(name: string, options: SpawnOptions) {
  const { args = [], env = {}, probe = false, cwd = ROOT, onStarted } = options;
  // Node 20 warns of the probe's clock, and what a chapter says on standard error is a test's subject.
  const quiet = ["--disable-warning=ExperimentalWarning", "--expose-gc"];
  const preload = probe ? [...quiet, "--import", `${ROOT}/dist/shared/testing/probe.js`] : [];
  const child = spawn(process.execPath, [...preload, `${ROOT}/dist/${name}/server.js`, ...args], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  onStarted(() => void child.kill("SIGKILL"));
  return child;
}

/** Starts a chapter and waits for its ready line. */
export async function startChapter(name: string, options: SpawnOptions): Promise<ChapterProcess> {
  const args = ["--port", "0", "--store", "memory:", ...(options.args ?? [])];
  const child = spawnChapter(name, { ...options, args });
  const output = { stdout: "", stderr: "" };
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });
  const exit = exitOf(child, output);
  const lines = new EventEmitter();
  if (child.stdout) {
    createInterface(child.stdout).on("line", (line) => {
      output.stdout += `${line}\n`;
      lines.emit("line", line);
    });
  }
  const [line] = await Promise.race([
    once(lines, "line"),
    exit.then(({ code, stderr }) => Promise.reject(new Error(`${name} ended with ${code}: ${stderr}`))),
  ]);
  const url = /^ch\d\d[a-z-]+ {2}(https?:\/\/\S+:(\d+))$/.exec(String(line));
  if (!url?.[1]) throw new Error(`not a ready line: ${line}`);
  return {
    url: url[1],
    port: Number(url[2]),
    pid: child.pid ?? 0,
    stderr: () => output.stderr,
    exit,
    stop(signal = "SIGTERM") {
      child.kill(signal);
      return exit;
    },
    async probe(question) {
      child.send({ question });
      const [answer] = await once(child, "message");
      return answer.answer;
    },
  };
}

/** Waits for a process's end, with all that it printed. */
export function exitOf(child: ChildProcess, output = { stdout: "", stderr: "" }): Promise<Exit> {
  return new Promise((resolve) => {
    child.once("close", (code, signal) => resolve({ code, signal, ...output }));
  });
}
