// `npm run mutations`: plants each famous bug in a copy of the project, and expects that a test notices and says so.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CHAPTER_NAMES } from "../../html-renderer/chapters.ts";
import { type Edit, MUTATIONS, type Mutation } from "../../tools/bugs/bugs.ts";
import { editsOf, planted } from "../../tools/bugs/plant.ts";
import { measured } from "../../tools/proof/figures.ts";
import { flagsOf, misused, ROOT, runNode, runTests } from "../../tools/proof/run-tests.ts";
import { type Seen, seenFromOutside } from "./with-verify.ts";

const AT_ONCE = 2;

const HELP = `mutations: plants each famous bug in a copy, and expects that a test notices. Flags, after --
  --only NAME   this one alone; may be repeated
  --verify      expects that \`npm run verify\` notices, from outside, where that can be
  --list        names the bugs
  --help        this text`;

/** What became of a mutation. */
interface Verdict {
  readonly mutation: Mutation;
  /**
   * `caught` by the test that says so; `noticed` by another one; `survived`; `broken`: it could not be tried. With
   * `--verify`, as `Seen` has it.
   */
  readonly result: "caught" | "noticed" | "survived" | "broken" | Seen["result"];
  /** The name of the test that failed; or why it could not be tried. */
  readonly by: string;
}

/** A copy of the project with its build, and the same packages. */
function makeCopy(): string {
  const folder = mkdtempSync(join(tmpdir(), "mutations-"));
  const left = new Set(["node_modules", ".git", ".data", "practice"].map((name) => join(ROOT, name)));
  cpSync(ROOT, folder, { recursive: true, preserveTimestamps: true, filter: (path) => !left.has(path) });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return folder;
}

/** @returns what the compiler says; nothing where all is well */
async function build(folder: string): Promise<string> {
  const { code, text } = await runNode(folder, ["node_modules/typescript/bin/tsc", "-b", ...CHAPTER_NAMES]);
  return code === 0 ? "" : text;
}

/** Runs the tests of these names, or all of them, until the first failure. @returns its name */
async function firstFailure(folder: string, files: readonly string[], says?: string) {
  const named = says === undefined ? [] : ["--testNamePattern", literally(says)];
  const { failed } = await runTests(folder, [...files, ...named, "--bail=1"]);
  return failed[0];
}

/** Escapes what means something in a regular expression. */
function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** Replaces the text in a file of the copy. @returns what undoes it */
function plant(folder: string, edit: Edit): () => void {
  const path = join(folder, edit.file);
  const before = readFileSync(path, "utf8");
  writeFileSync(path, planted(before, edit));
  return () => writeFileSync(path, before);
}

async function tryOut(folder: string, mutation: Mutation): Promise<Verdict> {
  const undo: (() => void)[] = [];
  try {
    for (const edit of editsOf(mutation)) undo.unshift(plant(folder, edit));
    const problem = await build(folder);
    if (problem) return { mutation, result: "broken", by: `it does not compile: ${problem}` };
    if (values.verify) return { mutation, ...(await seenFromOutside(folder, mutation)) };
    const named = await firstFailure(folder, mutation.tests, mutation.says);
    if (named !== undefined) return { mutation, result: "caught", by: named };
    const other = await firstFailure(folder, mutation.tests);
    if (other !== undefined) return { mutation, result: "noticed", by: other };
    return { mutation, result: "survived", by: "no test" };
  } catch (error) {
    return { mutation, result: "broken", by: error instanceof Error ? error.message : String(error) };
  } finally {
    for (const restore of undo) restore();
  }
}

const values = flagsOf(
  "mutations",
  () =>
    parseArgs({
      options: {
        only: { type: "string", multiple: true },
        verify: { type: "boolean" },
        list: { type: "boolean" },
        help: { type: "boolean" },
      },
    }).values,
);
if (values.help || values.list) {
  console.log(values.help ? HELP : MUTATIONS.map(({ name, bug }) => `${name.padEnd(32)}${bug}`).join("\n"));
  process.exit(0);
}
const unknown = values.only?.filter((name) => !MUTATIONS.some((mutation) => mutation.name === name)) ?? [];
if (unknown.length > 0) misused("mutations", `There is no ${unknown.join(", ")}, --list names them`);
const chosen = MUTATIONS.filter(({ name }) => values.only?.includes(name) ?? true);

const folders = Array.from({ length: Math.min(AT_ONCE, chosen.length) }, makeCopy);
process.once("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

// A test that fails anyway would catch every bug there is. (That the chapters keep what `verify` tries is a test itself.)
const [first = ""] = folders;
const problem = await build(first);
const files = [...new Set(chosen.flatMap(({ tests }) => tests))];
const says = chosen.map((mutation) => literally(mutation.says)).join("|");
const known = async () =>
  values.verify ? [] : (await runTests(first, [...files, "--testNamePattern", says])).failed;
const failing = problem ? [problem] : await known();
if (failing.length > 0) {
  console.error("mutations: without any bug these fail already, so that nothing can be told:");
  for (const name of failing) console.error(`  ${name}`);
  process.exit(1);
}
if (first) for (const folder of folders.slice(1)) await build(folder);

const queue = [...chosen];
const verdicts: Verdict[] = [];
await Promise.all(
  folders.map(async (folder) => {
    for (let mutation = queue.shift(); mutation; mutation = queue.shift()) {
      const verdict = await tryOut(folder, mutation);
      verdicts.push(verdict);
      const progress = `${verdicts.length}/${chosen.length}`.padStart(6);
      console.log(`${progress}  ${verdict.result.padEnd(9)}${mutation.name.padEnd(32)}${verdict.by}`);
    }
  }),
);

const count = (result: Verdict["result"]) => verdicts.filter((verdict) => verdict.result === result).length;
if (values.verify) {
  for (const { result, mutation } of verdicts)
    if (result === "missed") console.log(`missed: ${mutation.name}: ${mutation.bug}. A check is missing.`);
  console.log(
    `${count("found")} found, ${count("inside")} that only a look inside shows, ${count("missed")} missed, ${count("broken")} could not be tried`,
  );
  process.exit(count("found") + count("inside") === verdicts.length ? 0 : 1);
}
measured("famous bugs planted", verdicts.length);
measured("famous bugs caught by a test that says what broke", count("caught"));
for (const { result, mutation, by } of verdicts) {
  if (result === "survived") console.log(`survived: ${mutation.name}: ${mutation.bug}. A test is missing.`);
  if (result === "noticed")
    console.log(`noticed: ${mutation.name}: expected “${mutation.says}”, but it was “${by}”.`);
  if (result === "broken") console.log(`broken: ${mutation.name}: ${by}`);
}
console.log(
  `${count("caught")} caught, ${count("noticed")} noticed by a test that does not say so, ` +
    `${count("survived")} survived, ${count("broken")} could not be tried`,
);
process.exitCode = count("caught") === verdicts.length ? 0 : 1;
