// The servers that are tried: started by a command, as often as a check likes, or there already.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { ChapterName } from "../../html-renderer/chapters.ts";
import type { Address } from "../clients/raw.ts";
import type { Said } from "./said.ts";

/** How long a server may take until it listens, in milliseconds. */
const START = 10_000;

/** Little room for what is new, so that garbage is collected before there is much of it. */
const LEAN = "--max-semi-space-size=1 --max-old-space-size=192";

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A server that runs. */
export interface Server {
  readonly address: Address;
  /** What stands in `Host`. */
  readonly host: string;
  /** `http://127.0.0.1:PORT`: nothing has to be looked up. */
  readonly url: string;
  /** Undefined where it was not started here. */
  readonly pid?: number | undefined;
  /** How it ended; undefined while it runs. */
  exit(): Exit | undefined;
  /** Its end; never, where it was not started here. */
  readonly ended: Promise<Exit>;
  /** What it printed on standard error, its end. */
  stderr(): string;
  /** The lines that it printed since they were asked for last, the newest ones, without what says that it listens. */
  takePrinted(): string[];
  /** Sends a signal and waits for the end; not where it was not started here. */
  end(signal: NodeJS.Signals): Promise<Exit>;
}

/** What is tried. */
export interface Target {
  readonly chapter: ChapterName;
  /** Whether it can be started, and so killed, and started again. */
  readonly starts: boolean;
  /** Whether a server can be told where to keep its log. */
  readonly stores: boolean;
  /** Whether several may run at once, as they share nothing. */
  readonly several: boolean;
  /** A place for a new log. */
  newStore(): string;
  /**
   * Starts a server, or returns the one that is there.
   *
   * @throws StartError
   */
  start(options?: StartOptions): Promise<Server>;
}

/** How a server is started. */
export interface StartOptions {
  /** A place for its log; a new one, unless told. */
  readonly store?: string;
  /** Whether a server in Node is to collect its garbage early, so that what it holds can be measured. */
  readonly isLean?: boolean;
  /** How large its files may get, in bytes; not on Windows. */
  readonly mostBytes?: number;
}

/** A server that cannot be started, or reached: one line. */
export class StartError extends Error {
  override name = "StartError";
  readonly ko: string;

  constructor({ en, ko }: Said) {
    super(en);
    this.ko = ko;
  }
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

/** Whether something listens there. */
function listens(address: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address);
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(2_000, () => end(false));
    socket.on("connect", () => end(true));
    socket.on("error", () => end(false));
  });
}

/** The processes that were started and have not ended. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) killTree(child, "SIGKILL");
});

/** A command's process and those that it started: they are one group, or, on Windows, one tree. */
function killTree(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform !== "win32") process.kill(-child.pid, signal);
    else if (signal === "SIGKILL") spawnSync("taskkill", ["/pid", String(child.pid), "/T", "/F"]);
    else child.kill(signal);
  } catch {} // It has ended.
}

/** How a command is started. */
export interface Command {
  /** A program and its arguments; or a line for the shell. In each, `{port}`, `{store}` and `{file}` are replaced. */
  readonly run: readonly string[] | string;
  /** What the environment has besides ours. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A line that is one plain command is better run without a shell that stays: then its exit code and its signals are its own. */
function forShell(line: string): string {
  return process.platform === "win32" || /[;&|<>()`$\n]/.test(line) ? line : `exec ${line}`;
}

/**
 * Starts a server by its command and waits until it listens.
 *
 * @param file where it is to keep its log
 * @throws StartError where it ends before, or does not listen in time
 */
export async function startServer(
  command: Command,
  file: string,
  { isLean = false, mostBytes }: StartOptions = {},
): Promise<Server> {
  const port = await freePort();
  const values: Record<string, string> = { port: String(port), store: `file:${file}`, file };
  const filled = (text: string) =>
    text.replace(/\{(port|store|file)\}/g, (_, name: string) => values[name] ?? "");
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PORT: String(port),
    CHAT_STORE: `file:${file}`,
    ...command.env,
  };
  if (isLean) env["NODE_OPTIONS"] = [env["NODE_OPTIONS"], LEAN].filter(Boolean).join(" ");
  const stdio: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
  const options = { env, stdio, detached: process.platform !== "win32" };
  const [program = "", ...args] = typeof command.run === "string" ? [] : command.run.map(filled);
  // A write beyond the limit fails, as on a full disk; the signal that comes with it would end the process.
  const limits = mostBytes === undefined ? "" : `trap "" XFSZ; ulimit -f ${Math.ceil(mostBytes / 512)}; `;
  const child =
    typeof command.run === "string"
      ? spawn(limits + forShell(filled(command.run)), { ...options, shell: true })
      : limits === ""
        ? spawn(program, args, options)
        : spawn("/bin/sh", ["-c", `${limits}exec "$0" "$@"`, program, ...args], options);
  running.add(child);
  let stderr = "";
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      printed = (printed + text).slice(-8_192);
    });
  }
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-8_192);
  });
  let exit: Exit | undefined;
  const ended = new Promise<Exit>((resolve) => {
    const end = (how: Exit) => {
      running.delete(child);
      exit = how;
      resolve(how);
    };
    child.once("error", (error) => {
      stderr += error.message;
      end({ code: null, signal: null });
    });
    child.once("exit", (code, signal) => end({ code, signal }));
  });
  const address = await listening([port], () => exit);
  if (!address) {
    killTree(child, "SIGKILL");
    const said = lastError(stderr);
    const en = exit
      ? `The server ended with ${exitText(exit)} before it listened on port ${port}`
      : `The server does not listen on port ${port}, ${START / 1_000} s after its start`;
    const ko = exit
      ? `서버가 ${port}번 포트를 열기 전에 종료되었습니다(${exitText(exit)})`
      : `서버가 시작하고 ${START / 1_000}초가 지나도 ${port}번 포트를 열지 않았습니다`;
    const why = said ? `: ${said}` : ".";
    throw new StartError({ en: `${en}${why}`, ko: `${ko}${why}` });
  }
  return {
    address,
    host: `localhost:${port}`,
    url: urlOf(address),
    pid: child.pid,
    exit: () => exit,
    ended,
    stderr: () => stderr,
    takePrinted() {
      const lines = printed.split(/\r?\n/).filter((line) => line.trim() !== "");
      printed = "";
      return lines.filter((line) => !new RegExp(`https?://\\S+:${port}/?$`).test(line));
    },
    end(signal) {
      killTree(child, signal);
      return ended;
    },
  };
}

