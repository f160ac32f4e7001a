import { readdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CHAPTER_NAMES } from "../../../html-renderer/chapters.ts";
import { parseMarkdown } from "../../../tools/notes/markdown.ts";
import { promisesOf, sectionOf } from "../../../tools/verify/promises.ts";
import { startChapter, temporaryFolder } from "../../chapter-process.ts";
import { ROOT, saidIn, verify } from "./command.ts";

describe("a wrong command is said in one line, with exit code 2", () => {
  test.each([
    ["nothing to verify", [], /^verify: Name one thing to verify/],
    ["two things", ["ch10", "--to", "http://localhost:1"], /^verify: Name one thing to verify/],
    ["a chapter that is not there", ["ch13"], /^verify: There is no ch13/],
    ["no technique", ["--to", "http://localhost:1"], /^verify: --technique must be polling, /],
    ["a promise that is not there", ["ch10", "--only", "nothing"], /^verify: There is no promise nothing/],
    ["an address that is none", ["--to", "3000", "--technique", "sse"], /^verify: --to takes an address/],
    ["a language that is none", ["ch10", "--lang", "fr"], /^verify: --lang takes ko or en/],
    ["a flag that is none", ["ch10", "--fast"], /^verify: Unknown option '--fast'/],
    [
      "nobody at an address",
      ["--to", "http://localhost:1", "--technique", "sse"],
      /^verify: Nothing listens at/,
    ],
    [
      "a server that ends at its start",
      ["--start", `"${process.execPath}" -e "throw new Error('no luck')"`, "--technique", "sse"],
      /^verify: The server ended with exit code 1 before it listened on port \d+: Error: no luck$/,
    ],
  ])("%s", async (_, args, sentence) => {
    const { code, stdout, stderr } = await verify(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr.trimEnd()).toMatch(sentence);
    expect(stderr.trimEnd()).not.toContain("\n");
  });

  test("and in JSON too, where that is asked for", async () => {
    const { code, stdout } = await verify(["ch13", "--json"]);
    expect({ code, said: JSON.parse(stdout) }).toEqual({
      code: 2,
      said: { error: expect.stringContaining("ch13") },
    });
  });
});

test("each promise has a section of the notes, in both languages", () => {
  for (const chapter of CHAPTER_NAMES) {
    for (const language of ["en", "ko"] as const) {
      for (const promise of promisesOf(chapter)) {
        const [path = "", anchor] = sectionOf(chapter, promise, language).split("#");
        const { headings } = parseMarkdown(readFileSync(join(ROOT, path), "utf8"));
        expect(headings.map((heading) => heading.anchor)).toContain(anchor);
      }
    }
  }
});

test("--list names the promises of a technique, in the order in which they are tried", async () => {
  const { code, stdout } = await verify(["ch10", "--list", "--json"]);
  const named = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).promise);
  expect({ code, named }).toEqual({
    code: 0,
    named: promisesOf("ch10-long-polling").map(({ name }) => name),
  });
});

