import { type ChildProcess, execFile, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { EXERCISES } from "../../tools/practise/exercises.ts";
import { copyOfProject } from "./practise-copy.ts";

let project: string;
beforeAll(() => {
  const { folder, remove } = copyOfProject(true);
  project = folder;
  return remove;
});
// A session that was ended with its terminal may still be about to end.
beforeEach(() => rmSync(join(project, "practice"), { recursive: true, force: true, maxRetries: 10 }));

const PRACTISE = "dist/shared/tools/practise/practise.js";
const at = (...path: string[]) => join(project, "practice", ...path);
const read = (...path: string[]) => readFileSync(at(...path), "utf8");
const progress = () => JSON.parse(read("progress.json"));
const environment = (more: Readonly<Record<string, string>> = {}) => ({
  PATH: process.env["PATH"] ?? "",
  TERM: "xterm-256color",
  ...more,
});

/** Runs a command to its end. */
function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const options = { cwd: project, env: environment() };
    const child = execFile(process.execPath, [PRACTISE, ...args], options, (_error, stdout, stderr) => {
      resolve({ code: child.exitCode ?? -1, stdout, stderr });
    });
    child.stdin?.end();
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

/** A session that a test types to. */
interface Session {
  readonly child: ChildProcess;
  /** Resolves when all of this was printed, behind what was waited for before. */
  until(...texts: string[]): Promise<string>;
  type(text: string): void;
  readonly ended: Promise<unknown[]>;
}

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Session {
  return watch(
    spawn(process.execPath, [PRACTISE, "--lang", "en", "--port", "0", ...args], {
      cwd: project,
      env: environment(env),
      stdio: ["pipe", "pipe", "pipe"],
    }),
  );
}

function watch(child: ChildProcess): Session {
  const ended = once(child, "close");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const more = new EventEmitter();
  let printed = "";
  let from = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
      more.emit("more");
    });
  }
  return {
    child,
    ended,
    type: (text) => void child.stdin?.write(text),
    async until(...texts) {
      const begin = from;
      for (const text of texts) {
        for (let place = -1; place < 0; ) {
          place = printed.indexOf(text, from);
          if (place >= 0) from = place + text.length;
          else
            await Promise.race([
              once(more, "more"),
              ended.then(() => Promise.reject(new Error(`${text}: not in ${printed}`))),
            ]);
        }
      }
      return printed.slice(begin, from);
    },
  };
}

/** Resolves when a connection is over, however it ended. */
const closeOf = (socket: Socket) => new Promise((resolve) => socket.resume().on("close", resolve));

/** Resolves when nobody listens there any more. */
async function gone(port: number): Promise<void> {
  for (let isThere = true; isThere; ) {
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    isThere = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    if (isThere) await closeOf(socket);
  }
}

const FIND = EXERCISES.find(({ id }) => id === "ch09/4");
if (FIND === undefined) throw new Error("there is no ch09/4");
const SOLUTION = FIND.solution();
const BROKEN = "✗ every client sees every message: 1 of 2";
const WAITING = "Waiting for the next save.";

