// How near the limit of the machine: each goal is a ratio to a floor in one run, round by round in turn, because the
// machine itself is never the same twice.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { soundOf } from "./observed.ts";
import { type Load, type RemoteGroup, type Server, startServer } from "./processes.ts";
import { type SubjectName, subjectOf } from "./subjects.ts";
import { isMoreBetter } from "./table.ts";

/** What was found for one row of the table of goals. */
export interface Finding {
  readonly goal: GoalName;
  /** Who was measured, and against which floor. */
  readonly subject: SubjectName;
  readonly floor: SubjectName | undefined;
  readonly clients: number;
  /** The median of all rounds; ratios, or KiB for memory. */
  readonly value: number;
  readonly least: number;
  readonly most: number;
  /** The goal, as a bound of the value; undefined for a rival, who is there to be compared with. */
  readonly bound: number | undefined;
  readonly met: boolean | undefined;
  /** The subject's own number: microseconds, deliveries a second, KiB, milliseconds a minute. */
  readonly own: number;
}

export type GoalName =
  | "fan-out"
  | "nothing new"
  | "deliveries, file"
  | "deliveries, memory"
  | "memory"
  | "idle";

/** One who takes part: a server, with its clients connected. */
interface Player {
  readonly name: SubjectName;
  readonly bound: number | undefined;
  readonly server: Server;
  readonly group: RemoteGroup;
}

/** What is to be measured for a goal, and a word for whom. */
type Job = readonly [goal: GoalName, what: string, measure: () => Promise<Finding[]>];

/** Who plays with which goal; the first entry is the floor. */
type Cast = readonly (readonly [SubjectName, bound?: number])[];

const FAN_OUT: readonly Cast[] = [
  [["floor events"], ["ch11-sse", 1.35], ["better-sse"]],
  [["floor socket"], ["ch12-websocket", 1.25], ["socket.io socket"]],
  [["floor http"], ["ch10-long-polling", 1.3], ["socket.io polling"]],
];
const NOTHING_NEW: Cast = [["floor nothing"], ["ch09-asked", 1.15]];
const DELIVERIES: readonly Cast[] = [
  [["floor events"], ["ch11-sse", 3], ["better-sse"]],
  [["floor socket"], ["ch12-websocket", 2.4], ["socket.io socket"]],
];
const DELIVERIES_FILE: readonly Cast[] = [
  [["floor events"], ["ch11-sse", 2]],
  [["floor socket"], ["ch12-websocket", 2]],
];
const MEMORY: Cast = [
  ["floor socket"],
  ["ch12-websocket", 10],
  ["ch10-long-polling", 13],
  ["ch11-sse", 13],
  ["better-sse"],
  ["socket.io socket"],
  ["socket.io polling"],
];
const IDLE: readonly Cast[] = [
  [["floor events"], ["ch11-sse", 2], ["better-sse"]],
  [["floor socket"], ["ch12-websocket", 2], ["socket.io socket"]],
];
const ROUNDS = 15;
const BEATS = 5;

