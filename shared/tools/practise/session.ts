// A session: one exercise after another, each checked at every save.
import { spawn } from "node:child_process";
import { readFileSync, unwatchFile, watchFile } from "node:fs";
import { join } from "node:path";
import { CHAPTERS } from "../../html-renderer/chapters.ts";
import type { Language } from "../../html-renderer/words.ts";
import { statusLine } from "../command.ts";
import { show } from "../diff/print.ts";
import { ROOT } from "../proof/run-tests.ts";
import { build, type CheckOptions, look, type Outcome, type PageServer, startServer } from "./check.ts";
import { builtPathOf, makeCopy, pathOf } from "./copies.ts";
import { EXERCISES, type Exercise } from "./exercises.ts";
import { readKeys } from "./keys.ts";
import { type Done, openProgress, type Progress, updateProgress, withDone } from "./progress.ts";
import { makeSite } from "./site.ts";
import { wrapped } from "./text.ts";
import { type Told, WORDS } from "./words.ts";

/** Where progress is kept. */
export const PROGRESS = join(ROOT, "practice/progress.json");

/** How often the learner's file is looked at, in milliseconds. */
const LOOK = 250;

/** How long the end waits for a check to end what it started, in milliseconds. */
const FAREWELL = 2_000;

export interface SessionOptions {
  readonly language: Language;
  /** Where the page is shown; 0 takes a free one. */
  readonly port: number;
}

/** Says what a check has found, in a line; and where to read on. */
export function outcomeIn(outcome: Outcome, language: Language): string {
  if (outcome.kind === "solved") return WORDS.solved[language](outcome.kept);
  if (outcome.kind === "problem") return outcome.sentence;
  const { title, seen, section, printed } = outcome.finding;
  return [
    seen === "" ? `✗ ${title}` : `✗ ${title}: ${seen}`,
    ...(printed.length === 0 ? [] : [`  ${WORDS.printed[language]}`]),
    ...printed.map((line) => `    ${line}`),
    ...(section === "" ? [] : [`  ${WORDS.readMore[language](section)}`]),
  ].join("\n");
}

/**
 * Changes the progress, or says why it can't be kept: the exercise goes on without.
 *
 * @param isSession whether the next session is to go on from this exercise
 */
export function keepProgress(
  exercise: Exercise,
  change: (done: Done) => Done,
  language: Language,
  say: (text: string) => void,
  isSession = true,
): void {
  try {
    updateProgress(PROGRESS, (progress) => ({
      ...withDone(progress, exercise.id, change),
      ...(isSession && { last: exercise.id }),
    }));
  } catch (error) {
    say(WORDS.notKept[language](error instanceof Error ? error.message : String(error)));
  }
}

/** Reads the progress; a damaged file is moved aside, and said, and so is one that can't be read. */
export function progressSoFar(language: Language, say: (text: string) => void): Progress {
  try {
    return openProgress(PROGRESS, (to) => say(WORDS.damaged[language](to)));
  } catch (error) {
    say(WORDS.notRead[language](error instanceof Error ? error.message : String(error)));
    return { exercises: {} };
  }
}

/** What a check that was just made adds to the progress. */
export function checked(outcome: Outcome): (done: Done) => Done {
  return (done) => ({
    ...done,
    checks: done.checks + 1,
    ...(outcome.kind === "solved" && done.solved === undefined && { solved: new Date().toISOString() }),
  });
}

/**
 * Runs a session until the learner ends it.
 *
 * @returns the exit code
 */