describe("a session", () => {
  test("shows what a user reports, says what is broken, and at the save that mends it that it is solved", async () => {
    const { until, type, ended } = start(["ch09/4"]);
    await until(
      "ch09/4 · find the bug · Polling (0 of 12 solved)",
      "“Since yesterday some messages are missing",
    );
    await until("Edit practice/ch09-4/server.ts", BROKEN, "ch09-polling/README.md#reading-messages", WAITING);
    writeFileSync(at("ch09-4/server.ts"), SOLUTION);
    await until("✓ Solved: all 2 promises are kept.", "n goes on");
    type("q\n");
    expect(await ended).toEqual([0, null]);
    expect(progress()).toEqual({
      last: "ch09/4",
      exercises: {
        "ch09/4": {
          checks: 2,
          hints: 0,
          peeked: false,
          solved: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        },
      },
    });
  });

  test("gives three hints, one after another, then the difference to the solution, and remembers both", async () => {
    const { until, type, ended } = start(["ch09/4"]);
    await until(WAITING);
    for (const number of [1, 2, 3]) {
      type("h\n");
      await until(`Hint ${number} of 3:`);
    }
    type("h\n");
    await until("That was the last hint.");
    type("d\n");
    await until("d again shows the difference to the solution.");
    type("d\n");
    const difference = await until(
      "--- practice/ch09-4/server.ts",
      "+++ the solution",
      "await log.after(cursor));\n ",
    );
    expect(difference).toContain(
      "-  if (cursor !== log.newest) return answer(response, 200, (await log.after(cursor)).slice(-1));",
    );
    type("q\n");
    await ended;
    expect(progress().exercises["ch09/4"]).toMatchObject({ hints: 3, peeked: true });
  });

  test("goes on to the next exercise, and the next time with what is not solved yet", async () => {
    const first = start(["ch09/4"]);
    await first.until(WAITING);
    writeFileSync(at("ch09-4/server.ts"), SOLUTION);
    await first.until("✓ Solved");
    first.type("n\n");
    await first.until("ch09/5 · find the bug · Polling (1 of 12 solved)");
    first.type("q\n");
    await first.ended;
    const second = start([]);
    await second.until("ch09/5 · find the bug");
    second.type("q\n");
    await second.ended;
  });

  test("n goes on to what is not solved yet in the chapter, from its beginning again at its end", async () => {
    const solved = { checks: 1, hints: 0, peeked: false, solved: "2026-11-21T10:00:00.000Z" };
    const ids = EXERCISES.map(({ id }) => id).filter((id) => id.startsWith("ch09/") && id !== "ch09/5");
    mkdirSync(at());
    const exercises = Object.fromEntries(ids.map((id) => [id, solved]));
    writeFileSync(at("progress.json"), JSON.stringify({ exercises }));
    const { until, type } = start(["ch09/12"]);
    await until("✓ Solved"); // The stand-in does not see these bugs.
    type("n\n");
    await until("ch09/5 · find the bug", "✓ Solved", "n goes on");
    type("n\n");
    await until("ch10/1 · write it");
  });

  test("a hint that is asked for after an exercise is solved does not count", async () => {
    mkdirSync(at("ch09-4"), { recursive: true });
    writeFileSync(at("ch09-4/server.ts"), SOLUTION);
    const { until, type, ended } = start(["ch09/4"]);
    await until("✓ Solved", "n goes on");
    type("h\n");
    await until("Hint 1 of 3:");
    type("q\n");
    await ended;
    expect(progress().exercises["ch09/4"].hints).toBe(0);
  });

  test("says what a solution guards against besides, where no check can see that", async () => {
    const exercise = EXERCISES.find(({ id }) => id === "ch10/1");
    mkdirSync(at("ch10-1"), { recursive: true });
    writeFileSync(at("ch10-1/server.ts"), exercise?.solution() ?? "");
    const { until } = start(["ch10/1"]);
    await until(
      "✓ Solved",
      "Compare with d",
      "a client that leaves while its cursor is looked up",
      "n goes on",
    );
  });

  test("keeps what a learner has written, and gives a file back that was deleted", async () => {
    mkdirSync(at("ch09-4"), { recursive: true });
    writeFileSync(at("ch09-4/server.ts"), SOLUTION);
    const { until, type, ended } = start(["ch09/4"]);
    await until("✓ Solved");
    expect(read("ch09-4/server.ts")).toBe(SOLUTION);
    rmSync(at("ch09-4/server.ts"));
    type("r\n");
    await until("practice/ch09-4/server.ts is not there");
    type("d\nd\n");
    await until("practice/ch09-4/server.ts is not there");
    type("q\n");
    await ended;
    const again = start(["ch09/4"]);
    await again.until(BROKEN);
    expect(read("ch09-4/server.ts")).toBe(FIND.given());
  });

  test("code that does not compile is said in one line, with its place, and waits for the next save", async () => {
    const { until } = start(["ch09/4"]);
    await until(WAITING);
    writeFileSync(at("ch09-4/server.ts"), `${SOLUTION}\nconst one: number = "two";\nmore();\n`);
    await until(
      "It does not compile: practice/ch09-4/server.ts:34:7 Type 'string' is not assignable to type 'number'. (and 1 more)\n",
      WAITING,
    );
    writeFileSync(at("ch09-4/server.ts"), SOLUTION);
    await until("✓ Solved");
  });

  test("a copy that imports what the project no longer has is told how to begin again", async () => {
    const { until } = start(["ch09/4"]);
    await until(WAITING);
    writeFileSync(at("ch09-4/server.ts"), SOLUTION.replace("import { admit", "import { admitted, admit"));
    await until(
      "has no exported member 'admitted'. If that import is not yours, the exercise has changed",
      "npm run practise -- --reset ch09/4",
      WAITING,
    );
  });

  test("a server that crashes at the start is said in one line, and waits for the next save", async () => {
    const { until } = start(["ch09/4"]);
    await until(WAITING);
    writeFileSync(at("ch09-4/server.ts"), `throw new Error("Oh no.");\n${SOLUTION}`);
    await until("The server ended at the start: Error: Oh no.\n", WAITING);
    writeFileSync(at("ch09-4/server.ts"), SOLUTION);
    await until("✓ Solved");
  });

  test("where the port is in use the page is at a free one, which is said once, and the check goes on", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void other.close());
    await once(other, "listening");
    const port = portOf(other);
    const { until } = start(["--port", String(port), "ch09/4"]);
    await until(`Port ${port} is in use, so the page is at http://`, BROKEN, WAITING);
    writeFileSync(at("ch09-4/server.ts"), SOLUTION);
    expect(await until("✓ Solved")).not.toContain("is in use");
  });

  test("a damaged file of progress is said, and kept aside", async () => {
    mkdirSync(at());
    writeFileSync(at("progress.json"), '{"exercises": {"ch09/4": ');
    const { until, type, ended } = start(["ch09/4"]);
    await until("The file of your progress was damaged: it was moved to ", BROKEN);
    type("q\n");
    await ended;
    const [aside = ""] = readdirSync(at()).filter((name) => name.startsWith("progress.json.damaged-"));
    expect(read(aside)).toBe('{"exercises": {"ch09/4": ');
    expect(progress().exercises["ch09/4"].checks).toBe(1);
  });

  test("progress that can't be written is said, and the exercise goes on without", async () => {
    mkdirSync(at("progress.json"), { recursive: true }); // As good as a full disk: nothing can be written there.
    const { until } = start(["ch09/4"]);
    await until("progress", WAITING);
    writeFileSync(at("ch09-4/server.ts"), SOLUTION);
    await until("✓ Solved");
  });

  test("where nobody can type, it checks once and ends: with code 1 where it is not solved, 0 where it is", async () => {
    expect(await run("--lang", "en", "--port", "0", "ch09/4")).toMatchObject({
      code: 1,
      stderr: "",
      stdout: expect.stringContaining(BROKEN),
    });
    writeFileSync(at("ch09-4/server.ts"), SOLUTION);
    expect(await run("--lang", "en", "--port", "0", "ch09/4")).toMatchObject({ code: 0, stderr: "" });
  });

  test("speaks Korean where it is told to", async () => {
    const { until } = start(["--lang", "ko", "ch09/4"]);
    await until(
      "ch09/4 · 버그 찾기 · 폴링",
      "사용자 제보:",
      "✗ 모두가 모든 메시지를 받습니다",
      "다음 저장을 기다립니다.",
    );
  });
});

