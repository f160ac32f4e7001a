import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { exitOf, runTool, startTool } from "../chapter-process.ts";
import { rawConnection } from "../raw.ts";

const SCRIPT = "tools/flaky/flaky.js";

/** Starts it in front of a server that keeps its connections; waits for what it says. */
async function startInFront(...args: readonly string[]) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => {}));
    socket.write("welcome");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port: to } = Object(server.address());
  const child = startTool(SCRIPT, "--to", String(to), "--port", "0", ...args);
  let said = "";
  child.stdout?.on("data", (text) => {
    said += text;
    child.emit("said");
  });
  const until = async (pattern: RegExp) => {
    for (;;) {
      const found = pattern.exec(said);
      if (found) return found;
      await once(child, "said");
    }
  };
  const [, port] = await until(/^flaky {2}http:\/\/localhost:(\d+) {2}in front of port \d+, seed \d+\n/);
  return { child, server, to, port: Number(port), until, said: () => said };
}

test("in front of a server it says where, with which seed, and passes on what the server says", async () => {
  const { port, to, said } = await startInFront("--seed", "7", "--cut", "60");
  expect(said()).toBe(`flaky  http://localhost:${port}  in front of port ${to}, seed 7\n`);
  expect(await rawConnection(port).until((text) => text.length === 7)).toBe("welcome");
});

test("--cut SECONDS resets all connections so often, and a line says when", async () => {
  const { port, until } = await startInFront("--cut", "1");
  const connection = rawConnection(port);
  expect(await connection.ended()).toBe("welcome");
  await until(/\n\d\d:\d\d:\d\d {2}all connections cut\n/);
});

test("--refuse, --stall and --half-close strike every so many seconds; what lasts is said with its length", async () => {
  const { until } = await startInFront("--refuse", "1", "--stall", "1", "--half-close", "1");
  await until(/ {2}new connections refused, for 3 s\n/);
  await until(/ {2}stalled (upstream|downstream), for 3 s\n/);
  await until(/ {2}half-closed (upstream|downstream)\n/);
});

test("--delay and --split hold all the time", async () => {
  const { port, until } = await startInFront("--delay", "1", "--split");
  await until(/ {2}delayed by 1 ms, all the time\n.* {2}every write in single bytes, all the time\n/);
  expect(await rawConnection(port).until((text) => text.length === 7)).toBe("welcome");
});

test("where no chapter listens it says so, and stays", async () => {
  const { port, server, until, child } = await startInFront("--cut", "60");
  server.close();
  await rawConnection(port).ended();
  await until(
    / {2}nothing listens on port \d+: start a chapter, as in npm run ch09, or name its port with --to\n/,
  );
  expect(child.exitCode).toBe(null);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`${signal} ends it with exit code 0, connections or not`, async () => {
    const { child, port } = await startInFront();
    await rawConnection(port).until((text) => text === "welcome");
    const exit = exitOf(child);
    child.kill(signal);
    expect(await exit).toMatchObject({ code: 0, signal: null });
  });
}

test("a port in use is said in one line, exit code 1", async () => {
  const { port } = await startInFront("--cut", "60");
  expect(await runTool(SCRIPT, "--port", String(port))).toMatchObject({
    code: 1,
    stdout: "",
    stderr: `flaky: Port ${port} is in use: take another one with -- --port ${port + 1}.\n`,
  });
});

test("a command that cannot be right is said in one line, exit code 2", async () => {
  const wrong: [string[], string][] = [
    [["--port", "x"], '--port must be a whole number from 0 to 65535, not "x".'],
    [["--to", "0"], '--to must be a whole number from 1 to 65535, not "0".'],
    [["--cut", "0.5"], '--cut must be a whole number from 1 to 86400, not "0.5".'],
    [["--delay"], "Option '--delay <value>' argument missing. --help lists the flags."],
    [["--slow"], "Unknown option '--slow'. --help lists the flags."],
  ];
  for (const [args, sentence] of wrong) {
    expect(await runTool(SCRIPT, ...args)).toMatchObject({
      code: 2,
      stdout: "",
      stderr: `flaky: ${sentence}\n`,
    });
  }
});

test("--help names each flag on a line, exit code 0", async () => {
  const { code, stdout } = await runTool(SCRIPT, "--help");
  expect(code).toBe(0);
  const flags = stdout.match(/^ {2}--[a-z-]+/gm)?.map((flag) => flag.trim());
  const all = ["to", "port", "cut", "refuse", "stall", "half-close", "delay", "split", "seed", "help"];
  expect(flags).toEqual(all.map((name) => `--${name}`));
});
