// The load process: clients for whoever asks over IPC. It is a process of its own, so that its share of the CPU can be
// told from the server's.
import { openGroup } from "./load-client.ts";
import type { Group, GroupOptions } from "./observed.ts";

/** A call. */
export interface Command {
  readonly id: number;
  /** Which group; 0 is the process itself. */
  readonly group: number;
  readonly method: "open" | "cpu" | keyof Group;
  readonly args: readonly unknown[];
}

/** Its end. */
export interface Reply {
  readonly to: number;
  // biome-ignore lint/suspicious/noExplicitAny: what a method returns, as its caller declares it.
  readonly value?: any;
  readonly error?: string;
}

const groups = new Map<number, Group>();

async function carryOut({ group: name, method, args }: Command): Promise<unknown> {
  if (method === "cpu") {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  }
  if (method === "open") {
    const [options] = args;
    groups.set(name, await openGroup(options as GroupOptions));
    return undefined;
  }
  const group = groups.get(name);
  if (!group) throw new Error(`no group ${name}`);
  if (method === "close") groups.delete(name);
  return Reflect.apply(group[method], group, args);
}

process.on("message", async (command: Command) => {
  const reply = await carryOut(command).then(
    (value) => ({ to: command.id, value }),
    (error) => ({ to: command.id, error: error instanceof Error ? error.message : String(error) }),
  );
  process.send?.(reply);
});
process.on("disconnect", () => process.exit(0));
