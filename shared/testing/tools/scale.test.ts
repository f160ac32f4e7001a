import { execFile, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Results } from "../../tools/compare/run.ts";
import { configurationOf, findProgram, NGINX_CONF } from "../../tools/scale/parts.ts";
import { type Exit, exitOf, temporaryFolder } from "../chapter-process.ts";
import { hasRedisAndNginx } from "../redis.ts";

const SCRIPT = join(import.meta.dirname, "../../../dist/shared/tools/scale/scale.js");
const COMPARE = join(import.meta.dirname, "../../../dist/shared/tools/compare/compare.js");
const isThere = hasRedisAndNginx();

/** Starts the command, with its temporary files in a folder that can be looked into. */
function start(args: readonly string[], path = process.env["PATH"] ?? "") {
  const temporary = temporaryFolder();
  const child = spawn(process.execPath, [SCRIPT, ...args], {
    env: { PATH: path, TMPDIR: temporary },
    stdio: ["ignore", "pipe", "pipe"],
  });
  // Not SIGKILL: then nobody would end the programs that it has started.
  onTestFinished(() => void child.kill("SIGTERM"));
  const output = { stdout: "", stderr: "" };
  const watchers = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
      for (const watcher of watchers) watcher();
    });
  }
  const exit = exitOf(child, output);
  const until = async (stream: keyof typeof output, pattern: RegExp) => {
    const found = new Promise<RegExpExecArray>((resolve) => {
      const look = () => {
        const match = pattern.exec(output[stream]);
        if (match) resolve(match);
      };
      watchers.add(look);
      look();
    });
    const ended = exit.then(({ code, stderr }) => Promise.reject(new Error(`ended with ${code}: ${stderr}`)));
    ended.catch(() => {});
    return await Promise.race([found, ended]);
  };
  return { child, temporary, exit, until };
}

function run(...args: readonly string[]): Promise<Exit> {
  return start(args).exit;
}

/** Starts it, and waits until it says all of where what is. */
async function startAll(...args: readonly string[]) {
  const started = start(["--port", "0", ...args]);
  const [text] = await started.until("stdout", /^scale.*Ctrl-C ends all of it\.\n/s);
  const [, url = ""] = /^scale {2}(\S+) /.exec(text) ?? [];
  const pids = new Map(
    [...text.matchAll(/^ {2}(\S+(?: \d)?) .* {2}process (\d+)$/gm)].map(([, name, pid]) => [
      name,
      Number(pid),
    ]),
  );
  return { ...started, text, url, pids };
}

/** Whether a part, or anything that it has started, is still there: each part leads a group of its own. */
const isAlive = (pid: number) => {
  try {
    return process.kill(-pid, 0);
  } catch {
    return false;
  }
};

/** @returns the id; undefined if it was refused */
async function say(url: string, text: string): Promise<unknown> {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(`${url}/update`, {
    method: "POST",
    headers,
    body: JSON.stringify({ text, key: text }),
  });
  return Object(await response.json()).id;
}

