// `npm run notes`: writes code, transcripts, diffs and promises into the lecture notes.
import { writeFileSync } from "node:fs";
import { readPages } from "./pages.ts";
import { readSources, weave } from "./weave.ts";

const root = process.cwd();
const sources = await readSources(root);
for (const page of readPages(root)) {
  try {
    const woven = weave(page, sources);
    if (woven === page.text) continue;
    writeFileSync(page.path, woven);
    console.log(`${page.path} is rewritten`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
