// The processes of a run: servers with a meter inside, and the clients in one of their own.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Command, Reply } from "./load.ts";
import type { MeterQuestion, Reading } from "./meter.ts";
import type { Group, GroupOptions, Observed } from "./observed.ts";

const DIST = join(import.meta.dirname, "../../..");

/** A server that is measured. */
export interface Server {
  readonly port: number;
  /** @param collect whether the garbage is to be collected before */
  read(collect?: boolean): Promise<Reading>;
  stop(): Promise<void>;
}

/**
 * Starts a server and waits for its ready line, in which its address comes last.
 *
 * @param script relative to dist/
 */
export async function startServer(script: string, args: readonly string[]): Promise<Server> {
  const child = fork(join(DIST, script), args, {
    execArgv: ["--expose-gc", "--import", new URL("meter.js", import.meta.url).href],
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const ended = once(child, "exit");
  const lines = child.stdout ? createInterface(child.stdout) : undefined;
  const [line] = await Promise.race([
    lines ? once(lines, "line") : [],
    ended.then(([code]) => Promise.reject(new Error(`${script} ended with ${code}`))),
  ]);
  return {
    port: Number(/:(\d+)$/.exec(String(line))?.[1]),
    async read(collect = false) {
      const question: MeterQuestion = { meter: collect ? "collect and read" : "read" };
      child.send(question);
      const [reading]: Reading[] = await once(child, "message");
      if (!reading) throw new Error(`${script} does not answer`);
      return reading;
    },
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** The process that all clients live in. */
export interface Load {
  open(options: GroupOptions): Promise<RemoteGroup>;
  /** Milliseconds of CPU that the clients have used so far. */
  cpu(): Promise<number>;
  stop(): void;
}

/** A group of clients in the load process. */
export type RemoteGroup = {
  [Method in keyof Group]: (
    ...args: Parameters<Group[Method]>
  ) => Promise<Awaited<ReturnType<Group[Method]>>>;
};

/** Starts the load process. */
export function startLoad(): Load {
  const child = fork(join(import.meta.dirname, "load.js"), [], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const waiting = new Map<number, (reply: Reply) => void>();
  let last = 0;
  child.on("message", (reply: Reply) => waiting.get(reply.to)?.(reply));
  const call = (command: Omit<Command, "id">): Promise<Observed> =>
    new Promise((resolve, reject) => {
      last += 1;
      const id = last;
      waiting.set(id, ({ value, error }) => {
        waiting.delete(id);
        if (error === undefined) resolve(value);
        else reject(new Error(error));
      });
      child.send({ ...command, id });
    });
  return {
    async open(options) {
      last += 1;
      const group = last;
      await call({ group, method: "open", args: [options] });
      const method =
        (name: keyof Group) =>
        (...args: unknown[]) =>
          call({ group, method: name, args });
      return {
        play: method("play"),
        waves: method("waves"),
        race: method("race"),
        observe: method("observe"),
        close: async () => void (await call({ group, method: "close", args: [] })),
      };
    },
    cpu: async () => Number(await call({ group: 0, method: "cpu", args: [] })),
    stop: () => endOf(child),
  };
}

function endOf(child: ChildProcess): void {
  if (child.connected) child.disconnect();
}
