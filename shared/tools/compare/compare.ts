// `npm run compare`: the four techniques in numbers, on this machine, in about a minute.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { measureScale, NotInstalled } from "../scale/measure.ts";
import { figuresOf } from "./figures.ts";
import { measureGoals } from "./goals.ts";
import { Faulty } from "./observed.ts";
import { startLoad } from "./processes.ts";
import { renderReport, renderText } from "./report.ts";
import { type Results, type RunOptions, run } from "./run.ts";
import { CHAPTERS } from "./subjects.ts";
import { faultsOf } from "./table.ts";

const FIGURES = resolve(import.meta.dirname, "../../../../shared/tools/compare/figures.json");

const HELP = `npm run compare -- [flags]

  --clients N      clients of each chapter (100)
  --seconds N      how long a schedule lasts (8)
  --chapters LIST  as ch09,ch11 (all four)
  --sweep          grow through 10, 100, 1,000 and 5,000 clients, instead of a tenth to three times of --clients
  --goals [LIST]   instead of all this, measure how near the limit of the machine the chapters are; some minutes.
                   Of LIST: fan-out, nothing new, deliveries, memory, idle
  --scale          instead of all this, measure one, two and four servers on one log in Redis, and one on a file;
                   two minutes, with --clients (256) and so many rounds as --seconds (4). It needs redis-server
  --seed N         another seed, other messages at other times (1)
  --figures        also write shared/tools/compare/figures.json, which the lecture's notes show
  --report FILE    where the HTML report goes (.data/compare.html)
  --json           the results as JSON on standard output, instead of tables
  --help           this

The exit code is 1 where a message was lost, doubled, out of order or altered.`;

const { values, positionals } = parse();
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

const clients = numberOf("--clients", values.clients ?? (values.scale ? "256" : "100"));
const some = [0.1, 0.3, 1, 3].map((share) => Math.ceil(share * clients));
const options: RunOptions = {
  chapters: chaptersOf(values.chapters),
  clients,
  seconds: numberOf("--seconds", values.seconds ?? (values.scale ? "4" : "8")),
  seed: numberOf("--seed", values.seed),
  sweep: values.sweep ? [10, 100, 1_000, 5_000] : [...new Set(some)],
};

const load = startLoad();
try {
  const found = await measure();
  const file = resolve(values.report);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, renderReport(found));
  if (values.figures) await writeFile(FIGURES, `${JSON.stringify(figuresOf(found), undefined, 2)}\n`);
  progress("done", 1);
  console.log(
    values.json ? JSON.stringify(found, undefined, 2) : `${renderText(found)}\n\nThe report: ${file}`,
  );
  if (found.rows.some((row) => faultsOf(row) > 0)) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof Faulty || error instanceof NotInstalled)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
} finally {
  load.stop();
}

async function measure(): Promise<Results> {
  if (!values.goals && !values.scale)
    return { ...(await run(load, options, progress)), findings: [], scale: [] };
  const findings = values.goals ? await measureGoals(load, progress, positionals) : [];
  const scale = values.scale
    ? await measureScale(load, { ...options, rounds: options.seconds }, progress)
    : [];
  const nothing = await run(load, { ...options, chapters: [], sweep: [], seconds: 0 }, () => {});
  return { ...nothing, options, findings, scale };
}

function progress(what: string, share: number): void {
  const width = 24;
  const bar = "█".repeat(Math.round(share * width)).padEnd(width, "░");
  const line = `${bar} ${String(Math.round(share * 100)).padStart(3)} %  ${what}`;
  // A terminal shows one line that changes; a file gets one for each step.
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}${share === 1 ? "\n" : ""}`);
  else process.stderr.write(`${line}\n`);
}

function parse() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        clients: { type: "string" },
        seconds: { type: "string" },
        chapters: { type: "string", default: "" },
        seed: { type: "string", default: "1" },
        report: { type: "string", default: ".data/compare.html" },
        figures: { type: "boolean", default: false },
        sweep: { type: "boolean", default: false },
        goals: { type: "boolean", default: false },
        scale: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function chaptersOf(list: string): RunOptions["chapters"] {
  if (list === "") return CHAPTERS;
  return list.split(",").map((name) => {
    const chapter = CHAPTERS.find((known) => known === name || known.startsWith(`${name}-`));
    return chapter ?? refuse(`There is no chapter ${JSON.stringify(name)}: say ch09, ch10, ch11 or ch12.`);
  });
}

function numberOf(flag: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  return refuse(`${flag} must be a whole number above 0, not ${JSON.stringify(text)}.`);
}

function refuse(sentence: string): never {
  console.error(`compare: ${sentence} --help lists the flags.`);
  process.exit(2);
}
