// `npm run verify -- ch10`: the contract's promises, tried from outside, on any server in any language.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CHAPTER_NAMES, type ChapterName } from "../../html-renderer/chapters.ts";
import type { Language } from "../../html-renderer/words.ts";
import { languageIn, statusLine, UsageError } from "../command.ts";
import { promisesOf, sectionOf, type VerifiedPromise } from "./promises.ts";
import { run, type Verdict } from "./run.ts";
import { type Command, existing, StartError, startServer, type Target } from "./server.ts";

/** The project's folder, and where it is built. */
const DIST = join(import.meta.dirname, "../../..");

/** How long something that should come is waited for, in milliseconds. */
const PATIENCE = 3_000;

const HELP = `verify: tries the promises of the contract on a server, from outside
  npm run verify -- ch10                  a chapter
  npm run verify -- ch10:first            its first try
  npm run verify -- --to http://localhost:8080 --technique long-polling
  npm run verify -- --start "python my.py --port {port} --store {store}" --technique long-polling
flags
  --to URL                a server that runs: what kills it or looks at its memory is not tried
  --start COMMAND         what starts one; {port} (also PORT) is where it is to listen, {store} (also CHAT_STORE)
                          where its log is to be, as file:PATH; {file} the same path alone
  --technique NAME        polling, long-polling, sse or websocket
  --only NAME[,NAME]      these promises alone
  --list                  names the promises: of the chapter or technique, or of all techniques
  --why                   the requests and bytes that show what is broken, and where the notes tell of it
  --first                 stops at the first broken promise
  --json                  a line of JSON for each promise
  --lang ko|en            the language (that of the environment)
  --help                  this text
exit code: 0 all kept, 1 something broken, 2 a wrong command, or a server that cannot be started or reached`;

const WORDS = {
  untried: { en: "not tried", ko: "건너뜀" },
  summary: {
    en: (kept: number, broken: number, untried: number) =>
      `${kept} kept, ${broken} broken${untried > 0 ? `, ${untried} not tried` : ""}`,
    ko: (kept: number, broken: number, untried: number) =>
      `지킨 약속 ${kept}개, 어긴 약속 ${broken}개${untried > 0 ? `, 건너뛴 약속 ${untried}개` : ""}`,
  },
} satisfies Record<string, Record<Language, unknown>>;

interface Options {
  readonly chapter: ChapterName;
  readonly target: Target;
  readonly promises: readonly VerifiedPromise[];
  readonly list: boolean;
  readonly why: boolean;
  readonly first: boolean;
  readonly json: boolean;
  readonly language: Language;
}

function flagsIn(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        to: { type: "string" },
        start: { type: "string" },
        technique: { type: "string" },
        only: { type: "string", multiple: true },
        list: { type: "boolean" },
        why: { type: "boolean" },
        first: { type: "boolean" },
        json: { type: "boolean" },
        lang: { type: "string" },
        help: { type: "boolean" },
      },
    });
  } catch (error) {
    const [sentence = ""] = error instanceof Error ? error.message.split(/\. |\n/) : [];
    const what = sentence.replace(/\.$/, "");
    throw new UsageError(`${what}. --help lists the flags.`, `${what}. --help로 옵션 목록을 볼 수 있습니다.`);
  }
}

/** Where the logs of this run are; removed at the end. */
function logFolder(): () => string {
  let folder: string | undefined;
  let count = 0;
  process.once("exit", () => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    folder ??= mkdtempSync(join(tmpdir(), "verify-"));
    count += 1;
    return join(folder, `chat-${count}.ndjson`);
  };
}

function startable(chapter: ChapterName, command: Command, stores: boolean, several = stores): Target {
  const newStore = logFolder();
  return {
    chapter,
    starts: true,
    stores,
    several,
    newStore,
    start: (options = {}) => startServer(command, options.store ?? newStore(), options),
  };
}