describe("the page of an exercise", () => {
  async function urlOf(session: Session): Promise<string> {
    // `p` prints the address, and opens a browser where there is one: there is none on this path.
    session.type("p\n");
    await session.until("The page: ");
    const line = await session.until("\n");
    return line.trim();
  }

  test("is served by the learner's server", async () => {
    const session = start(["ch09/4"], { PATH: "" });
    session.type("p\n");
    await session.until("There is no page yet", WAITING);
    const url = await urlOf(session);
    expect(await (await fetch(url)).text()).toContain('src="/ch09-polling/client.js"');
  });

  test("runs the learner's client where that is the exercise", async () => {
    const session = start(["ch10/2"], { PATH: "" });
    await session.until("✗ the page asks, with its cursor: no request came", WAITING);
    const url = await urlOf(session);
    const client = async () => (await fetch(`${url}/ch10-long-polling/client.js`)).text();
    expect(await client()).toContain("Not written yet.");
    const exercise = EXERCISES.find(({ id }) => id === "ch10/2");
    writeFileSync(at("ch10-2/client.ts"), exercise?.solution() ?? "");
    await session.until("✓ Solved");
    const again = await urlOf(session);
    await gone(Number(new URL(url).port)); // One server at a time.
    const text = await (await fetch(`${again}/ch10-long-polling/client.js`)).text();
    expect(text).toBe(readFileSync(join(project, "dist/ch10-long-polling/client.js"), "utf8"));
  });
});