test("a reader sees one line a promise, what was seen behind those that are broken, and, when asked, what shows it", async () => {
  const { code, stdout } = await verify([
    "ch10:first",
    "--only",
    "opens,foreign-host,one-log",
    "--why",
    "--lang",
    "en",
  ]);
  const [kept, broken, ...rest] = stdout.trimEnd().split("\n");
  expect(kept).toBe("✓ the page opens, and a client is let in");
  expect(broken).toMatch(
    /^✗ a name that is not ours is refused \(Host\): GET \/ with Host: evil.example was answered with 200 /,
  );
  expect(rest[0]).toMatch(/^ {4} *\d+\.\d{3} s {2}GET \/ {2}Host: evil\.example → 200 /);
  expect(rest.at(-3)).toMatch(/^ {4}→ ch09-polling\/README\.md#92-the-server$/);
  expect(rest.at(-2)).toMatch(/^– two servers on one log show one conversation: not tried \(/);
  expect(rest.at(-1)).toBe("1 kept, 1 broken, 1 not tried");
  expect(code).toBe(1);
});

test("the language is that of the environment, unless told", async () => {
  const korean = await verify(["ch12", "--only", "opens"], { LC_ALL: "ko_KR.UTF-8" });
  expect(korean.stdout).toBe("✓ 페이지가 열리고 클라이언트가 들어옵니다\n지킨 약속 1개, 어긴 약속 0개\n");
  const english = await verify(["ch12", "--only", "opens", "--lang", "en"], { LC_ALL: "ko_KR.UTF-8" });
  expect(english.stdout).toBe("✓ the page opens, and a client is let in\n1 kept, 0 broken\n");
});

test("--list alone names those of all techniques", async () => {
  const { code, stdout } = await verify(["--list", "--lang", "ko"]);
  expect(code).toBe(0);
  for (const chapter of CHAPTER_NAMES) {
    expect(stdout).toContain(`${chapter.slice(5)}\n`);
    for (const { name, title } of promisesOf(chapter))
      expect(stdout).toContain(`${name.padEnd(20)}${title.ko}`);
  }
});

test("--why shows the case that is named, and what ended a server is what was sent to it before it ended", async () => {
  const args = ["ch12:first", "--only", "bad-frames,bad-drafts", "--why", "--json", "--lang", "ko"];
  const said = saidIn(await verify(args));
  expect(said.get("bad-frames")?.seen).toMatch(
    /^서버가 종료되었습니다. 마지막으로 보낸 것: 마스킹하지 않은 프레임 /,
  );
  expect(said.get("bad-frames")?.why.join("\n")).toMatch(/→ 마스킹하지 않은 프레임: 8101/);
  expect(said.get("bad-drafts")?.seen).toMatch(/^\{\}에 /);
  expect(said.get("bad-drafts")?.why.slice(0, 2)).toEqual([
    expect.stringMatching(/ s {2}→ \{\}$/),
    expect.stringMatching(/ s {2}← \{\}$/),
  ]);
});

test("an empty list in place of 204 is said to be one", async () => {
  const script = join(temporaryFolder(), "server.js");
  writeFileSync(
    script,
    `require("node:http").createServer(({ url }, response) => {
      response.writeHead(200, { "Content-Type": url === "/" ? "text/html" : "application/json" }).end("[]");
    }).listen(process.env.PORT);`,
  );
  const start = `"${process.execPath}" "${script}"`;
  const outcome = await verify(["--start", start, "--technique", "polling", "--only", "opens", "--json"]);
  expect(saidIn(outcome).get("opens")?.seen).toBe(
    "GET /poll, where there is no message, was answered with 200 and an empty list, not with 204",
  );
});

test("--first stops at the first broken promise, and says how many were not tried", async () => {
  const { code, stdout } = await verify(["ch09:first", "--first", "--json"]);
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map(({ promise, kept }) => [promise, kept])).toEqual([
    ["opens", true],
    ["every-message-once", false],
    [undefined, undefined],
  ]);
  const untried = promisesOf("ch09-polling").length - 2;
  expect({ code, last: lines.at(-1) }).toEqual({
    code: 1,
    last: { summary: { kept: 1, broken: 1, untried } },
  });
});

test("a server that runs is left as it is: what would kill it, or look inside, is not tried", async () => {
  const { url, stderr } = await startChapter("ch11-sse");
  const only = "opens,every-message-once,catches-up,clients-forgotten,kept-over-kill,one-log,stops";
  const outcome = await verify(["--to", url, "--technique", "sse", "--json", "--only", only]);
  const verdicts = Object.fromEntries(
    [...saidIn(outcome).values()].map(({ promise, kept }) => [promise, kept]),
  );
  expect(verdicts).toEqual({
    opens: true,
    "every-message-once": true,
    "catches-up": true,
    "clients-forgotten": null,
    "kept-over-kill": null,
    "one-log": null,
    stops: null,
  });
  expect({ code: outcome.code, stderr: stderr() }).toEqual({ code: 0, stderr: "" });
});

test("a server that is ended by what it was sent is said to be, with its last words, and the next promise is tried", async () => {
  const outcome = await verify(["ch10:first", "--only", "bad-drafts,foreign-host", "--json"]);
  const said = saidIn(outcome);
  expect(said.get("bad-drafts")?.seen).toMatch(/^the server ended when it was sent \{half \(SyntaxError: /);
  expect(said.get("foreign-host")?.seen).toMatch(/ was answered with 200 /);
});

test.each(["SIGINT", "SIGTERM"] as const)("interrupted by %s, it leaves no server behind", async (signal) => {
  const place = temporaryFolder();
  const script = join(place, "server.js");
  writeFileSync(
    script,
    `require("node:fs").writeFileSync(require("node:path").join(__dirname, process.pid + ".pid"), "");
    require("node:http").createServer(() => console.log("held")).listen(process.env.PORT);`,
  );
  // Nothing is answered, so that it is in the middle of something when the first server is there.
  const start = `"${process.execPath}" "${script}" {file}`;
  const started = verify(["--start", start, "--technique", "polling"], {}, (child) => {
    const watcher = watch(place, () => {
      if (!readdirSync(place).some((name) => name.endsWith(".pid"))) return;
      watcher.close();
      child.kill(signal);
    });
  });
  expect((await started).code).toBe(signal === "SIGINT" ? 130 : 143);
  const isRunning = (pid: number) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  const pids = readdirSync(place).flatMap((name) =>
    name.endsWith(".pid") ? [Number.parseInt(name, 10)] : [],
  );
  expect(pids.length).toBeGreaterThan(0);
  // It was killed; the system takes a moment to bury it.
  while (pids.some(isRunning)) await new Promise((resolve) => setImmediate(resolve));
});
