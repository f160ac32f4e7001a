// A redis-server of the tests' own: on a free port of this machine alone, with its files in a folder of its own.
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface RedisServer {
  readonly port: number;
  /** `redis://127.0.0.1:PORT?log=NAME`: for a log that nobody else uses, unless a name is given. */
  spec(name?: string): string;
  /** Runs a command by redis-cli. @returns what it prints, without the last line end */
  cli(...words: readonly string[]): string;
  /** Ends it without a warning (SIGKILL). */
  kill(): Promise<void>;
  /** Starts it again where it was, and waits until it has read its files. */
  start(): Promise<void>;
  /** It stands still (SIGSTOP): its connections stay open, and nothing is answered. */
  pause(): void;
  resume(): void;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** @returns whether there is a redis-server; where CI is set there has to be one */
export function hasRedis(): boolean {
  const isThere = spawnSync("redis-server", ["--version"]).status === 0;
  if (isThere) return true;
  const sentence = "redis-server is not installed (Debian: apt-get install redis-server)";
  if (process.env["CI"]) throw new Error(`${sentence}, and with CI set nothing may be skipped.`);
  console.warn(`${sentence}: the tests of the log on Redis are skipped.`);
  return false;
}

/** Nothing that was answered is lost by a kill -9. */
export const SAFE = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""] as const;

/** Starts a server; it keeps what it is given, unless told. */
export async function startRedis(flags: readonly string[] = SAFE): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), "redis-"));
  const port = await freePort();
  let child: ChildProcess | undefined;
  let logs = 0;
  const server: RedisServer = {
    port,
    spec: (name = `log-${++logs}`) => `redis://127.0.0.1:${port}?log=${name}`,
    cli: (...words) =>
      execFileSync("redis-cli", ["-p", String(port), ...words], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      }).trimEnd(),
    async kill() {
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
    async start() {
      const address = ["--bind", "127.0.0.1", "--port", String(port), "--dir", folder];
      child = spawn("redis-server", [...address, ...flags], { stdio: ["ignore", "pipe", "inherit"] });
      const exited = once(child, "exit").then(() => Promise.reject(new Error("redis-server ended")));
      const ready = new Promise<void>((resolve) => {
        if (!child?.stdout) return;
        createInterface(child.stdout).on("line", (line) => {
          if (line.includes("Ready to accept connections")) resolve();
        });
      });
      exited.catch(() => {});
      await Promise.race([ready, exited]);
    },
    pause: () => void child?.kill("SIGSTOP"),
    resume: () => void child?.kill("SIGCONT"),
    async stop() {
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}