describe("an end in the middle", () => {
  /** Where those who are to be ended call, so that the end of their connection is their own. */
  async function callers(): Promise<{ port: number; next: () => Promise<Socket> }> {
    const server = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    return {
      port: portOf(server),
      async next() {
        const [socket]: Socket[] = await once(server, "connection");
        if (socket === undefined) throw new Error("nobody called");
        return socket.on("error", () => {});
      },
    };
  }

  /** A session whose check hangs: what is printed at its end, and what must be over by then. */
  async function hanging(begin: (env: Readonly<Record<string, string>>) => Session) {
    const { port, next } = await callers();
    const session = begin({ HANG: String(port) });
    const verify = await next();
    const [line] = await once(verify, "data");
    const server = connect(Number(line), "127.0.0.1").on("error", () => {});
    await once(server, "connect");
    const closed = Promise.all([verify, server].map((socket) => closeOf(socket)));
    return {
      session,
      /** Resolves when the check, its server and the page's are no more. */
      async over(): Promise<void> {
        await closed;
        await gone(Number(line));
      },
    };
  }

  // Windows knows only the last of them.
  test.skipIf(process.platform === "win32").each([
    ["SIGINT", [130, null]],
    ["SIGTERM", [143, null]],
    ["SIGHUP", [129, null]],
    ["SIGKILL", [null, "SIGKILL"]],
  ] as const)("by %s leaves no process behind, and what was written is there", async (signal, exit) => {
    const { session, over } = await hanging((env) => start(["ch09/4"], env));
    const before = read("ch09-4/server.ts");
    session.type("p\n");
    await session.until("The page: ");
    const page = new URL((await session.until("\n")).trim());
    session.child.kill(signal);
    expect(await session.ended).toEqual(exit);
    await over();
    await gone(Number(page.port));
    expect(read("ch09-4/server.ts")).toBe(before);
  });

  test("leaves no server behind that is in a loop without end", async () => {
    const { port, next } = await callers();
    mkdirSync(at("ch09-4"), { recursive: true });
    const loop = `connect(${port}, "127.0.0.1", () => { for (;;); });`;
    writeFileSync(at("ch09-4/server.ts"), `import { connect } from "node:net";\n${SOLUTION}${loop}\n`);
    const { child, ended } = start(["ch09/4"]);
    const server = await next();
    child.kill("SIGKILL");
    await ended;
    await closeOf(server);
  });

  // `script` (util-linux) runs a program on a terminal of its own.
  describe.runIf(process.platform === "linux")("on a terminal", () => {
    const onTerminal = (env: Readonly<Record<string, string>> = {}) => {
      const command = `exec '${process.execPath}' ${PRACTISE} --lang en --port 0 ch09/4`;
      const options = { cwd: project, env: environment(env), stdio: "pipe" } as const;
      return watch(spawn("script", ["-qec", command, "/dev/null"], options));
    };

    test("a key is enough, in the Korean layout too, and Ctrl-C ends it", async () => {
      const { until, type, ended } = onTerminal();
      await until(WAITING);
      type("h");
      await until("Hint 1 of 3:");
      type("ㅗ");
      await until("Hint 2 of 3:");
      type("\x1b[A");
      type("\x03");
      expect(await ended).toEqual([0, null]);
    });

    test("a killed terminal leaves no process behind", async () => {
      const { session, over } = await hanging(onTerminal);
      session.child.kill("SIGKILL");
      await over();
    });

    test("NO_COLOR leaves the colours out of the difference", async () => {
      const { until, type, ended } = onTerminal({ NO_COLOR: "1" });
      await until(WAITING);
      type("dd");
      expect(
        await until("--- practice/ch09-4/server.ts", "+++ the solution", "await log.after(cursor));"),
      ).not.toContain("\x1b[3");
      type("q");
      await ended;
    });
  });
});