/** @param only the goals to measure; all, unless told @param say told what is done, and which share of it all is done */
export async function measureGoals(
  load: Load,
  say: (what: string, share: number) => void,
  only: readonly string[] = [],
): Promise<Finding[]> {
  const folder = await mkdtemp(join(tmpdir(), "compare-"));
  const file = (name: string) => join(folder, `${name.replace(/\W/g, "-")}.ndjson`);
  const race = (goal: GoalName, casts: readonly Cast[], fileOf?: (name: string) => string) =>
    casts.map((cast): Job => [goal, `${cast[1]?.[0]}`, () => duel(goal, cast, 100, deliveries, fileOf)]);
  const jobs: Job[] = [
    ...FAN_OUT.flatMap((cast) =>
      [1_000, 5_000].map((clients): Job => {
        const cost = costOf(clients === 1_000 ? 24 : 6);
        return ["fan-out", `${cast[1]?.[0]}, ${clients} clients`, () => duel("fan-out", cast, clients, cost)];
      }),
    ),
    ["nothing new", "ch09-polling", () => duel("nothing new", NOTHING_NEW, 1_000, costOf(8))],
    ...race("deliveries, memory", DELIVERIES),
    ...race("deliveries, file", DELIVERIES_FILE, file),
    ["memory", "5,000 idle clients", () => memory(5_000)],
    ["idle", "1,000 idle clients, 75 s", () => idle(1_000)],
  ];
  const chosen = jobs.filter(([goal]) => only.length === 0 || only.includes(goal));
  try {
    const found: Finding[] = [];
    for (const [index, [goal, what, job]] of chosen.entries()) {
      say(`${goal}: ${what}`, index / chosen.length);
      found.push(...(await job()));
    }
    return found;
  } finally {
    await rm(folder, { recursive: true });
  }

  async function enter(cast: Cast, clients: number, fileOf?: (name: string) => string): Promise<Player[]> {
    const players: Player[] = [];
    for (const [name, bound] of cast) {
      const { script, args, file, technique } = subjectOf(name);
      const server = await startServer(script, fileOf && file ? file(fileOf(name)) : args);
      const group = await load.open({ technique, port: server.port, clients });
      players.push({ name, bound, server, group });
    }
    return players;
  }

  async function leave(players: readonly Player[]): Promise<void> {
    await Promise.all(players.map(({ group }) => group.close()));
    await Promise.all(players.map(({ server }) => server.stop()));
  }

  /** Has all of a cast play in turn, round by round, and compares each with the first, in the same round. */
  async function duel(
    goal: GoalName,
    cast: Cast,
    clients: number,
    measure: (player: Player) => Promise<number>,
    fileOf?: (name: string) => string,
  ): Promise<Finding[]> {
    const players = await enter(cast, clients, fileOf);
    const rounds: number[][] = [];
    for (let round = -1; round < ROUNDS; round += 1) {
      const values: number[] = [];
      // Always in the same order, so that each comes after another: who comes after itself is a third faster.
      for (const player of players) values.push(await measure(player));
      if (round >= 0) rounds.push(values); // The first one only warms up.
    }
    await leave(players);
    const [floor] = cast;
    return cast.map(([subject, bound], index) => {
      const ratios = rounds.map((values) => (values[index] ?? 0) / (values[0] ?? 1));
      const isFloor = index === 0;
      return {
        goal,
        subject,
        floor: isFloor ? undefined : floor?.[0],
        clients,
        ...spreadOf(ratios),
        ...judged(goal, median(ratios), bound),
        own: median(rounds.map((values) => values[index] ?? 0)),
      };
    });
  }

  async function memory(clients: number): Promise<Finding[]> {
    const found: Finding[] = [];
    for (const entry of MEMORY) {
      const players = await enter([entry], 200); // A server's first connections pay for code and caches, too.
      const player = players[0];
      if (!player) continue;
      const { technique } = subjectOf(player.name);
      const before = await settled(player.server);
      const group = await load.open({ technique, port: player.server.port, clients });
      const after = await settled(player.server);
      await group.close();
      await leave(players);
      const own = (after.heap - before.heap) / clients / 1024;
      const value = (after.rss - before.rss) / clients / 1024;
      const { bound } = player;
      const [least, most] = [Math.min(value, own), Math.max(value, own)];
      const all = { floor: undefined, clients, value, least, most, own, ...judged("memory", value, bound) };
      found.push({ goal: "memory", subject: player.name, ...all });
    }
    return found;
  }

  /** All of them at once: nothing happens in any, and so nothing disturbs another. */
  async function idle(clients: number): Promise<Finding[]> {
    const casts = await Promise.all(IDLE.map((cast) => enter(cast, clients)));
    const players = casts.flat();
    for (const { server } of players) await settled(server);
    const start = await Promise.all(players.map(({ server }) => server.read()));
    const used = await Promise.all(
      players.map(async ({ name, server }, index) => {
        const { heartbeat = 15_000 } = subjectOf(name);
        await wait(BEATS * heartbeat); // Whole heartbeats: each has had as many, whenever its clock began.
        const { cpu } = await server.read();
        return ((cpu - (start[index]?.cpu ?? 0)) * 60_000) / (BEATS * heartbeat);
      }),
    );
    await leave(players);
    let at = 0;
    return IDLE.flatMap((cast) => {
      const floor = used[at] ?? 1;
      return cast.map(([subject, bound], index): Finding => {
        const own = used[at] ?? 0;
        at += 1;
        const value = own / floor;
        const floorName = index === 0 ? undefined : cast[0]?.[0];
        const range = { least: value, most: value };
        return {
          goal: "idle",
          subject,
          floor: floorName,
          clients,
          value,
          own,
          ...range,
          ...judged("idle", value, bound),
        };
      });
    });
  }
}

function judged(goal: GoalName, value: number, bound: number | undefined) {
  if (bound === undefined) return { bound, met: undefined };
  return { bound, met: isMoreBetter(goal) ? value >= bound : value <= bound };
}

/** Microseconds of the server's CPU for each message to each client. */
function costOf(waves: number) {
  return async ({ name, server, group }: Player) => {
    // Who was idle while others played finds cold caches: up to a half more, and nothing that a busy server pays.
    soundOf(name, await group.waves(Math.ceil(waves / 2)));
    const before = await server.read();
    const observed = await group.waves(waves);
    const after = await server.read();
    return ((after.cpu - before.cpu) * 1_000) / soundOf(name, observed).delivered;
  };
}

/** Deliveries a second. */
async function deliveries({ name, group }: Player): Promise<number> {
  const { delivered, seconds } = soundOf(name, await group.race(8, 1_000));
  return delivered / seconds;
}

async function settled(server: Server) {
  await wait(500);
  await server.read(true);
  await wait(500);
  return server.read(true);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
}

/** The middle half of the rounds: a collection of garbage, or a neighbour, spoils one now and then. */
function spreadOf(values: readonly number[]) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return { value: median(values), least: at(0.25), most: at(0.75) };
}
