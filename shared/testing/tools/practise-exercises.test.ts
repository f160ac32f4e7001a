import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { MUTATIONS } from "../../tools/bugs/bugs.ts";
import { EXERCISES, type Exercise, exercisesFor } from "../../tools/practise/exercises.ts";
import { emptied } from "../../tools/practise/holes.ts";
import { TEXTS09 } from "../../tools/practise/texts/ch09.ts";
import { TEXTS10 } from "../../tools/practise/texts/ch10.ts";
import { TEXTS11 } from "../../tools/practise/texts/ch11.ts";
import { TEXTS12 } from "../../tools/practise/texts/ch12.ts";
import { CHAPTERS } from "../chapter-process.ts";
import { copyOfProject } from "./practise-copy.ts";

describe("the exercises", () => {
  test.each(CHAPTERS)(
    "of %s: its server and its client to write, and at least eight bugs to find",
    (chapter) => {
      const own = EXERCISES.filter((exercise) => exercise.chapter === chapter);
      expect(own.filter(({ kind }) => kind === "write").map(({ file }) => file)).toEqual([
        "server.ts",
        "client.ts",
      ]);
      expect(own.filter(({ kind }) => kind === "find").length).toBeGreaterThanOrEqual(8);
      expect(own.map(({ id }) => id)).toEqual(own.map((_, index) => `${chapter.slice(0, 4)}/${index + 1}`));
    },
  );

  test.each(EXERCISES.map((exercise) => [exercise.id, exercise] as const))(
    "%s is another text than the solution, and tells more with each hint, in both languages",
    (_, { given, solution, task, hints }) => {
      expect(given()).not.toBe(solution()); // Also throws where the text to be changed is not there exactly once.
      for (const language of ["en", "ko"] as const) {
        const texts = [task, ...hints].map((text) => text[language]);
        expect(new Set(texts).size).toBe(4);
        for (const text of texts) expect(/[가-힣]/.test(text)).toBe(language === "ko");
      }
    },
  );

  test.each(EXERCISES.map((exercise) => [exercise.id, exercise] as const))(
    "%s is written as well as the solution: no line gives its bug away by its looks",
    (_, { kind, given }) => {
      const lines = given().split("\n");
      expect(lines.filter((line) => /[ \t]$/.test(line) || line.length > 110)).toEqual([]);
      expect(lines.filter((line) => /^(?: {2})* (?![ *])/.test(line))).toEqual([]);
      // Nor an import that nothing needs any more, which editors show in grey.
      const imported = [...given().matchAll(/^import (?:type )?(.+) from/gm)].flatMap(
        ([, names = ""]) => names.match(/\w+(?=,| }|$)/g) ?? [],
      );
      const unused = imported.filter((name) => given().split(new RegExp(`\\b${name}\\b`)).length < 3);
      if (kind === "find") expect(unused).toEqual([]);
    },
  );

  test.each(["ch10/5", "ch10/11", "ch11/13", "ch12/15"])("%s does not say that there is no gap", (id) => {
    const given = EXERCISES.find((exercise) => exercise.id === id)?.given();
    expect(given).not.toContain("so there is no gap");
  });

  test("a bug is shown by what a user reports, never by its name or by what the bank says of it", () => {
    const finds = [TEXTS09, TEXTS10, TEXTS11, TEXTS12].flatMap(({ find }) => find);
    for (const { bug, task } of finds) {
      const mutation = MUTATIONS.find(({ name }) => name === bug);
      expect(mutation, bug).toBeDefined();
      for (const text of [bug, bug.replaceAll("-", " "), mutation?.bug ?? ""]) {
        expect(task.en.toLowerCase()).not.toContain(text.toLowerCase());
      }
    }
    expect(new Set(finds.map(({ bug }) => bug)).size).toBe(finds.length);
  });

  test.each([
    ["ch11/3", ["ch11/3"]],
    ["11/3", ["ch11/3"]],
    ["ch11-3", ["ch11/3"]],
    ["9/1", ["ch09/1"]],
    ["ch09-polling/", EXERCISES.filter(({ id }) => id.startsWith("ch09/")).map(({ id }) => id)],
    ["12", EXERCISES.filter(({ id }) => id.startsWith("ch12/")).map(({ id }) => id)],
  ])("%s names them", (word, ids) => {
    expect(exercisesFor(word).map(({ id }) => id)).toEqual(ids);
  });

  test.each(["ch13", "ch11/99", "", "polling"])("%j names none: --list is where they are", (word) => {
    expect(() => exercisesFor(word)).toThrow("--list");
  });
});

