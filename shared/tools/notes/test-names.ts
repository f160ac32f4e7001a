// The names of a chapter's tests, from vitest itself, so that the notes cannot promise what no test holds.
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { PROMISES } from "../verify/promises.ts";

/**
 * @returns the names of the tests in each chapter's `test/chapter.test.ts`, by the folder: first its own, then those that
 *   all chapters have
 */
export async function testNames(root: string, folders: readonly string[]): Promise<Map<string, string[]>> {
  // Without the tests' configuration, which builds first: collecting names needs no build.
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      "node_modules/vitest/vitest.mjs",
      "list",
      "--json",
      "--root",
      ".",
      ...folders.map((it) => `${it}/test/chapter.test.ts`),
    ],
    { cwd: root, maxBuffer: 2 ** 24 },
  );
  const found: unknown = JSON.parse(stdout);
  if (!Array.isArray(found)) throw new Error(`no list of tests: ${stdout}`);
  return new Map(
    folders.map((folder) => {
      const names = found
        .filter(({ file }) => file === join(root, folder, "test/chapter.test.ts"))
        .map(({ name }) => String(name).split(" > "));
      const isShared = (path: readonly string[]) => path[0] === `${folder} keeps its promises`;
      const own = names.filter((path) => !isShared(path));
      const shared = names.filter(isShared).map((path) => path.slice(1));
      return [folder, [...own, ...shared].map((path) => path.join(": "))];
    }),
  );
}

/**
 * Korean for the tests' names: that of the promises which `verify` tries too, and that of all others, where each file of
 * `shared/tools/notes/korean` is one object, English to Korean.
 */
export function koreanNames(root: string): Map<string, string> {
  const folder = join(root, "shared/tools/notes/korean");
  const entries = readdirSync(folder).flatMap((name) =>
    Object.entries(Object(JSON.parse(readFileSync(join(folder, name), "utf8")))),
  );
  const verified = PROMISES.map(({ title }): [string, string] => [title.en, title.ko]);
  return new Map([
    ...verified,
    ...entries.map(([english, korean]): [string, string] => [english, String(korean)]),
  ]);
}