test("--check says once what is broken, or that it is solved, and makes the copy first", async () => {
  expect(await run("--check", "ch09/4", "--lang", "en")).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(BROKEN),
  });
  writeFileSync(at("ch09-4/server.ts"), SOLUTION);
  expect(await run("--check", "ch09/4")).toMatchObject({ code: 0, stdout: expect.stringContaining("✓") });
  expect(progress().exercises["ch09/4"]).toMatchObject({ checks: 2, solved: expect.any(String) });
  expect(progress().last).toBeUndefined(); // A session goes on where the last one stopped.
});

test("--list names the exercises by what users report, and marks those that are solved", async () => {
  mkdirSync(at());
  const solved = { checks: 1, hints: 0, peeked: false, solved: "2026-11-21T10:00:00.000Z" };
  writeFileSync(at("progress.json"), JSON.stringify({ exercises: { "ch09/4": solved } }));
  const { code, stdout } = await run("--list", "--lang", "en");
  expect(code).toBe(0);
  expect(stdout).toContain("ch09-polling  Polling: 1 of 12 solved\n");
  expect(stdout).toMatch(/^ {2}✓ ch09\/4 {2,}“Since yesterday/m);
  expect(stdout).toMatch(/^ {4}ch09\/5 {2,}“/m);
  expect(stdout.split("\n").filter((line) => /^ .* ch\d\d\/\d/.test(line))).toHaveLength(EXERCISES.length);
  const one = await run("--list", "ch11", "--lang", "ko");
  expect(one.stdout).toMatch(/^ch11-sse {2}서버 전송 이벤트\(SSE\): 13개 중 0개 해결\n/);
});

describe("--reset", () => {
  const begun = { checks: 1, hints: 0, peeked: false };

  /** As after a check of each of these. */
  function begin(...ids: readonly string[]): void {
    for (const id of ids) {
      mkdirSync(at(id.replace("/", "-")), { recursive: true });
      writeFileSync(at(id.replace("/", "-"), "server.ts"), `// mine: ${id}\n`);
    }
    writeFileSync(
      at("progress.json"),
      JSON.stringify({ exercises: Object.fromEntries(ids.map((id) => [id, begun])) }),
    );
  }

  test("begins one exercise again, and keeps what was written", async () => {
    begin("ch09/4", "ch09/5");
    const { code, stdout } = await run("--reset", "ch09/4", "--lang", "en");
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(
        /^What was there is kept in practice\/kept\/1\. .* move it from there to practice\/\.\n$/,
      ),
    });
    expect(read("kept/1/ch09-4/server.ts")).toBe("// mine: ch09/4\n");
    expect(existsSync(at("ch09-4"))).toBe(false);
    expect(read("ch09-5/server.ts")).toBe("// mine: ch09/5\n");
    expect(progress()).toEqual({ exercises: { "ch09/5": begun } });
    expect((await run("--reset", "ch09/5", "--lang", "en")).stdout).toContain("practice/kept/2");
  });

  test("without a name begins all of them again, progress too, and keeps it all", async () => {
    begin("ch09/4", "ch12/3");
    const { stdout } = await run("--reset", "--lang", "en");
    expect(stdout).toContain("practice/kept/1");
    expect(readdirSync(at())).toEqual(["kept"]);
    expect(readdirSync(at("kept/1")).sort()).toEqual(["ch09-4", "ch12-3", "progress.json"]);
    expect((await run("--reset", "--lang", "en")).stdout).toBe("There was nothing to reset.\n");
  });
});

