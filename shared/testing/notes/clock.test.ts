import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../chapter-process.ts";
import { openReader } from "./terminal.ts";

const ROOT = join(import.meta.dirname, "../../..");

test.runIf(process.platform !== "win32")(
  "what a transcript says to come 25 s later comes after 25 s of the chapter's clock, and not before",
  async () => {
    const { follow, close } = openReader(ROOT, temporaryFolder());
    onTestFinished(close);
    const transcript = readFileSync(join(ROOT, "ch10-long-polling/test/transcripts/end.txt"), "utf8");
    await follow(
      "# terminal 1\n$ npm run ch10 -- --store memory:\nch10-long-polling  http://localhost:3000\n",
    );
    await follow(transcript);
    await expect(follow(transcript.replace("25 seconds", "26 seconds"))).rejects.toThrow("sooner than 26 s");
  },
);
