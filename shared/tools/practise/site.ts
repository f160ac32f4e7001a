// The page of a client: the chapter's own server, in a folder of its own in which the client is the learner's.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../proof/run-tests.ts";
import { builtPathOf } from "./copies.ts";
import type { Exercise } from "./exercises.ts";

/**
 * Lays out what a chapter's server needs, with the client as it was built last.
 *
 * @returns the server's script, relative to the project's folder
 */
export function makeSite(exercise: Exercise): string {
  const { chapter, folder } = exercise;
  const site = `dist/practice/${folder}/site`;
  rmSync(join(ROOT, site), { recursive: true, force: true });
  const rooms = ["shared/message-store", "shared/html-renderer", "shared/http"].map((room) => `dist/${room}`);
  const notes = [`${chapter}/README.md`, `${chapter}/README.ko.md`, "shared/html-renderer/style.css"];
  for (const path of [...rooms, ...notes, `dist/${chapter}/server.js`]) {
    mkdirSync(join(ROOT, site, path, ".."), { recursive: true });
    cpSync(join(ROOT, path), join(ROOT, site, path), { recursive: true });
  }
  const client = readFileSync(join(ROOT, builtPathOf(exercise)), "utf8");
  writeFileSync(
    join(ROOT, site, `dist/${chapter}/client.js`),
    client.replaceAll('"../../shared/', '"../shared/').replace(/\/\/# sourceMappingURL=\S+\s*$/, ""),
  );
  return `${site}/dist/${chapter}/server.js`;
}