function chapterNamed(name: string): ChapterName | undefined {
  return CHAPTER_NAMES.find((chapter) => chapter === name || chapter.slice(0, 4) === name);
}

function targetOf(
  names: readonly string[],
  { to, start, technique }: { to?: string; start?: string; technique?: string },
): Target {
  const [name] = names;
  const given = [name, to, start].filter((it) => it !== undefined).length;
  if (given !== 1 || names.length > 1)
    throw new UsageError(
      "Name one thing to verify: a chapter (ch10, ch10:first), --to or --start. --help tells more.",
      "검사할 것을 하나 적으세요: 장(ch10, ch10:first), --to, --start 중 하나. 자세한 것은 --help를 보세요.",
    );
  if (name !== undefined) {
    const [, part = "", first] = /^(.*?)(:first)?$/.exec(name) ?? [];
    const chapter = chapterNamed(part);
    if (!chapter)
      throw new UsageError(
        `There is no ${name}: ch09, ch10, ch11, ch12, each also as ch10:first.`,
        `${name}은(는) 없습니다: ch09, ch10, ch11, ch12 또는 ch10:first처럼 적으세요.`,
      );
    const script = join(DIST, chapter, first ? "first-try.js" : "server.js");
    const flags = first ? [] : ["--port", "{port}", "--store", "{store}"];
    const env = { HOST: undefined, TLS_CERT: undefined, TLS_KEY: undefined };
    return startable(chapter, { run: [process.execPath, script, ...flags], env }, !first, true);
  }
  const chapter = CHAPTER_NAMES.find((it) => it.slice(5) === technique);
  if (!chapter) {
    const all = CHAPTER_NAMES.map((it) => it.slice(5)).join(", ");
    throw new UsageError(`--technique must be ${all}.`, `--technique에는 다음 중 하나를 적으세요: ${all}.`);
  }
  if (start !== undefined) return startable(chapter, { run: start, env: {} }, /\{(store|file)\}/.test(start));
  const url = URL.canParse(to ?? "") ? new URL(to ?? "") : undefined;
  if (url?.protocol !== "http:")
    throw new UsageError(
      `--to takes an address such as http://localhost:8080, not ${JSON.stringify(to)}.`,
      `--to에는 ${JSON.stringify(to)}가 아니라 http://localhost:8080 같은 주소를 적으세요.`,
    );
  return {
    chapter,
    starts: false,
    stores: false,
    several: false,
    newStore: () => "",
    start: () => existing(url),
  };
}

/** Names all techniques' promises. */
function listAll(language: Language): void {
  for (const chapter of CHAPTER_NAMES) {
    console.log(chapter.slice(5));
    for (const { name, title } of promisesOf(chapter)) console.log(`  ${name.padEnd(20)}${title[language]}`);
  }
}

function readCommand(args: readonly string[]): Options {
  const { values, positionals } = flagsIn(args);
  const { lang } = values;
  if (lang !== undefined && lang !== "ko" && lang !== "en")
    throw new UsageError(
      `--lang takes ko or en, not ${JSON.stringify(lang)}.`,
      `--lang에는 ${JSON.stringify(lang)}가 아니라 ko나 en을 적으세요.`,
    );
  const { to, start, technique } = values;
  const target = targetOf(positionals, {
    ...(to !== undefined && { to }),
    ...(start !== undefined && { start }),
    ...(technique !== undefined && { technique }),
  });
  const all = promisesOf(target.chapter);
  const only = values.only?.flatMap((names) => names.split(","));
  const unknown = only?.filter((name) => !all.some((promise) => promise.name === name)) ?? [];
  if (unknown.length > 0) {
    const list = `npm run verify -- ${target.chapter.slice(0, 4)} --list`;
    throw new UsageError(
      `There is no promise ${unknown.join(", ")}: ${list} names them.`,
      `${unknown.join(", ")}라는 약속은 없습니다. ${list}로 이름을 볼 수 있습니다.`,
    );
  }
  return {
    chapter: target.chapter,
    target,
    promises: all.filter(({ name }) => only?.includes(name) ?? true),
    list: values.list ?? false,
    why: values.why ?? false,
    first: values.first ?? false,
    json: values.json ?? false,
    language: languageIn(args),
  };
}

