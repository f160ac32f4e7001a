// `verify` as it is run: its own process, and what it says, a line of JSON a promise.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll } from "vitest";

export const ROOT = join(import.meta.dirname, "../../../..");

const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill();
});

/** What it says of a promise. */
export interface Said {
  readonly promise: string;
  readonly title: string;
  readonly kept: boolean | null;
  readonly seen?: string;
  readonly reason?: string;
  readonly why: readonly string[];
  readonly section: string;
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `verify` to its end; it is ended with its file's tests, if need be. Several may run at once: they mostly wait. */
export function verify(
  args: readonly string[],
  env: Record<string, string> = {},
  onStarted: (child: ChildProcess) => void = () => {},
): Promise<Outcome> {
  const child = spawn(process.execPath, ["dist/shared/tools/verify/verify.js", ...args], {
    cwd: ROOT,
    env: { ...process.env, LC_ALL: "C.UTF-8", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  onStarted(child);
  child.once("close", () => running.delete(child));
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  }
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, ...output })));
}

/** What it said of each promise, by name. */
export function saidIn({ stdout }: Outcome): Map<string, Said> {
  const lines: unknown[] = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return new Map(
    lines.flatMap((line): [string, Said][] => {
      const said: Said = Object(line);
      return said.promise === undefined ? [] : [[said.promise, said]];
    }),
  );
}

/** The names of those that are broken, with what was seen. */
export function brokenIn(outcome: Outcome): Record<string, string> {
  const said = [...saidIn(outcome).values()];
  return Object.fromEntries(
    said.flatMap(({ promise, kept, seen }) => (kept === false ? [[promise, seen ?? ""]] : [])),
  );
}
