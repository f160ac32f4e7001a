import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { declarationOf } from "../../tools/notes/declarations.ts";
import type { Language, Page } from "../../tools/notes/pages.ts";
import { type Sources, weave } from "../../tools/notes/weave.ts";
import { temporaryFolder } from "../chapter-process.ts";

const SOURCE = `// The file's own words.
import { a } from "./a.ts";
import {
  b,
} from "./b.ts";

/** How long. */
const HOLD = 25_000;
const server = HOLD
  ? one
  : two;

// Why it is
// so.
server.on("upgrade", () => {
  run();
});
server.on("close", run);

/**
 * Two paragraphs.
 *
 * The second.
 */
export async function run(): Promise<void> {
  if (server) {
    const inner = 1;
  }

  return inner;
}
const { log, two } = server;
`;

describe("a declaration is found by its name", () => {
  test.each([
    ["HOLD", "/** How long. */\nconst HOLD = 25_000;"],
    ["server", "const server = HOLD\n  ? one\n  : two;"],
    ['"server.on("upgrade"', '// Why it is\n// so.\nserver.on("upgrade", () => {\n  run();\n});'],
    ['"import { a"', 'import { a } from "./a.ts";'],
    ["log", "const { log, two } = server;"],
    ["inner", undefined],
    ["ru", undefined],
  ])("%s", (name, expected) => {
    expect(declarationOf(SOURCE, name)).toBe(expected);
  });

  test("with its comment, and all of its body", () => {
    const run = declarationOf(SOURCE, "run") ?? "";
    expect(run).toMatch(/^\/\*\*\n \* Two paragraphs\.\n(?:.*\n)* {2}return inner;\n\}$/);
  });

  test("and one that is there twice is refused", () => {
    expect(() => declarationOf(SOURCE, '"server.on("')).toThrow("2 times");
  });
});

/** A page that holds `text`, in a project of its own. */
function weaving(text: string, language: Language = "en"): string {
  const root = temporaryFolder();
  mkdirSync(join(root, "ch10-long-polling"));
  mkdirSync(join(root, "shared/tools/compare"), { recursive: true });
  writeFileSync(join(root, "a.ts"), SOURCE);
  writeFileSync(
    join(root, "ch10-long-polling/b.ts"),
    SOURCE.replace("25_000", "30_000").replace("run();", "go();"),
  );
  writeFileSync(join(root, "shared/tools/compare/figures.json"), JSON.stringify({ words: { en: {} } }));
  const page: Page = { folder: "ch10-long-polling", language, path: "README.md", text };
  const sources: Sources = {
    root,
    promises: new Map([[page.folder, ["it *holds*", "it keeps"]]]),
    korean: new Map([["it keeps", "지킵니다"]]),
  };
  return weave(page, sources);
}

describe("npm run notes", () => {
  test("writes a block below its marker, and writes it again in the same place", () => {
    const once = weaving("# A\n\n<!-- code: ../a.ts #HOLD -->\n\nwords\n");
    expect(once).toBe(
      "# A\n\n<!-- code: ../a.ts #HOLD -->\n```ts\n/** How long. */\nconst HOLD = 25_000;\n```\n\nwords\n",
    );
    expect(weaving(once)).toBe(once);
    expect(weaving(once.replace("25_000", "7"))).toBe(once);
  });

  test("numbers the promises, each of which must have its Korean", () => {
    expect(weaving("<!-- tests: -->\n9. old\n")).toBe("<!-- tests: -->\n1. it \\*holds\\*\n2. it keeps\n");
    expect(() => weaving("<!-- tests: -->\n", "ko")).toThrow(
      "no Korean in shared/tools/notes/korean for: \n  it *holds*",
    );
  });

  test.each([
    ["<!-- code: ../gone.ts -->", "no such file"],
    ["<!-- code: ../a.ts #gone -->", "README.md:1: code: ../a.ts #gone: no gone in ../a.ts"],
    ["<!-- lines: test/transcripts/gone.txt -->", "no such file"],
    ["<!-- diff: ../a.ts b.ts #run -->", "run does not change"],
    ["<!-- diff: ../a.ts b.ts #gone -->", "no gone in either file"],
    ["<!-- figures: gone -->", "no list of this name"],
    ["<!-- cod: ../a.ts -->", "1 comments, but 0 markers"],
    ["- in a list\n  <!-- code: ../a.ts -->", "1 comments, but 0 markers"],
  ])("says what is wrong with %s", (text, message) => {
    expect(() => weaving(`${text}\n`)).toThrow(message);
  });
});