/** What is printed of a verdict. */
function linesOf({ promise, kept, said, why, topic, printed = [] }: Verdict, options: Options): string[] {
  const { language, chapter, json } = options;
  const title = promise.title[language];
  const section = sectionOf(chapter, promise, language, topic);
  const text = said?.[language];
  if (json) {
    const facts = { promise: promise.name, title, kept };
    if (kept === null) return [JSON.stringify({ ...facts, reason: text, why, section })];
    return [JSON.stringify({ ...facts, ...(kept ? {} : { seen: text, printed }), why, section })];
  }
  if (kept === null) return [`– ${title}: ${WORDS.untried[language]} (${text})`];
  if (kept) return [`✓ ${title}`];
  return [
    `✗ ${title}: ${text}`,
    ...(options.why ? [...why.map((line) => `    ${line}`), `    → ${section}`] : []),
  ];
}

async function verify(options: Options): Promise<number> {
  const { target, promises, language, json } = options;
  if (options.list) {
    for (const promise of promises) {
      const { name, title } = promise;
      const section = sectionOf(options.chapter, promise, language);
      const facts = { promise: name, title: title[language], section };
      console.log(json ? JSON.stringify(facts) : `${name.padEnd(20)}${title[language]}`);
    }
    return 0;
  }
  const counts = { kept: 0, broken: 0, untried: 0 };
  const underWay = new Set<VerifiedPromise>();
  const status = statusLine(process.stderr);
  let done = 0;
  /** What is known and not printed yet: to a reader, in the order of the list; to a program, at once. */
  const known = new Map<VerifiedPromise, readonly string[]>();
  const left = [...promises];
  const print = (isOver = false) => {
    for (const promise of [...left]) {
      const lines = known.get(promise);
      if (!lines && !json && !isOver) return;
      if (!lines) continue;
      left.splice(left.indexOf(promise), 1);
      for (const line of lines) console.log(line);
    }
  };
  const show = () => {
    const names = [...underWay].map(({ name }) => name).join(", ");
    status.show(`${done}/${promises.length}  ${names}`);
  };
  await run(promises, target, {
    patience: PATIENCE,
    language,
    first: options.first,
    onBegin(promise) {
      underWay.add(promise);
      show();
    },
    onVerdict(verdict) {
      underWay.delete(verdict.promise);
      done += 1;
      counts[verdict.kept === null ? "untried" : verdict.kept ? "kept" : "broken"] += 1;
      status.clear();
      known.set(verdict.promise, linesOf(verdict, options));
      print();
      show();
    },
  });
  status.clear();
  print(true);
  counts.untried += promises.length - done;
  const { kept, broken, untried } = counts;
  console.log(json ? JSON.stringify({ summary: counts }) : WORDS.summary[language](kept, broken, untried));
  return broken > 0 ? 1 : 0;
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const)
  process.once(signal, () => process.exit(code)); // What was started ends with us.

const args = process.argv.slice(2);
try {
  if (args.includes("--help")) {
    console.log(HELP);
    process.exit(0);
  }
  if (args.includes("--list") && args.every((arg) => /^--(list|lang(=.*)?)$|^(ko|en)$/.test(arg))) {
    listAll(languageIn(args));
    process.exit(0);
  }
  process.exit(await verify(readCommand(args)));
} catch (error) {
  if (!(error instanceof UsageError || error instanceof StartError)) throw error;
  const message = languageIn(args) === "en" ? error.message : error.ko;
  if (args.includes("--json")) console.log(JSON.stringify({ error: message }));
  console.error(`verify: ${message}`);
  process.exit(2);
}
