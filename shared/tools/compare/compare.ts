// `npm run compare`: the four techniques in numbers, on this machine, in about a minute.
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type Flag, type Flags, fail, helpOf, readFlags, UsageError } from "../command.ts";
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

const FLAGS = {
  clients: { value: "N", help: "clients of each chapter (100)" },
  seconds: { value: "N", help: "how long a schedule lasts (8)" },
  chapters: { value: "LIST", help: "as ch09,ch11 (all four)" },
  sweep: {
    help: "grow through 10, 100, 1,000 and 5,000 clients, instead of a tenth to three times of --clients",
  },
  goals: {
    help: `instead of all this, measure how near the limit of the machine the chapters are; some minutes.
                          Behind it, those of: fan-out, nothing new, deliveries, memory, idle`,
  },
  scale: {
    help: `instead of all this, measure one, two and four servers on one log in Redis, and one on a file;
                          two minutes, with --clients (256) and so many rounds as --seconds (4). It needs redis-server`,
  },
  seed: { value: "N", help: "another seed, other messages at other times (1)" },
  figures: { help: "also write shared/tools/compare/figures.json, which the lecture's notes show" },
  report: { value: "FILE", help: "where the HTML report goes (.data/compare.html)" },
  json: { help: "the results as JSON on standard output, instead of tables" },
  help: { help: "this text" },
} satisfies Record<string, Flag>;

const { flags, options } = commandLine();
if (flags.has("help")) {
  console.log(helpOf("compare: the four techniques in numbers; flags, after --", FLAGS));
  console.log("The exit code is 1 where a message was lost, doubled, out of order or altered.");
  process.exit(0);
}
const load = startLoad();
try {
  const found = await measure();
  const file = resolve(flags.text("report") ?? ".data/compare.html");
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, renderReport(found));
  if (flags.has("figures")) await writeFile(FIGURES, `${JSON.stringify(figuresOf(found), undefined, 2)}\n`);
  progress("done", 1);
  console.log(
    flags.has("json") ? JSON.stringify(found, undefined, 2) : `${renderText(found)}\n\nThe report: ${file}`,
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
  if (!flags.has("goals") && !flags.has("scale"))
    return { ...(await run(load, options, progress)), findings: [], scale: [] };
  const findings = flags.has("goals") ? await measureGoals(load, progress, flags.words) : [];
  const scale = flags.has("scale")
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

function commandLine(): { flags: Flags; options: RunOptions } {
  try {
    const flags = readFlags(FLAGS, process.argv.slice(2), 10);
    return { flags, options: optionsOf(flags) };
  } catch (error) {
    return fail("compare", error);
  }
}

function optionsOf(flags: Flags): RunOptions {
  const number = (name: string) => flags.number(name, 1, 1_000_000_000);
  const clients = number("clients") ?? (flags.has("scale") ? 256 : 100);
  const some = [0.1, 0.3, 1, 3].map((share) => Math.ceil(share * clients));
  return {
    chapters: chaptersOf(flags.text("chapters")),
    clients,
    seconds: number("seconds") ?? (flags.has("scale") ? 4 : 8),
    seed: number("seed") ?? 1,
    sweep: flags.has("sweep") ? [10, 100, 1_000, 5_000] : [...new Set(some)],
  };
}

function chaptersOf(list: string | undefined): RunOptions["chapters"] {
  if (list === undefined) return CHAPTERS;
  return list.split(",").map((name) => {
    const chapter = CHAPTERS.find((known) => known === name || known.startsWith(`${name}-`));
    if (chapter) return chapter;
    throw new UsageError(`There is no chapter ${JSON.stringify(name)}: say ch09, ch10, ch11 or ch12.`);
  });
}
