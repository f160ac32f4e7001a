// The programs that make one address out of several servers: a redis-server, servers of a chapter, and nginx.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { makeCertificate } from "./certificate.ts";

const ROOT = join(import.meta.dirname, import.meta.filename.endsWith(".ts") ? "../../.." : "../../../..");
/** The configuration as it stands in this folder. */
export const NGINX_CONF = join(ROOT, "shared/tools/scale/nginx.conf");

/** Debian keeps nginx where only root's PATH looks. */
const MORE_FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"];
/** How often to look whether nginx listens, in milliseconds: it does not say when it does. */
const LOOK_INTERVAL = 20;
/** How long a program that was told to end may take, in milliseconds; a chapter needs two seconds at most. */
const GRACE = 4_000;

/** Nothing that was answered is lost by a kill -9 of Redis, or by a power cut. */
export const SAFE = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""] as const;

/** A program that runs. */
export interface Part {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves, when it has ended, with how: `exit code 1`, `SIGKILL`. */
  readonly ended: Promise<string>;
  /** Signals it and what it has started. */
  signal(signal: NodeJS.Signals): void;
  /** Ends it, by force if it takes too long. */
  stop(): Promise<void>;
}

/** Takes what a part prints on standard error, line by line. */
export type Say = (line: string) => void;

/** @returns where the program is; undefined if it is not installed */
export function findProgram(...names: readonly string[]): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...MORE_FOLDERS];
  return names
    .flatMap((name) => folders.map((folder) => join(folder, name)))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** The programs that are needed, under the names that they may have, and what macOS's package is called. */
const PROGRAMS = {
  "redis-server": { names: ["redis-server", "valkey-server"], brew: "redis" },
  nginx: { names: ["nginx"], brew: "nginx" },
} as const;

/** @returns a sentence that says what to install; undefined if all of it is there */
export function whatIsMissing(...needed: readonly (keyof typeof PROGRAMS)[]): string | undefined {
  const missing = needed.filter((name) => findProgram(...PROGRAMS[name].names) === undefined);
  if (missing.length === 0) return undefined;
  return (
    `${missing.join(" and ")} ${missing.length === 1 ? "is" : "are"} not installed: ` +
    `sudo apt-get install ${missing.join(" ")} (Debian, Ubuntu), ` +
    `brew install ${missing.map((name) => PROGRAMS[name].brew).join(" ")} (macOS); on Windows, in WSL.`
  );
}

/** @returns a port of 127.0.0.1 that nobody uses at the moment */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

/** Starts a redis-server that keeps its files in a folder of its own, and waits until it has read them. */
export async function startRedis(
  port: number,
  folder: string,
  flags: readonly string[] = SAFE,
): Promise<Part> {
  mkdirSync(folder, { recursive: true });
  const program = findProgram(...PROGRAMS["redis-server"].names) ?? "redis-server";
  const address = ["--bind", "127.0.0.1", "--port", String(port), "--dir", folder];
  const child = run(program, [...address, ...flags], {});
  const part = partOf("redis-server", port, child, () => {});
  await lineOf(part, child, /Ready to accept connections/);
  return part;
}

/**
 * Starts a server of a chapter and waits for its ready line.
 *
 * @param chapter the folder's name
 * @param store what `--store` is given; through the environment, so that no list of processes shows a password
 * @param port 0 takes a free one
 */
export async function startServer(
  name: string,
  chapter: string,
  store: string,
  port = 0,
  say: Say = () => {},
): Promise<Part> {
  const script = join(ROOT, "dist", chapter, "server.js");
  const child = run(process.execPath, [script, "--port", String(port)], { CHAT_STORE: store });
  const part = partOf(name, port, child, say);
  const [, bound] = await lineOf(part, child, /^ch\S+ {2}http:\/\/\S+:(\d+)$/);
  return { ...part, port: Number(bound) };
}

/** What is filled in the configuration. */
export interface Proxy {
  readonly port: number;
  /** The ports of the servers behind it. */
  readonly servers: readonly number[];
  /** With a certificate for localhost that nobody has signed. */
  readonly tls: boolean;
}

