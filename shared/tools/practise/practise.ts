// `npm run practise`: write the techniques yourself, and find the bugs in them, on copies that are checked at every save.
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { CHAPTER_NAMES, CHAPTERS } from "../../html-renderer/chapters.ts";
import { LANGUAGES, type Language } from "../../html-renderer/words.ts";
import { fail, languageIn, UsageError } from "../command.ts";
import { build, look, type Outcome } from "./check.ts";
import { makeCopy, setAside } from "./copies.ts";
import { EXERCISES, type Exercise, exercisesFor } from "./exercises.ts";
import { type Progress, updateProgress } from "./progress.ts";
import { studentsIn, tableOf } from "./report.ts";
import { trySelf } from "./selftest.ts";
import { checked, keepProgress, outcomeIn, PROGRESS, progressSoFar, quoted, runSession } from "./session.ts";
import { WORDS } from "./words.ts";

const HELP = `practise: write the techniques yourself, and find the bugs in them
  npm run practise                       continues where you stopped
  npm run practise -- ch10               a chapter, from its first exercise that is not solved
  npm run practise -- ch11/3             one exercise
  npm run practise -- --list             names them all, and marks those that are solved
  npm run practise -- --check ch11/3     checks your copy once, and ends with code 0 where it is solved
  npm run practise -- --reset ch11/3     begins one again (without a name: all); what you wrote is kept
  npm run practise -- --report FOLDER    for teachers: who has solved what, from a folder of students' folders;
                                         --json for programs
  npm run practise -- --selftest ch11    tries the exercises themselves, which takes some minutes
  --lang ko|en     the language          --port NUMBER    where the page is (3000; 0 takes a free one)
You edit the copies in practice/ in your own editor. While it runs, keys: ${WORDS.keys.en}`;

interface Command {
  readonly action: "run" | "list" | "check" | "reset" | "report" | "selftest" | "help";
  readonly language: Language;
  readonly port: number;
  readonly words: readonly string[];
  readonly json: boolean;
}

/** @throws UsageError a sentence */
function readCommand(args: readonly string[]): Command {
  const flag = { type: "boolean" } as const;
  const actions = { list: flag, check: flag, reset: flag, report: flag, selftest: flag, help: flag };
  const options = { ...actions, json: flag, lang: { type: "string" }, port: { type: "string" } } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...args], allowPositionals: true, options });
  } catch (error) {
    const [sentence] = error instanceof Error ? error.message.split(/\. |\n/) : ["The command is wrong"];
    const what = sentence?.replace(/\.$/, "");
    throw new UsageError(`${what}. --help lists the flags.`, `${what}. --help로 옵션 목록을 볼 수 있습니다.`);
  }
  const { values, positionals } = parsed;
  const named = (["help", "list", "check", "reset", "report", "selftest"] as const).filter(
    (it) => values[it],
  );
  if (named.length > 1)
    throw new UsageError(
      `--${named.join(" and --")} do not go together.`,
      `--${named.join(", --")} 중 하나만 쓸 수 있습니다.`,
    );
  const [action = "run"] = named;
  const language = languageIn(args);
  if (values.lang !== undefined && language !== values.lang)
    throw new UsageError(
      `--lang takes ${LANGUAGES.join(" or ")}, not ${JSON.stringify(values.lang)}.`,
      `--lang에는 ${JSON.stringify(values.lang)}가 아니라 ${LANGUAGES.join("나 ")}을 적으세요.`,
    );
  const port = /^\d{1,5}$/.test(values.port ?? "3000") ? Number(values.port ?? 3000) : Number.NaN;
  if (!(port <= 65_535))
    throw new UsageError(
      `--port must be a whole number from 0 to 65535, not ${JSON.stringify(values.port)}.`,
      `--port에는 ${JSON.stringify(values.port)}가 아니라 0부터 65535까지의 정수를 적으세요.`,
    );
  const wanted = {
    run: [0, 1],
    list: [0, 1],
    check: [1, 1],
    reset: [0, 1],
    report: [1, 1],
    selftest: [0, 99],
    help: [0, 99],
  };
  const [least = 0, most = 0] = wanted[action];
  if (positionals.length < least) {
    const [what, ko] =
      action === "report"
        ? ["a folder of students' folders", "학생 폴더들이 있는 폴더를"]
        : ["an exercise, such as ch11/3", "ch11/3처럼 문제 하나를"];
    throw new UsageError(`--${action} needs ${what}.`, `--${action} 뒤에 ${ko} 적으세요.`);
  }
  if (positionals.length > most)
    throw new UsageError(
      `Name one exercise or chapter, not ${positionals.length}.`,
      "문제나 장을 하나만 적으세요.",
    );
  return { action, language, port, words: positionals, json: values.json ?? false };
}

