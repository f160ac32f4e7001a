// A redis-server of the tests' own: on a free port of this machine alone, with its files in a folder of its own.
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import type { Part } from "../tools/scale/parts.ts";
import * as parts from "../tools/scale/parts.ts";

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
  return isThere(parts.whatIsMissing("redis-server"), "of the log on Redis");
}

/** @returns whether there are a redis-server and an nginx; where CI is set there have to be */
export function hasRedisAndNginx(): boolean {
  return isThere(parts.whatIsMissing("redis-server", "nginx"), "of several servers behind nginx");
}

function isThere(missing: string | undefined, tests: string): boolean {
  if (missing === undefined) return true;
  if (process.env["CI"]) throw new Error(`${missing} With CI set nothing may be skipped.`);
  console.warn(`${missing} The tests ${tests} are skipped.`);
  return false;
}

/** Starts a server; it keeps what it is given, unless told. */
export async function startRedis(flags?: readonly string[]): Promise<RedisServer> {
  const server = await newRedis(flags);
  await server.start();
  return server;
}

/** A server that all tests of a file share; undefined where there is none. It runs only if one of them does. */
export async function sharedRedis(isThere: boolean): Promise<RedisServer | undefined> {
  if (!isThere) return undefined;
  const server = await newRedis();
  beforeAll(server.start);
  afterAll(server.stop);
  return server;
}

async function newRedis(flags: readonly string[] = parts.SAFE): Promise<RedisServer> {
  const folder = join(tmpdir(), `redis-${randomUUID()}`);
  const port = await parts.freePort();
  let part: Part | undefined;
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
      part?.signal("SIGKILL");
      await part?.ended;
    },
    async start() {
      part = await parts.startRedis(port, folder, flags);
    },
    pause: () => part?.signal("SIGSTOP"),
    resume: () => part?.signal("SIGCONT"),
    async stop() {
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return server;
}