describe("an emptied function", () => {
  const source = `// A file.
const list = [
  1,
];

/** What it does. */
async function receive(one: number): Promise<void> {
  if (one) {
    list.push(one);
  }
}

list.forEach((it) => {
  console.log(it);
});
`;

  test("keeps its signature and its comment", () => {
    const hole = { begins: "async function receive(", instead: 'throw new Error("not yet");' };
    expect(emptied(source, hole)).toBe(
      source.replace(
        / {2}if \(one\) \{\n.*?\n {2}\}\n/s,
        '  // Write it here.\n  throw new Error("not yet");\n',
      ),
    );
  });

  test("keeps what stands around it", () => {
    expect(emptied(source, { begins: "list.forEach(" })).toBe(
      source.replace("  console.log(it);", "  // Write it here."),
    );
  });

  test.each(["function nothing(", "list", "const list"])(
    "is said where it is not one function: %s",
    (begins) => {
      expect(() => emptied(source, { begins })).toThrow("does not begin one function");
    },
  );
});

describe("the copies", () => {
  let project: ReturnType<typeof copyOfProject>;
  beforeAll(() => {
    project = copyOfProject(true);
    return () => project.remove();
  });

  /** Compiles files of `practice/FOLDER/` together. @returns what the compiler says */
  function compile(
    name: string,
    files: ReadonlyMap<string, string>,
    lib: readonly string[],
  ): Promise<string> {
    const { folder } = project;
    for (const [path, text] of files) {
      mkdirSync(join(folder, "practice", path, ".."), { recursive: true });
      writeFileSync(join(folder, "practice", path), text);
    }
    const config = {
      extends: "../../tsconfig.base.json",
      compilerOptions: { types: ["node"], lib },
      files: [...files.keys()].map((path) => `../${path}`),
      references: ["http", "message-store", "html-renderer/browser"].map((room) => ({
        path: `../../shared/${room}`,
      })),
    };
    mkdirSync(join(folder, "practice", name));
    writeFileSync(join(folder, "practice", name, "tsconfig.json"), JSON.stringify(config));
    const compiler = join(folder, "node_modules/typescript/bin/tsc");
    return new Promise((resolve) => {
      execFile(process.execPath, [compiler, "-b", `practice/${name}`], { cwd: folder }, (_error, stdout) => {
        resolve(stdout);
      });
    });
  }

  const BROWSER = ["ES2023", "ES2024.String", "DOM", "DOM.Iterable"];
  test.each([
    ["server.ts", ["ES2023", "ES2024.String"]],
    ["client.ts", BROWSER],
  ])("of every %s compile as they are given, and as they are solved", async (file, lib) => {
    const own = EXERCISES.filter((exercise) => exercise.file === file);
    const files = new Map(
      own.flatMap(({ folder, given, solution }: Exercise) => [
        [`${folder}/${file}`, given()],
        [`${folder}-solved/${file}`, solution()],
      ]),
    );
    expect(await compile(`all-${file}`, files, lib)).toBe("");
  });

  test("that do not compile are noticed here", async () => {
    const files = new Map([["broken/server.ts", "const one: number = 'two';\n"]]);
    expect(await compile("one", files, BROWSER)).toContain("error TS2322");
  });
});