/** The one to begin with: the one that was named; of a chapter, or of all, the first that is not solved. */
function startOf(word: string | undefined, progress: Progress): Exercise {
  const isOpen = ({ id }: Exercise) => progress.exercises[id]?.solved === undefined;
  const last = EXERCISES.findIndex(({ id }) => id === progress.last);
  // Without a word it goes on where it stopped, and with what was left out before that at the end.
  const all = word === undefined ? [...EXERCISES.slice(Math.max(0, last)), ...EXERCISES] : exercisesFor(word);
  const found = all.find(isOpen) ?? all[0];
  if (found === undefined) throw new Error("there are no exercises");
  return found;
}

function list(words: readonly string[], progress: Progress, language: Language): string[] {
  const all = words[0] === undefined ? EXERCISES : exercisesFor(words[0]);
  return CHAPTER_NAMES.flatMap((chapter) => {
    const own = all.filter((exercise) => exercise.chapter === chapter);
    if (own.length === 0) return [];
    const solved = own.filter(({ id }) => progress.exercises[id]?.solved !== undefined).length;
    return [
      `${chapter}  ${CHAPTERS[chapter].name[language]}: ${WORDS.count[language](solved, own.length)}`,
      ...own.map(({ id, kind, task }) => {
        const mark = progress.exercises[id]?.solved === undefined ? " " : "✓";
        const text = kind === "find" ? quoted(task, language) : `${WORDS.write[language]}: ${task[language]}`;
        return `  ${mark} ${id.padEnd(8)}${text}`;
      }),
    ];
  });
}

/** An end by a signal also ends what was started. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    process.on(signal, () => {
      process.exitCode = code;
      controller.abort();
    });
  }
  return controller.signal;
}

async function checkOnce(exercise: Exercise, language: Language): Promise<number> {
  const signal = interruption();
  makeCopy(exercise);
  const options = { language, signal };
  const wrong = await build(exercise, options);
  const outcome: Outcome =
    wrong === undefined ? await look(exercise, options) : { kind: "problem", sentence: wrong };
  if (signal.aborted) return Number(process.exitCode);
  console.log(outcomeIn(outcome, language));
  keepProgress(exercise, checked(outcome), language, console.error, false);
  return outcome.kind === "solved" ? 0 : 1;
}

function reset(words: readonly string[], language: Language): void {
  const chosen = words[0] === undefined ? EXERCISES : exercisesFor(words[0]);
  const to = setAside([
    ...chosen.map(({ folder }) => folder),
    ...(words[0] === undefined ? ["progress.json"] : []),
  ]);
  if (to !== undefined && words[0] !== undefined) {
    updateProgress(PROGRESS, (progress) => {
      const ids = new Set(chosen.map(({ id }) => id));
      const left = Object.entries(progress.exercises).filter(([id]) => !ids.has(id));
      return { ...progress, exercises: Object.fromEntries(left) };
    });
  }
  console.log(to === undefined ? WORDS.nothingAside[language] : WORDS.aside[language](to));
}

async function selftest(words: readonly string[]): Promise<number> {
  const chosen = words.length === 0 ? EXERCISES : words.flatMap(exercisesFor);
  let wrong = 0;
  await trySelf(
    chosen,
    ({ name, expected, found, seconds }) => {
      const isRight = expected.includes(found);
      if (!isRight) wrong += 1;
      const mark = isRight ? "ok   " : "WRONG";
      const what = isRight ? found : `${found}, not ${expected.join(" or ")}`;
      console.log(`${mark} ${name.padEnd(30)}${what} (${seconds.toFixed(1)} s)`);
    },
    interruption(),
  );
  return wrong === 0 ? 0 : 1;
}

async function main(): Promise<number> {
  const { action, language, port, words, json } = readCommand(process.argv.slice(2));
  const say = (text: string) => console.error(text);
  switch (action) {
    case "help":
      console.log(HELP);
      return 0;
    case "list":
      console.log(list(words, progressSoFar(language, say), language).join("\n"));
      return 0;
    case "report": {
      // npm changes to the project's folder before it runs anything.
      const students = studentsIn(resolve(process.env["INIT_CWD"] ?? ".", words[0] ?? ""));
      console.log(json ? JSON.stringify(students, undefined, 2) : tableOf(students).join("\n"));
      return 0;
    }
    case "reset":
      reset(words, language);
      return 0;
    case "selftest":
      return selftest(words);
    case "check": {
      const [exercise, ...more] = exercisesFor(words[0] ?? "");
      if (exercise === undefined || more.length > 0)
        throw new UsageError(
          "--check needs an exercise, such as ch11/3.",
          "--check 뒤에 ch11/3처럼 문제 하나를 적으세요.",
        );
      return checkOnce(exercise, language);
    }
    case "run":
      return runSession(startOf(words[0], progressSoFar(language, say)), { language, port });
  }
}

try {
  process.exit(await main());
} catch (error) {
  fail("practise", error, languageIn(process.argv.slice(2)));
}
