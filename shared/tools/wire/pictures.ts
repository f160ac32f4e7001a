// `npm run wire:pictures`: draws the notes' pictures from the recordings beside this file.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CHAPTER_NAMES } from "../../html-renderer/chapters.ts";
import { pictureOf } from "./picture.ts";
import { replay } from "./replay.ts";

const ROOT = join(import.meta.dirname, import.meta.filename.endsWith(".ts") ? "../../.." : "../../../..");

/** @returns the pictures, by their paths from the project's root */
export function pictures(): Map<string, string> {
  return new Map(
    CHAPTER_NAMES.flatMap((name) => {
      const recording = readFileSync(join(ROOT, `shared/tools/wire/recordings/${name}.ndjson`), "utf8");
      const replayed = replay(recording);
      return [
        [`${name}/wire.svg`, pictureOf(replayed, "en")],
        [`${name}/wire.ko.svg`, pictureOf(replayed, "ko")],
      ] as const;
    }),
  );
}

if (process.argv[1] === import.meta.filename) {
  for (const [path, svg] of pictures()) {
    writeFileSync(join(ROOT, path), svg);
    console.log(path);
  }
}
