import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { EXERCISES } from "../../tools/practise/exercises.ts";
import { copyOfProject } from "./practise-copy.ts";

let project: string;
beforeAll(() => {
  const { folder, remove } = copyOfProject(false);
  project = folder;
  return remove;
});

/** What `--check` says of a copy. */
function check(id: string, change: (given: string) => string): Promise<string> {
  const exercise = EXERCISES.find((it) => it.id === id);
  if (exercise === undefined) throw new Error(`there is no ${id}`);
  const folder = join(project, "practice", exercise.folder);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, exercise.file), change(exercise.given()));
  const command = ["dist/shared/tools/practise/practise.js", "--check", id, "--lang", "en"];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { cwd: project }, (_error, stdout) => resolve(stdout));
  });
}

test("what a learner's server printed stands under the complaint, with the place of an error in the learner's file", async () => {
  const said = await check("ch09/1", (given) =>
    given.replace(
      'throw new Error("receive is not written yet.");',
      'console.log("MYLOG");\n  throw new TypeError("MYBUG in receive");',
    ),
  );
  expect(said).toContain(
    'answered with 500 {"error":"The server failed on this request: see its own output."}',
  );
  const lines = said.split("\n").map((line) => line.trim());
  const at = lines.indexOf("Your program printed:");
  expect(lines.slice(at + 1, at + 4)).toEqual([
    "MYLOG",
    "TypeError: MYBUG in receive",
    expect.stringMatching(/^at practice\/ch09-1\/server\.ts:\d+:\d+$/),
  ]);
});

test("and so does what a learner's client threw", async () => {
  const said = await check("ch09/2", (given) => given);
  expect(said).toMatch(
    /Your program printed:\n {4}Error: Not written yet\.\n {4,}at practice\/ch09-2\/client\.ts:\d+:\d+\n/,
  );
});
