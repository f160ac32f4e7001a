// `npm run proof`: tries it all, harder than `npm test` does, and prints one table of what was just measured.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { FIGURES, figuresIn } from "./figures.ts";
import { flagsOf, misused, ROOT, runNode, runTests } from "./run-tests.ts";

const HELP = `proof: tries what this project promises, and prints what was measured. Flags, after --
  --quick       fewer rounds
  --only STEP   this step alone; may be repeated: crash, hostile, log, load, promises, wire, chaos, mutations
  --help        this text`;

const values = flagsOf(
  "proof",
  () =>
    parseArgs({
      options: {
        quick: { type: "boolean" },
        only: { type: "string", multiple: true },
        help: { type: "boolean" },
      },
    }).values,
);
if (values.help) {
  console.log(HELP);
  process.exit(0);
}

/** Something to try: tests by their files, each with the environment that says how hard. */
interface Step {
  readonly name: string;
  readonly title: string;
  readonly files: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The whole again and again, where a run takes its chances. */
  readonly times?: number;
}

const rounds = (few: number, many: number) => String(values.quick ? few : many);

const STEPS: readonly Step[] = [
  {
    name: "crash",
    title: "kill -9 under a storm of sends",
    files: ["shared/testing/crash"],
    env: { CRASH_ROUNDS: rounds(5, 30) },
  },
  {
    name: "hostile",
    title: "hostile input",
    files: ["shared/testing/hostile"],
    env: { HOSTILE_ROUNDS: rounds(500, 5_000), PROPERTY_RUNS: rounds(1, 10) },
  },
  {
    name: "log",
    title: "the log: cuts, full disks, failing flushes, two stores on one file",
    files: ["shared/testing/message-store"],
  },
  { name: "load", title: "load", files: ["shared/testing/load"], env: { LOAD_ROUNDS: rounds(1, 4) } },
  {
    name: "promises",
    title: "the chapters' promises",
    files: ["ch09-polling", "ch10-long-polling", "ch11-sse", "ch12-websocket"],
  },
  {
    name: "wire",
    title: "the wire",
    files: ["shared/testing/http"],
  },
  { name: "chaos", title: "a bad network", files: ["shared/testing/chaos"], times: values.quick ? 1 : 5 },
];

/** A line of the table. */
interface Row {
  readonly what: string;
  readonly figure: number;
}

const folder = mkdtempSync(join(tmpdir(), "proof-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const table: { readonly title: string; readonly rows: readonly Row[]; readonly seconds: number }[] = [];
const failures: string[] = [];

/** Has something run and report its figures, and puts these into the table. */
async function measure(title: string, run: (figures: string) => Promise<readonly Row[]>): Promise<void> {
  const figures = join(folder, `${table.length}.ndjson`);
  writeFileSync(figures, "");
  const start = performance.now();
  console.log(`proof  ${title} …`);
  const rows: Row[] = [];
  try {
    rows.push(...(await run(figures)));
  } catch (error) {
    failures.push(`${title}: ${error instanceof Error ? error.message : error}`);
  }
  for (const [what, figure] of figuresIn(figures)) rows.push({ what, figure });
  table.push({ title, rows, seconds: Math.round((performance.now() - start) / 1_000) });
}

const names = [...STEPS.map(({ name }) => name), "mutations"];
const unknown = values.only?.filter((name) => !names.includes(name)) ?? [];
if (unknown.length > 0) misused("proof", `There is no step ${unknown.join(", ")}`);
const isAsked = (name: string) => values.only?.includes(name) ?? true;

for (const { name, title, files, env, times = 1 } of STEPS) {
  if (!isAsked(name) || !files.every((file) => existsSync(join(ROOT, file)))) continue;
  await measure(title, async (figures) => {
    let passed = 0;
    let failed = 0;
    for (let round = 0; round < times; round += 1) {
      const tests = await runTests(ROOT, [...files, "--testTimeout=900000"], { ...env, [FIGURES]: figures });
      passed += tests.passed;
      failed += tests.failed.length;
      for (const one of tests.failed) failures.push(`${title}: ${one}`);
    }
    if (passed + failed === 0) failures.push(`${title}: no test was run`);
    return [
      { what: "tests passed", figure: passed },
      { what: "tests failed", figure: failed },
    ];
  });
}
if (isAsked("mutations")) {
  await measure("famous bugs, planted", async (figures) => {
    const script = join(ROOT, "dist/shared/testing/mutations/run.js");
    const { code, text } = await runNode(ROOT, [script], { [FIGURES]: figures }, (more) =>
      process.stdout.write(more),
    );
    if (code !== 0) failures.push(`famous bugs, planted: ${text.trim().split("\n").at(-1)}`);
    return [];
  });
}

const width = Math.max(
  ...table.flatMap(({ title, rows }) => [title.length, ...rows.map(({ what }) => what.length + 2)]),
);
console.log("");
for (const { title, rows, seconds } of table) {
  console.log(`${title.padEnd(width)}${`${seconds} s`.padStart(12)}`);
  for (const { what, figure } of rows) {
    console.log(`  ${what.padEnd(width - 2)}${figure.toLocaleString("en").padStart(12)}`);
  }
}
console.log("");
for (const failure of failures) console.log(`failed: ${failure}`);
if (table.length === 0) failures.push("nothing was tried");
console.log(failures.length === 0 ? "All of it held." : `${failures.length} of it failed.`);
process.exitCode = failures.length === 0 ? 0 : 1;