export async function runSession(first: Exercise, { language, port }: SessionOptions): Promise<number> {
  const { stdin, stdout } = process;
  const status = statusLine(stdout);
  const say = (text = "") => status.say(text);
  const columns = () => (stdout.isTTY ? stdout.columns : 0);

  let exercise = first;
  let hints = 0;
  let page: PageServer | undefined;
  let pagePort = port;
  let lastOutcome: Outcome | undefined;
  let running = new AbortController();
  let done: Promise<void> = Promise.resolve();
  let isEnding = false;
  let lastKey = "";

  /** Checks the copy as it is now. A check that is under way is ended first. */
  function check(): Promise<void> {
    running.abort();
    const mine = new AbortController();
    running = mine;
    done = done.then(() => (mine.signal.aborted ? undefined : checkOnce(mine.signal)));
    return done;
  }

  async function checkOnce(signal: AbortSignal): Promise<void> {
    let kept = 0;
    const options: CheckOptions = {
      language,
      signal,
      onFinding(finding) {
        if (finding.kept) kept += 1;
        if (!signal.aborted) status.show(WORDS.checking[language](kept));
      },
    };
    let outcome: Outcome;
    try {
      outcome = await findOut(options);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      outcome = { kind: "problem", sentence: WORDS.cannotCheck[language](why) };
    }
    if (signal.aborted) return;
    lastOutcome = outcome;
    say(outcomeIn(outcome, language));
    const { unseen } = exercise;
    if (unseen && outcome.kind === "solved") say(WORDS.unseen[language](unseen[language]));
    say(WORDS[outcome.kind === "solved" ? "goOn" : "waiting"][language]);
    keepProgress(exercise, checked(outcome), language, say);
  }

  async function findOut(options: CheckOptions): Promise<Outcome> {
    status.show(WORDS.building[language]);
    const wrong = await build(exercise, options);
    if (wrong !== undefined) return { kind: "problem", sentence: wrong };
    await page?.stop();
    page = undefined;
    if (options.signal.aborted) return { kind: "problem", sentence: "" };
    const script = exercise.file === "server.ts" ? builtPathOf(exercise) : makeSite(exercise);
    const started = await startServer(script, pagePort, options);
    if (typeof started === "string") return { kind: "problem", sentence: started };
    page = started;
    const taken = Number(new URL(started.url).port);
    if (pagePort !== 0 && taken !== pagePort) {
      say(WORDS.elsewhere[language](pagePort, started.url));
      pagePort = taken; // The tab that is open there stays good.
    }
    void started.failed.then((why) => {
      if (page === started) page = undefined;
      say(WORDS.endedLater[language](why));
    });
    status.show(WORDS.checking[language](0));
    return look(exercise, options);
  }

  function begin(next: Exercise): void {
    unwatchFile(join(ROOT, pathOf(exercise)));
    exercise = next;
    hints = 0;
    lastOutcome = undefined;
    makeCopy(exercise);
    const progress = progressSoFar(language, say);
    say(taskOf(exercise, progress, language, columns()));
    say(WORDS.keys[language]);
    if (!stdin.isTTY) say(WORDS.line[language]);
    // Looking at the file again and again works on every kind of disk and with every editor, also those that put a new
    // file in place of the old one; a single file costs nothing.
    watchFile(join(ROOT, pathOf(exercise)), { interval: LOOK }, (now, before) => {
      if (now.mtimeMs !== before.mtimeMs && now.mtimeMs !== 0) void check();
    });
    void check();
  }

  const actions: Readonly<Record<string, () => void>> = {
    h() {
      const hint = exercise.hints[hints];
      if (hint === undefined) return say(WORDS.noMoreHints[language]);
      hints += 1;
      const isOpen = lastOutcome?.kind !== "solved";
      say(`${WORDS.hint[language](hints)}\n${wrapped(hint[language], columns(), "  ")}`);
      if (isOpen)
        keepProgress(exercise, (it) => ({ ...it, hints: Math.max(it.hints, hints) }), language, say);
    },
    d() {
      const isSure = lastKey === "d" || lastOutcome?.kind === "solved";
      if (!isSure) return say(WORDS.sure[language]);
      say(differenceOf(exercise, language, columns()));
      keepProgress(
        exercise,
        (it) => ({ ...it, peeked: it.peeked || it.solved === undefined }),
        language,
        say,
      );
    },
    r: () => void check(),
    n() {
      const next = nextOf(exercise, progressSoFar(language, say));
      if (next === undefined) return say(WORDS.last[language]);
      try {
        begin(next);
      } catch (error) {
        say(WORDS.cannotCheck[language](error instanceof Error ? error.message : String(error)));
      }
    },
    p() {
      if (page === undefined) return say(WORDS.noPage[language]);
      say(WORDS.page[language](page.url));
      openInBrowser(page.url);
    },
  };

  return new Promise((resolve) => {
    const finish = async (code: number) => {
      if (isEnding) return;
      isEnding = true;
      stopKeys();
      unwatchFile(join(ROOT, pathOf(exercise)));
      running.abort();
      await Promise.race([done, new Promise((late) => setTimeout(late, FAREWELL))]);
      await page?.stop();
      status.end();
      resolve(code);
    };
    // A terminal that is gone can't be written to; what is running is ended all the same.
    stdout.on("error", () => void finish(1));
    for (const [signal, code] of [
      ["SIGINT", 130],
      ["SIGTERM", 143],
      ["SIGHUP", 129],
    ] as const) {
      process.on(signal, () => void finish(code));
    }
    const stopKeys = readKeys(stdin, {
      onKey(key) {
        if (key === "q") void finish(0);
        else actions[key]?.();
        lastKey = key;
      },
      onInterrupt: () => void finish(0), // As `q`, and not as a signal: npm would print six lines about it.
      // Nobody can type any more, so the check that is under way is the last.
      onEnd: () => void done.then(() => finish(lastOutcome?.kind === "solved" ? 0 : 1)),
    });
    begin(first);
  });
}

