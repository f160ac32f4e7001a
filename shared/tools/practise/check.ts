// One check of a copy: it is built, started, and looked at by `verify`; or, where it is a client, by its trial.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import type { Language } from "../../html-renderer/words.ts";
import { ROOT } from "../proof/run-tests.ts";
import { builtPathOf, pathOf } from "./copies.ts";
import type { Exercise } from "./exercises.ts";
import { OWNERS } from "./owners.ts";
import { WORDS } from "./words.ts";

/** A promise as `verify` tells of it, and the trial of a client. */
export interface Finding {
  readonly promise: string;
  readonly title: string;
  /** Nothing where it was not tried. */
  readonly kept: boolean | null;
  /** What was seen where it is broken. */
  readonly seen: string;
  /** Where to read about it: a file of the project and its heading; empty where there is none. */
  readonly section: string;
  /** What the learner's program printed meanwhile, where it is broken. */
  readonly printed: readonly string[];
}

/** What became of a check. */
export type Outcome =
  | { readonly kind: "solved"; readonly kept: number }
  | { readonly kind: "broken"; readonly finding: Finding }
  /** It did not get so far: it does not compile, say. */
  | { readonly kind: "problem"; readonly sentence: string };

export interface CheckOptions {
  readonly language: Language;
  /** Ends the check, and all that it started. */
  readonly signal: AbortSignal;
  /** Called with each promise, as soon as it is known. */
  readonly onFinding?: (finding: Finding) => void;
  /** Tries this promise alone. */
  readonly only?: string;
}

const DIST = join(ROOT, "dist");
const HERE = join(DIST, "shared/tools/practise");
const LEASH = pathToFileURL(join(HERE, "leash.js")).href;

/** How long a trial of a client may take in all, in milliseconds: a loop without end says nothing by itself. */
const TRIAL_LIMIT = 60_000;

/** How long the output of a program may stay open when it has ended, in milliseconds. */
const LEFT_OPEN = 1_000;

/** How long a server may take until it listens, in milliseconds. */
const START_LIMIT = 10_000;

/** The environment of a learner's program: without what would send it to another port or log. */
function environment(): NodeJS.ProcessEnv {
  const { PORT, HOST, CHAT_STORE, TLS_CERT, TLS_KEY, ...others } = process.env;
  // Whatever it starts itself ends with it, too.
  const options = `${others["NODE_OPTIONS"] ?? ""} --enable-source-maps --import ${LEASH}`.trim();
  return { ...others, NODE_OPTIONS: options, [OWNERS]: String(process.pid) };
}

/** Ends a process for certain. One that is in a loop hears no other signal. */
function end(child: ChildProcess): void {
  child.kill("SIGKILL");
}

/** A program's lines, as they come, and how it ended. */
async function run(
  args: readonly string[],
  signal: AbortSignal,
  onLine: (line: string) => void = () => {},
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: environment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  // Not at once: `verify` ends its servers first.
  const stop = () => void child.kill("SIGTERM");
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on("line", (line) => {
      lines.push(line);
      if (stream === child.stdout) onLine(line);
    });
  }
  const closed = once(child, "close");
  const [code] = await once(child, "exit");
  // What it has left behind may hold its output open for a moment.
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, LEFT_OPEN))]);
  signal.removeEventListener("abort", stop);
  return { code: typeof code === "number" ? code : null, output: lines.join("\n") };
}

