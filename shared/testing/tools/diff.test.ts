import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { applyPatch, parsePatch } from "diff";
import { describe, expect, test } from "vitest";
import { show } from "../../tools/diff/print.ts";

const ROOT = join(import.meta.dirname, "../../..");
const DIFF = join(ROOT, "dist/shared/tools/diff/diff.js");

/** Runs a program to its end. */
function run(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const options = { env: { PATH: process.env["PATH"] ?? "", TERM: "xterm-256color", ...env } };
    const child = execFile(file, [...args], options, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
  });
}

const diff = (...args: string[]) => run(process.execPath, [DIFF, ...args]);

describe("npm run diff", () => {
  test("prints a patch that turns one chapter's server.ts and client.ts into the other's", async () => {
    const { code, stdout, stderr } = await diff("10", "11");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const read = (path = "") => readFileSync(join(ROOT, path), "utf8");
    const patches = parsePatch(stdout);
    expect(patches.map(({ oldFileName, newFileName }) => [oldFileName, newFileName])).toEqual([
      ["ch10-long-polling/server.ts", "ch11-sse/server.ts"],
      ["ch10-long-polling/client.ts", "ch11-sse/client.ts"],
    ]);
    for (const patch of patches) {
      expect(applyPatch(read(patch.oldFileName), patch)).toBe(read(patch.newFileName));
    }
  });

  test.each([
    ["ch10", "ch11"],
    ["ch10-long-polling", "ch11-sse"],
    ["ch10-long-polling/", "ch11-sse/"],
    ["long-polling", "sse"],
  ])("takes names as well as numbers: %s %s", async (from, to) => {
    const [byName, byNumber] = await Promise.all([diff(from, to), diff("10", "11")]);
    expect(byName).toEqual(byNumber);
  });

  test("takes the chapters in any order, from the first to the second", async () => {
    const { stdout } = await diff("12", "09");
    expect(stdout).toMatch(/^--- ch12-websocket\/server\.ts\n\+\+\+ ch09-polling\/server\.ts\n/);
  });

  test.each([
    [[], /Name two chapters/],
    [["10"], /Name two chapters/],
    [["10", "11", "12"], /Name two chapters/],
    [["10", "13"], /no chapter 13: take two of ch09-polling, ch10-long-polling, ch11-sse, ch12-websocket\./],
    [["10", "ch10"], /the same chapter/],
    [["10", "11", "--wide"], /Unknown option '--wide'\. --help/],
  ])("says in one line what is wrong with %j, and ends with code 2", async (args, sentence) => {
    const { code, stdout, stderr } = await diff(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^diff: .*\n$/);
    expect(stderr).toMatch(sentence);
  });

  test("--help says how to use it", async () => {
    const { code, stdout } = await diff("--help");
    expect(code).toBe(0);
    expect(stdout).toContain("npm run diff -- 10 11");
  });
});

// `script` (util-linux) runs a program on a terminal of its own.
describe.runIf(process.platform === "linux")("on a terminal", () => {
  /** @returns what the terminal gets, with the line ends of a file */
  async function onTerminal(columns: number, env?: Readonly<Record<string, string>>): Promise<string> {
    const command = `stty cols ${columns}; exec '${process.execPath}' '${DIFF}' 10 11`;
    const { code, stdout, stderr } = await run("script", ["-qec", command, "/dev/null"], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return stdout.replaceAll("\r\n", "\n");
  }
  const SIDE_BY_SIDE = /^ch10-long-polling\/server\.ts +│ ch11-sse\/server\.ts$/m;

  test("a wide one shows the two files side by side, in colours", async () => {
    const text = await onTerminal(200);
    expect(text).toContain("\x1b[31m");
    expect(text).toContain("\x1b[32m");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours.
    expect(text.replaceAll(/\x1b\[[\d;]*m/g, "")).toMatch(SIDE_BY_SIDE);
  });

  test("NO_COLOR leaves the colours out", async () => {
    const text = await onTerminal(160, { NO_COLOR: "1" });
    expect(text).toMatch(SIDE_BY_SIDE);
    expect(text).not.toContain("\x1b");
  });
});

/** Two texts of lines, compared. A line's colours and marked words are shown as `<31 …>` and `<31;7 …>`. */
function shown(before: readonly string[], after: readonly string[], columns: number, hasColours: boolean) {
  const version = (path: string, lines: readonly string[]) => ({ path, text: `${lines.join("\n")}\n` });
  return show(version("a", before), version("b", after), { columns, hasColours }).map((line) =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the colours.
    line.replaceAll(/\x1b\[([\d;]+)m(.*?)\x1b\[0m/g, "<$1 $2>"),
  );
}

describe("of a line that was rewritten", () => {
  test("the changed words are marked, and no others", () => {
    expect(shown(["answer(client, 200, text);"], ["answer(client, 204);"], 80, true).slice(3)).toEqual([
      "<31 -><31 answer(client, ><31;7 200, text><31 );>",
      "<32 +><32 answer(client, ><32;7 204><32 );>",
    ]);
  });

  test("deeper indentation is not marked", () => {
    const marked = shown(["chat.connected();"], ["    chat.connected();"], 80, true);
    expect(marked.join("\n")).not.toContain(";7");
  });

  test("nothing is marked where the two lines have little in common", () => {
    const marked = shown(["clearTimeout(timer);"], ["const text = textOf(message);"], 80, true);
    expect(marked.join("\n")).not.toContain(";7");
  });
});

describe("side by side", () => {
  /** Without the title and the rule below it; without the spaces in which nothing stands. */
  const rows = (before: readonly string[], after: readonly string[]) =>
    shown(before, after, 160, false)
      .slice(2)
      .map((row) => row.replaceAll(/ +│/g, " │"));

  test("a rewritten line stands next to what it was, whatever was added before it", () => {
    expect(rows(["const a = 1;", "return a;"], ["// New.", "const b = 1;", "return a;"])).toEqual([
      " │   1 + // New.",
      "  1 - const a = 1; │   2 + const b = 1;",
      "  2   return a; │   3   return a;",
    ]);
  });

  test("the whole files are shown, also what did not change", () => {
    const kept = Array.from({ length: 20 }, (_, index) => `line ${index}`);
    expect(rows([...kept, "old"], [...kept, "new"])).toHaveLength(21);
  });

  test("a line that is too long goes on in the next row, without its number", () => {
    expect(rows(["x".repeat(100)], ["y"])).toEqual([
      `  1 - ${"x".repeat(72)} │   1 + y`,
      `    - ${"x".repeat(28)} │`,
    ]);
  });

  test("Korean characters and emoji count two columns, so the border stays straight", () => {
    const [, , ascii = "", korean = "", emoji = ""] = shown(["ab", "안녕", "👩‍👩‍👧"], ["x"], 160, false);
    const border = ascii.indexOf("│");
    expect(korean.indexOf("│")).toBe(border - "안녕".length);
    expect(emoji.indexOf("│")).toBe(border - 2 + "👩‍👩‍👧".length);
    const long = shown(["가".repeat(37)], ["x"], 160, false).slice(2);
    expect(long.map((row) => row.match(/가*/g)?.join("").length)).toEqual([36, 1]);
  });
});

test("where nothing changed, nothing is printed", () => {
  expect(shown(["a"], ["a"], 80, true)).toEqual([]);
  expect(shown(["a"], ["a"], 200, true)).toEqual([]);
});
