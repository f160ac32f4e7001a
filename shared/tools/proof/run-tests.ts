// Tests run by another program: what passed and what failed, by name.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FIGURES } from "./figures.ts";

/** The project's folder, seen from here or from what this file is compiled to in `dist`. */
export const ROOT = join(
  import.meta.dirname,
  import.meta.filename.endsWith(".ts") ? "../../.." : "../../../..",
);

/**
 * Reads the flags of a command. What is wrong with them is said in one line, exit code 2.
 *
 * @param read calls `parseArgs`
 */
export function flagsOf<Flags>(name: string, read: () => Flags): Flags {
  try {
    return read();
  } catch (error) {
    return misused(name, error instanceof Error ? (error.message.split(/\. |\n/)[0] ?? "") : String(error));
  }
}

/** Says what is wrong with a command and ends the process. */
export function misused(name: string, what: string): never {
  console.error(`${name}: ${what}. --help lists the flags.`);
  process.exit(2);
}

/** How a Node program ended. */
export interface Output {
  readonly code: number | null;
  readonly text: string;
}

/**
 * Runs a Node program to its end.
 *
 * @param env besides our own environment, of which the figures' file is left out: they are asked for here or not at all
 * @param onText called with what it prints, as it does
 */
export function runNode(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  onText = (_text: string) => {},
): Promise<Output> {
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, [FIGURES]: "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const end = () => child.kill();
  process.once("exit", end);
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (more: string) => {
      text += more;
      onText(more);
    });
  }
  return new Promise((resolve) => {
    child.once("close", (code) => {
      process.off("exit", end);
      resolve({ code, text });
    });
  });
}

export interface Tests {
  readonly passed: number;
  /** The full names of those that failed; or the first lines of why a file could not be run. */
  readonly failed: readonly string[];
}

/**
 * Runs tests of a project that is built.
 *
 * @param args files, and flags of vitest
 * @throws Error where vitest says nothing of what it did
 */
export async function runTests(
  folder: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Tests> {
  const place = mkdtempSync(join(tmpdir(), "report-"));
  const report = join(place, "report.json");
  const vitest = [
    "node_modules/vitest/vitest.mjs",
    "run",
    "--config",
    "shared/testing/mutations/vitest.config.ts",
  ];
  const { text } = await runNode(
    folder,
    [...vitest, "--reporter=json", `--outputFile=${report}`, ...args],
    env,
  );
  try {
    const { testResults, numPassedTests } = JSON.parse(readFileSync(report, "utf8"));
    const failed: string[] = [];
    for (const { assertionResults, status, name, message } of testResults) {
      const before = failed.length;
      for (const one of assertionResults) if (one.status === "failed") failed.push(String(one.fullName));
      if (status === "failed" && failed.length === before) failed.push(`${name}: ${message}`.slice(0, 300));
    }
    return { passed: Number(numPassedTests), failed };
  } catch (error) {
    throw new Error(`vitest did not report: ${text.slice(-2_000)}`, { cause: error });
  } finally {
    rmSync(place, { recursive: true });
  }
}