describe("--report", () => {
  const done = (more: object) => ({ checks: 3, hints: 1, peeked: false, ...more });
  const solved = "2026-11-21T10:00:00.000Z";

  function students(): string {
    const folder = at("students");
    const write = (path: string, text: string) => {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), text);
    };
    const exercises = {
      "ch09/1": done({ solved }),
      "ch09/3": done({ solved, peeked: true }),
      "ch10/1": done({}),
    };
    write("지민/practice/progress.json", JSON.stringify({ exercises }));
    write("bob/progress.json", JSON.stringify({ exercises: { "ch12/2": done({ solved }) } }));
    write("carl/progress.json", "{");
    write("dora/notes.txt", "nothing yet");
    return folder;
  }

  test("prints who has solved what, a line a student", async () => {
    const { code, stdout } = await run("--report", students());
    expect(code).toBe(0);
    const all = EXERCISES.length;
    expect(stdout.split("\n").map((line) => line.replaceAll(/ {2,}/g, "  "))).toEqual([
      "  ch09  ch10  ch11  ch12",
      `bob  1/${all}  ............  .............  .............  .x.............`,
      expect.stringMatching(/^carl {2}\? {2}.*progress\.json is damaged$/),
      "dora  ?  no progress.json",
      `지민  2/${all}  x.d.........  -............  .............  ...............`,
      "x solved  d solved after a look at the solution  - begun  . not begun",
      "",
    ]);
  });

  test("--json has the same for programs", async () => {
    const { stdout } = await run("--report", students(), "--json");
    const [bob, carl, , jimin] = JSON.parse(stdout);
    expect(bob).toEqual({ name: "bob", solved: 1, exercises: { "ch12/2": done({ solved }) } });
    expect(carl).toMatchObject({ name: "carl", solved: 0, problem: expect.stringContaining("damaged") });
    expect(jimin).toMatchObject({ name: "지민", solved: 2 });
  });

  test("a folder that is not there is said in one line", async () => {
    const { code, stderr } = await run("--report", at("nowhere"));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^practise: .*nowhere.*\n$/);
  });
});

test.each([
  [["ch13"], /no exercise "ch13": -- --list names them all/],
  [["--check"], /--check needs an exercise/],
  [["--check", "ch11"], /--check needs an exercise/],
  [["--report"], /--report needs a folder/],
  [["--list", "--reset"], /do not go together/],
  [["--lang", "fr"], /--lang takes en or ko/],
  [["--port", "x"], /--port must be a whole number/],
  [["--nonsense"], /Unknown option '--nonsense'\. --help/],
  [["ch09/1", "ch09/2"], /Name one exercise/],
])("a command that cannot be right is said in one line: %j", async (args, sentence) => {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^practise: .*\n$/);
  expect(stderr).toMatch(sentence);
});

test("--help says how to use it", async () => {
  const { code, stdout } = await run("--help");
  expect(code).toBe(0);
  expect(stdout).toContain("npm run practise -- ch11/3");
});
