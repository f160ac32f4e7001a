// A copy of the project in which a test may practise: the learner's own `practice` folder is never touched.
import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");
const CHAPTERS = ["ch09-polling", "ch10-long-polling", "ch11-sse", "ch12-websocket"];
const ROOMS = ["message-store", "html-renderer", "http", "tools"].map((room) => `shared/${room}`);

/**
 * Copies what an exercise needs: sources and what they are compiled to.
 *
 * @param standIn whether `verify` is the stand-in
 * @returns the folder, and what removes it
 */
export function copyOfProject(standIn: boolean): { folder: string; remove: () => void } {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "practise-")));
  const sources = [...CHAPTERS, ...ROOMS];
  for (const path of [
    "package.json",
    "tsconfig.base.json",
    ...sources,
    ...sources.map((path) => `dist/${path}`),
  ])
    cpSync(join(ROOT, path), join(folder, path), { recursive: true, preserveTimestamps: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "junction");
  if (standIn) {
    const built = join(ROOT, "dist/shared/testing/tools/verify-stand-in.js");
    cpSync(built, join(folder, "dist/shared/tools/verify/verify.js"));
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