/** @returns the configuration's text with these ports, and with its lines for TLS if they are wanted */
export function configurationOf({ port, servers, tls }: Proxy): string {
  const text = readFileSync(NGINX_CONF, "utf8");
  const [line = ""] = /^ *server 127\.0\.0\.1:3001 .*\n/m.exec(text) ?? [];
  const lines = servers.map((own) => line.replace("3001", String(own))).join("");
  const filled = text
    .replace(line, lines)
    .replace(/^ *server 127\.0\.0\.1:3002 .*\n/m, "")
    .replaceAll("listen 127.0.0.1:3000", `listen 127.0.0.1:${port}`);
  if (!tls) return filled;
  return filled.replace(/^ *listen 127\.0\.0\.1:\d+;\n/m, "").replace(/^( *)#tls /gm, "$1");
}

/**
 * Starts nginx, and waits until it listens.
 *
 * @param folder where its files go
 * @throws Error if it does not start: what it says
 */
export async function startNginx(proxy: Proxy, folder: string, say: Say = () => {}): Promise<Part> {
  mkdirSync(folder, { recursive: true });
  const { port, tls } = proxy;
  writeFileSync(join(folder, "nginx.conf"), configurationOf(proxy));
  if (tls) makeCertificate(folder);
  const program = findProgram(...PROGRAMS.nginx.names) ?? "nginx";
  const args = ["-p", folder, "-c", "nginx.conf", "-e", "stderr", "-g", "daemon off;"];
  const lines: string[] = [];
  const child = run(program, args, {});
  const part = partOf("nginx", port, child, (line) => {
    lines.push(line);
    say(line);
  });
  let hasEnded = false;
  void part.ended.then(() => {
    hasEnded = true;
  });
  while (!(await listens(port))) {
    if (hasEnded) throw new Error(`nginx does not start: ${lines.join(" ")}`);
    await sleep(LOOK_INTERVAL);
  }
  return part;
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** What runs, be it ready or not: the process that each group began with. */
const groups = new Set<number>();

/** Ends all parts of this process at once, also those that are still starting. */
export function killAll(): void {
  for (const pid of groups) signalGroup(pid, "SIGKILL");
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody of the group is there any more.
  }
}

function run(program: string, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  return spawn(program, args, {
    // In a group of its own: Ctrl-C reaches only whoever started it, who ends all parts in their order; and nginx's
    // workers can be ended even if nginx itself was killed.
    detached: true,
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function partOf(name: string, port: number, child: ChildProcess, say: Say): Part {
  const { pid = 0 } = child;
  if (!process.listeners("exit").includes(killAll)) process.on("exit", killAll);
  if (pid > 0) groups.add(pid);
  const signal = (which: NodeJS.Signals) => {
    if (groups.has(pid)) signalGroup(pid, which);
  };
  if (child.stderr) createInterface(child.stderr).on("line", say);
  child.stdout?.resume();
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, by) => {
      signal("SIGKILL"); // Workers that nginx left behind.
      groups.delete(pid);
      resolve(by ?? `exit code ${code}`);
    });
  });
  const stop = async () => {
    const force = setTimeout(signal, GRACE, "SIGKILL");
    signal("SIGTERM");
    await ended;
    clearTimeout(force);
  };
  return { name, port, pid, ended, signal, stop };
}

/** Waits for a line on standard output. @throws Error if the part ends before */
async function lineOf(part: Part, child: ChildProcess, pattern: RegExp): Promise<RegExpExecArray> {
  const found = new Promise<RegExpExecArray>((resolve) => {
    if (!child.stdout) return;
    createInterface(child.stdout).on("line", (line) => {
      const match = pattern.exec(line);
      if (match) resolve(match);
    });
  });
  const failed = part.ended.then((how) => Promise.reject(new Error(`${part.name} does not start (${how}).`)));
  failed.catch(() => {}); // It ends some day, and then nobody waits.
  return await Promise.race([found, failed]);
}