describe.skipIf(!isThere)("npm run scale", () => {
  test("nginx takes the configuration as it stands in its folder", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "temp"));
    const nginx = findProgram("nginx") ?? "";
    const { stderr } = await promisify(execFile)(nginx, [
      "-t",
      "-p",
      folder,
      "-c",
      NGINX_CONF,
      "-e",
      "stderr",
    ]);
    expect(stderr).toContain("test is successful");
  });

  test("says the one address and those behind it, all show one conversation, and Ctrl-C leaves nothing behind", async () => {
    const { child, exit, temporary, text, url, pids } = await startAll("ch09", "--servers", "3");
    expect([...pids.keys()]).toEqual(["nginx", "server 1", "server 2", "server 3", "redis-server"]);
    const servers = [...text.matchAll(/^ {2}server .*(http:\S+)/gm)].map(([, address = ""]) => address);
    expect(await say(url, "first")).toBe(1);
    for (const address of [url, ...servers]) {
      const answer = await fetch(`${address}/poll?after=0`);
      expect(await answer.json()).toMatchObject([{ id: 1, text: "first" }]);
    }
    const all = [...pids.values()];
    expect(all.filter(isAlive)).toEqual(all);
    child.kill("SIGINT");
    child.kill("SIGINT"); // Under npm it arrives twice.
    expect(await exit).toMatchObject({ code: 0, signal: null, stderr: "" });
    expect(all.filter(isAlive)).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
  });

  test("a part that is killed is said in one line and started again, and nothing of it is left behind in the end", async () => {
    const { child, exit, temporary, until, url, pids } = await startAll("ch10");
    const killed = ["server 1", "redis-server", "nginx"] as const;
    expect(await say(url, "before")).toBe(1);
    const all = [...pids.values()];
    for (const name of killed) process.kill(pids.get(name) ?? 0, "SIGKILL");
    for (const name of killed) {
      await until(
        "stderr",
        new RegExp(`^${name} ended \\(SIGKILL\\) and is started again in 2 s\\.\\n`, "m"),
      );
      const [, pid] = await until("stderr", new RegExp(`^${name} is back, process (\\d+)\\.\\n`, "m"));
      all.push(Number(pid));
    }
    // Redis and the servers find each other by themselves: until then sending is refused.
    let id: unknown;
    while (id === undefined) id = await say(url, "after").catch(() => undefined);
    expect(id).toBe(2);
    child.kill("SIGINT");
    expect(await exit).toMatchObject({ code: 0 });
    expect(all.filter(isAlive)).toEqual([]);
    expect(readdirSync(temporary)).toEqual([]);
  });

  // Elsewhere nothing says without another program which processes there are.
  test.skipIf(process.platform !== "linux")(
    "Ctrl-C leaves nothing behind while all of it is still starting",
    async () => {
      const { child, exit, temporary } = start(["--port", "0"]);
      const mine = () =>
        readdirSync("/proc").filter((pid) => {
          if (!/^\d+$/.test(pid)) return false;
          try {
            // Redis overwrites its command line, and goes to its own folder.
            const [command, folder] = [
              readFileSync(`/proc/${pid}/cmdline`, "utf8"),
              readlinkSync(`/proc/${pid}/cwd`),
            ];
            return command.includes(temporary) || folder.includes(temporary);
          } catch {
            return false; // It has ended meanwhile.
          }
        });
      await vi.waitFor(() => expect(mine()).not.toEqual([]), { interval: 1, timeout: 10_000 });
      child.kill("SIGINT");
      expect(await exit).toMatchObject({ code: 0, stdout: "" });
      await vi.waitFor(() => expect(mine()).toEqual([]), { timeout: 10_000 });
      expect(readdirSync(temporary)).toEqual([]);
    },
  );

  test("a port in use is said in one line, exit code 1, and nothing is started", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = Object(server.address());
    expect(await run("--port", String(port))).toMatchObject({
      code: 1,
      stdout: "",
      stderr: `scale: Port ${port} is in use: stop the program that uses it, or take a free one with -- --port 0.\n`,
    });
  });
});