/** Builds a copy. @returns the first thing that is wrong with it, in one line; nothing where all is well */
export async function build(exercise: Exercise, options: CheckOptions): Promise<string | undefined> {
  const { language, signal } = options;
  const path = pathOf(exercise);
  if (!existsSync(join(ROOT, path))) return WORDS.missing[language](path);
  const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
  const { code, output } = await run(
    [compiler, "-b", `practice/${exercise.folder}`, "--pretty", "false"],
    signal,
  );
  if (code === 0) return undefined;
  const errors = output.split("\n").filter((line) => /\berror TS\d+: /.test(line));
  const [first = output.split("\n")[0] ?? ""] = errors;
  const where = first
    .replaceAll("\\", "/")
    .replace(/^(?:.*\/)?(practice\/[^(]+)\((\d+),(\d+)\): error TS\d+: /, "$1:$2:$3 ")
    .replace(/^error TS\d+: /, "");
  const sentence = WORDS.doesNotCompile[language](where, Math.max(0, errors.length - 1));
  // What it imports is gone: most likely the project is newer than the copy.
  const isOld = /error TS(?:2305|2307|2724): .*shared\//.test(first);
  return isOld ? `${sentence} ${WORDS.old[language](exercise.id)}` : sentence;
}

/** A server that a learner may open a page of. */
export interface PageServer {
  readonly url: string;
  /** Resolves when its port is free again. */
  stop(): Promise<void>;
  /** Resolves when it has ended without having been stopped: to why, in one line. */
  readonly failed: Promise<string>;
}

/**
 * Starts a server and waits for its ready line. Where its port is in use it takes a free one.
 *
 * @param script relative to the project's folder
 * @returns it, or why there is none, in one line
 */
export async function startServer(
  script: string,
  port: number,
  options: CheckOptions,
): Promise<PageServer | string> {
  const { language, signal } = options;
  const child = spawn(process.execPath, [join(ROOT, script), "--port", String(port), "--store", "memory:"], {
    cwd: ROOT,
    env: environment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: string[] = [];
  createInterface(child.stderr).on("line", (line) => {
    if (said.length < 100) said.push(line);
  });
  const ended = once(child, "close");
  const settled = new AbortController();
  const limit = AbortSignal.any([AbortSignal.timeout(START_LIMIT), signal, settled.signal]);
  try {
    const ready = once(createInterface(child.stdout), "line", { signal: limit });
    const first = await Promise.race([ready, ended.then(() => undefined)]);
    const url = /https?:\/\/\S+$/.exec(String(first?.[0]))?.[0];
    if (url !== undefined) {
      let isStopped = false;
      const failed = new Promise<string>((resolve) => {
        ended.then(() => isStopped || resolve(sentenceIn(said) || "-"));
      });
      const stop = async () => {
        isStopped = true;
        end(child);
        await ended;
      };
      return { url, stop, failed };
    }
    const why = sentenceIn(said).replace(/^ch\d\d[a-z-]*: /, "");
    if (port !== 0 && /^Port \d+ is in use/.test(why)) return startServer(script, 0, options);
    return WORDS.ended[language](why || "-");
  } catch {
    end(child);
    return WORDS.silent[language](START_LIMIT / 1_000);
  } finally {
    settled.abort();
    if (signal.aborted) end(child);
  }
}

/** Of what a program prints when it fails, the line that says why: `TypeError: …`, or its first. */
function sentenceIn(lines: readonly string[]): string {
  const said = lines.filter((line) => line.trim() !== "");
  return said.find((line) => /^\w*Error\b/.test(line)) ?? said[0] ?? "";
}

/** Looks at a copy that is built. */
export async function look(exercise: Exercise, options: CheckOptions): Promise<Outcome> {
  const { language, signal, onFinding = () => {}, only } = options;
  let broken: Finding | undefined;
  let kept: number | undefined;
  let problem: string | undefined;
  const onLine = (line: string) => {
    const told = parse(line);
    if (told === undefined) return;
    if (typeof told["error"] === "string") problem = told["error"];
    if (isRecord(told["summary"])) kept = Number(told["summary"]["kept"]);
    const finding = findingIn(told);
    if (finding === undefined) return;
    onFinding(finding);
    if (finding.kept === false) broken ??= finding;
  };
  const limit =
    exercise.file === "client.ts" ? AbortSignal.any([signal, AbortSignal.timeout(TRIAL_LIMIT)]) : signal;
  const command =
    exercise.file === "client.ts" ? clientTrial(exercise, language) : verify(exercise, language, only);
  const { code, output } = await run(command, limit, onLine);
  // The verdict's own lines are not the learner's.
  const others = output.split("\n").filter((line) => parse(line) === undefined && line.trim() !== "");
  if (broken !== undefined) {
    const printed = exercise.file === "client.ts" ? others : broken.printed;
    return { kind: "broken", finding: { ...broken, printed: ownLines(printed) } };
  }
  if (code === 0 && kept !== undefined) return { kind: "solved", kept };
  const why = problem ?? (sentenceIn(others) || `code ${code}`);
  return { kind: "problem", sentence: WORDS.cannotCheck[language](why) };
}

/** How many lines of what a learner's program printed are shown. */
const PRINTED = 8;

/** What a learner's program printed, its end: of each error's stack, the first place that is the learner's. */
function ownLines(printed: readonly string[]): string[] {
  let isShown = false;
  const lines = printed.flatMap((line) => {
    if (!/^ +at /.test(line)) {
      isShown = false;
      return [line];
    }
    const place = /practice[/\\][^/\\]+[/\\](?:server|client)\.[a-z.]+:\d+:\d+/.exec(line)?.[0];
    if (place === undefined || isShown) return [];
    isShown = true;
    return [`    at ${place.replaceAll("\\", "/")}`];
  });
  return [...new Set(lines)].slice(-PRINTED); // One that comes with every request is said once.
}

function verify(exercise: Exercise, language: Language, only: string | undefined): string[] {
  const start = `"${process.execPath}" ${builtPathOf(exercise)} --port {port} --store {store}`;
  const which = only === undefined ? ["--first"] : ["--only", only];
  const flags = ["--json", ...which, "--lang", language, "--technique", exercise.technique];
  return [join(DIST, "shared/tools/verify/verify.js"), ...flags, "--start", start];
}

/** Points a client at the stand-in for its page. @returns the command that tries it */
function clientTrial(exercise: Exercise, language: Language): string[] {
  const built = join(ROOT, builtPathOf(exercise));
  const trial = built.replace(/\.js$/, ".trial.js");
  const text = readFileSync(built, "utf8");
  writeFileSync(
    trial,
    text.replace("shared/html-renderer/browser/chat.js", "shared/tools/practise/client/chat.js"),
  );
  // Node 20 to 24 have EventSource behind a flag.
  const flags = ["--experimental-eventsource"].filter((flag) =>
    process.allowedNodeEnvironmentFlags.has(flag),
  );
  const quiet = "--disable-warning=ExperimentalWarning";
  return [quiet, ...flags, join(HERE, "client/trial.js"), trial, exercise.technique, language];
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function findingIn(told: Record<string, unknown>): Finding | undefined {
  const { promise, title, kept, seen, section, printed } = told;
  if (typeof promise !== "string" || (typeof kept !== "boolean" && kept !== null)) return undefined;
  return {
    promise,
    title: String(title),
    kept,
    seen: String(seen ?? ""),
    section: String(section ?? ""),
    printed: Array.isArray(printed) ? printed.map(String) : [],
  };
}