/** The next one of the chapter that is not solved, from its beginning again at its end; where there is none, the next chapter's first. */
function nextOf(exercise: Exercise, { exercises }: Progress): Exercise | undefined {
  const own = EXERCISES.filter(({ chapter }) => chapter === exercise.chapter);
  const at = own.indexOf(exercise);
  const others = [...own.slice(at + 1), ...own.slice(0, at)];
  const open = others.find(({ id }) => exercises[id]?.solved === undefined);
  return open ?? EXERCISES[EXERCISES.findLastIndex(({ chapter }) => chapter === exercise.chapter) + 1];
}

/** What is to be done, in a few lines. */
function taskOf(exercise: Exercise, progress: Progress, language: Language, columns: number): string {
  const { id, chapter, kind, task } = exercise;
  const all = EXERCISES.filter((other) => other.chapter === chapter);
  const solved = all.filter((other) => progress.exercises[other.id]?.solved !== undefined);
  const title = `${id} · ${WORDS[kind][language]} · ${CHAPTERS[chapter].name[language]}`;
  return [
    "",
    `${title} (${WORDS.count[language](solved.length, all.length)})`,
    ...(kind === "find" ? [WORDS.reported[language]] : []),
    wrapped(kind === "find" ? quoted(task, language) : task[language], columns, "  "),
    wrapped(WORDS.edit[language](pathOf(exercise)), columns),
  ].join("\n");
}

/** What a user reports, in the quotation marks of both languages. */
export function quoted(task: Told, language: Language): string {
  return `“${task[language]}”`;
}

function differenceOf(exercise: Exercise, language: Language, columns: number): string {
  const path = pathOf(exercise);
  let text: string;
  try {
    text = readFileSync(join(ROOT, path), "utf8");
  } catch {
    return WORDS.missing[language](path);
  }
  const hasColours = process.stdout.isTTY && process.stdout.hasColors() && !process.env["NO_COLOR"];
  // Windows editors may end lines in their own way.
  const mine = { path, text: text.replaceAll("\r\n", "\n") };
  const solution = { path: WORDS.solution[language], text: exercise.solution() };
  const lines = show(mine, solution, { columns, hasColours });
  return lines.length === 0 ? WORDS.same[language] : lines.join("\n");
}

/** Opens a page in the user's browser, where there is a way to. Its address was printed in any case. */
function openInBrowser(url: string): void {
  const commands: Partial<Record<NodeJS.Platform, [string, ...string[]]>> = {
    win32: ["cmd", "/c", "start", "", url],
    darwin: ["open", url],
  };
  const [command, ...args] = commands[process.platform] ?? ["xdg-open", url];
  spawn(command, args, { stdio: "ignore", detached: true })
    .on("error", () => {})
    .unref();
}
