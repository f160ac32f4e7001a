// Servers under test run as a learner's do: compiled, in a process of their own. So they are compiled first.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** vitest's globalSetup: what `npm run build` does. */
export function setup(): void {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const [, ...args] = String(scripts.build).split(" ");
  execFileSync(process.execPath, [join(ROOT, "node_modules/typescript/bin/tsc"), ...args], {
    cwd: ROOT,
    stdio: "inherit",
  });
}