test.skipIf(!isThere)(
  "npm run compare -- --scale: of one, two and four servers none loses a message, and all meters are read",
  async () => {
    const file = join(temporaryFolder(), "report.html");
    const flags = [
      "--scale",
      "--chapters",
      "ch12",
      "--clients",
      "6",
      "--seconds",
      "1",
      "--json",
      "--report",
      file,
    ];
    const { stdout } = await promisify(execFile)(process.execPath, [COMPARE, ...flags]);
    const { scale, rows }: Results = JSON.parse(stdout);
    expect(rows).toEqual([]);
    expect(scale.map(({ log, servers, clients }) => ({ log, servers, clients }))).toEqual([
      { log: "file", servers: 1, clients: 6 },
      { log: "redis", servers: 1, clients: 6 },
      { log: "redis", servers: 2, clients: 6 },
      { log: "redis", servers: 4, clients: 6 },
    ]);
    for (const { log, messages, deliveries, delay, cpu, cost } of scale) {
      // What anybody lost, or got twice, ends the command with an error.
      expect(deliveries / messages).toBeCloseTo(6, 5);
      expect(delay.count).toBe(6 * 10);
      for (const value of [cpu.servers, cpu.clients, cost.server]) expect(value).toBeGreaterThan(0);
      if (log === "redis") expect(cost.log).toBeGreaterThan(0);
      else expect(cost.log).toBe(0);
    }
    expect(scale[1]?.ratio).toEqual({ value: 1, least: 1, most: 1 });
    expect(readFileSync(file, "utf8")).toContain("Several servers on one log");
  },
  180_000, // Fifteen processes take turns.
);

test("a program that is not installed is said, with what installs it, exit code 1", async () => {
  // Only where the command looks besides the PATH can there still be one.
  const elsewhere = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"];
  const folder = temporaryFolder();
  symlinkSync(process.execPath, join(folder, "node"));
  const { code, stdout, stderr } = await start([], folder).exit;
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(
    /^scale: redis-server.* not installed: sudo apt-get install redis-server.* brew install redis.*WSL\.\n$/,
  );
  const hasNginx = elsewhere.includes(join(findProgram("nginx") ?? "", ".."));
  expect(stderr.includes("nginx")).toBe(!hasNginx);
});

test("a command that cannot be right is said in one line, exit code 2", async () => {
  const wrong: [string[], string][] = [
    [["ch13"], 'There is no chapter "ch13": say ch09, ch10, ch11 or ch12.'],
    [["ch09", "ch10"], '"ch10" is one word too many. --help lists the flags.'],
    [["--servers", "0"], '--servers must be a whole number from 1 to 64, not "0".'],
    [["--port", "x"], '--port must be a whole number from 0 to 65535, not "x".'],
    [["--docker"], "Unknown option '--docker'. --help lists the flags."],
  ];
  for (const [args, sentence] of wrong) {
    expect(await run(...args)).toMatchObject({ code: 2, stdout: "", stderr: `scale: ${sentence}\n` });
  }
});

test("--help names each flag on a line, exit code 0", async () => {
  const { code, stdout } = await run("--help");
  expect(code).toBe(0);
  expect(stdout.match(/^ {2}--[a-z]+/gm)?.map((flag) => flag.trim())).toEqual([
    "--port",
    "--servers",
    "--tls",
    "--help",
  ]);
});

test("the configuration is changed in nothing but its addresses, and by --tls in the lines that are marked", () => {
  const linesOf = (text: string) => new Set(text.split("\n").map((line) => line.trim()));
  const whole = linesOf(configurationOf({ port: 3000, servers: [3001, 3002], tls: false }));
  const other = configurationOf({ port: 8080, servers: [1, 2, 3], tls: false });
  expect([...linesOf(other)].filter((line) => !whole.has(line))).toEqual([
    "server 127.0.0.1:1 max_fails=1 fail_timeout=1s;",
    "server 127.0.0.1:2 max_fails=1 fail_timeout=1s;",
    "server 127.0.0.1:3 max_fails=1 fail_timeout=1s;",
    "listen 127.0.0.1:8080;",
    "#tls listen 127.0.0.1:8080 ssl http2;",
  ]);
  const secure = configurationOf({ port: 3000, servers: [3001, 3002], tls: true });
  expect(secure.match(/^ *(listen|ssl_certificate|#tls).*/gm)).toEqual([
    "  ssl_certificate localhost.cert.pem;",
    "  ssl_certificate_key localhost.key.pem;",
    "    listen 127.0.0.1:3000 ssl http2;",
  ]);
});