function urlOf({ host, port }: Address): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Waits until something listens on this machine's port. @returns where; undefined where the process ended, or in time nobody did */
async function listening(
  [port = 0]: readonly [number],
  exit: () => Exit | undefined,
): Promise<Address | undefined> {
  for (const end = performance.now() + START; performance.now() < end && !exit(); await sleep(20)) {
    for (const host of ["127.0.0.1", "::1"]) if (await listens({ host, port })) return { host, port };
  }
  return undefined;
}

/** A server that is there already. @throws StartError where nobody listens */
export async function existing(url: URL): Promise<Server> {
  const port = Number(url.port || 80);
  const name = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const candidates = name === "localhost" ? ["127.0.0.1", "::1"] : [name];
  for (const host of candidates) {
    const address = { host, port };
    if (!(await listens(address))) continue;
    return {
      address,
      host: url.host,
      url: name === "localhost" ? urlOf(address) : url.origin,
      exit: () => undefined,
      ended: new Promise(() => {}),
      stderr: () => "",
      takePrinted: () => [],
      end: () => Promise.reject(new Error("it was not started here")),
    };
  }
  throw new StartError({
    en: `Nothing listens at ${url.origin}: start the server first.`,
    ko: `${url.origin}에서 실행 중인 서버가 없습니다. 먼저 서버를 시작하세요.`,
  });
}

export function exitText({ code, signal }: Exit): string {
  return signal ? `signal ${signal}` : `exit code ${code}`;
}

/** Of what a program printed on standard error, the line that says what went wrong. */
export function lastError(stderr: string): string {
  const lines = stderr
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^Node\.js v/.test(line));
  const named = lines.findLast((line) => /^(\w[\w.]*)?(Error|Exception)\b.*:/.test(line));
  return named ?? lines.at(-1) ?? "";
}

/** The process and those below it. */
function treeOf(pid: number): number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim().split(" ").filter(Boolean),
    );
    return [pid, ...children.flatMap((child) => treeOf(Number(child)))];
  } catch {
    return [pid];
  }
}

/** How much memory a server holds, in bytes; undefined where that cannot be seen. */
export function memoryOf({ pid }: Server): number | undefined {
  if (pid === undefined) return undefined;
  if (process.platform === "linux") {
    const sizes = treeOf(pid).map((it) => {
      try {
        return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${it}/status`, "utf8"))?.[1] ?? 0);
      } catch {
        return 0;
      }
    });
    const total = sizes.reduce((sum, size) => sum + size, 0);
    return total === 0 ? undefined : total * 1_024;
  }
  if (process.platform === "win32") return undefined;
  const { stdout } = spawnSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" });
  const size = Number(stdout?.trim());
  return size > 0 ? size * 1_024 : undefined;
}

/** How many sockets a server holds; undefined where that cannot be seen. */
export function socketsOf({ pid }: Server): number | undefined {
  if (pid === undefined || process.platform !== "linux") return undefined;
  try {
    return treeOf(pid).flatMap((it) =>
      readdirSync(`/proc/${it}/fd`).filter((fd) => {
        try {
          return readlinkSync(`/proc/${it}/fd/${fd}`).startsWith("socket:");
        } catch {
          return false;
        }
      }),
    ).length;
  } catch {
    return undefined;
  }
}
