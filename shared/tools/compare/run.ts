// One run: each chapter in a process of its own, all with the same schedules and the same number of clients.
import { cpus, totalmem } from "node:os";
import { performance } from "node:perf_hooks";
import type { ScaleRow } from "../scale/measure.ts";
import type { Finding } from "./goals.ts";
import type { Delay, Observed } from "./observed.ts";
import { type Load, type RemoteGroup, type Server, startServer } from "./processes.ts";
import { type Planned, RATES, SCHEDULES, type ScheduleName, scheduleOf, streamOf } from "./schedule.ts";
import { type ChapterName, subjectOf } from "./subjects.ts";

export interface RunOptions {
  readonly chapters: readonly ChapterName[];
  readonly clients: number;
  /** How long a schedule lasts. */
  readonly seconds: number;
  readonly seed: number;
  /** Numbers of clients to grow through. */
  readonly sweep: readonly number[];
}

/** One chapter, with one schedule. */
export interface Row extends Observed {
  readonly chapter: ChapterName;
  readonly schedule: ScheduleName | "opening";
  readonly clients: number;
  /** Milliseconds of the server's CPU a second. */
  readonly cpu: number;
  /** The share of one core that all clients used meanwhile, 1 for all of it: near 1 they were too slow to measure with. */
  readonly load: number;
}

/** One chapter, at one rate of messages. */
export interface RatePoint {
  readonly chapter: ChapterName;
  /** Messages a second. */
  readonly rate: number;
  /** Bytes at one client's socket, up and down, for each message. */
  readonly bytes: number;
}

/** One chapter, with one number of clients. */
export interface GrowthPoint {
  readonly chapter: ChapterName;
  readonly clients: number;
  /** Milliseconds of the server's CPU a second. */
  readonly cpu: number;
  /** Bytes of the server's heap for each client. */
  readonly memory: number;
  readonly delay: Delay;
  readonly load: number;
}

/** All that was found, as `--json` prints it. */
export interface Results {
  readonly made: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly memory: number;
    readonly node: string;
  };
  readonly options: RunOptions;
  readonly rows: readonly Row[];
  /** Bytes of the server's heap for each client, by chapter. */
  readonly memory: Readonly<Partial<Record<ChapterName, number>>>;
  readonly intervals: readonly { readonly interval: number; readonly delay: Delay }[];
  readonly rates: readonly RatePoint[];
  readonly growth: readonly GrowthPoint[];
  readonly findings: readonly Finding[];
  readonly scale: readonly ScaleRow[];
}

/** What the page of ch09 waits between two polls, in milliseconds, where nobody says otherwise. */
const POLL_INTERVAL = 1_000;
const INTERVALS = [125, 250, 500, 1_000, 2_000, 4_000];
/** Messages a second: between those of the schedules. */
const MORE_RATES = [1, 3];
const GROWTH_RATE = 2;
const WARM_UP = 50;
/** With fewer clients than this, what they hold is lost in the heap's own movement. */
export const ENOUGH_FOR_MEMORY = 100;
/** So many clients, and the chapters take turns. */
const CROWD = 500;

interface Player {
  readonly chapter: ChapterName;
  readonly server: Server;
  readonly group: RemoteGroup;
  /** Bytes of the server's heap for each client. */
  readonly memory: number;
  readonly opening: Observed;
}

/** @param say told what is done now, and which share of it all is done */
export async function run(
  load: Load,
  options: RunOptions,
  say: (what: string, share: number) => void,
): Promise<Omit<Results, "findings" | "scale">> {
  const { chapters, clients, seconds, seed, sweep } = options;
  const rows: Row[] = [];
  const rates: RatePoint[] = [];
  const growth: GrowthPoint[] = [];
  // How long each step takes, about, so that the bar moves evenly.
  const total = 3 * seconds + chapters.length * 3 + seconds + sweep.length * 5;
  let done = 0;
  const step = (what: string, cost: number) => {
    say(what, done / total);
    done += cost;
  };

  async function enter(chapter: ChapterName, count: number, intervals = [POLL_INTERVAL]): Promise<Player> {
    const { script, args, technique } = subjectOf(chapter);
    const server = await startServer(script, args);
    // A server's first connections pay for code and caches, too; these come and go before the measuring begins.
    const first = await load.open({ technique, port: server.port, clients: WARM_UP });
    await first.close();
    const before = await server.read(true);
    const own = chapter === "ch09-polling" ? intervals : [0];
    const group = await load.open({ technique, port: server.port, clients: count, intervals: own, seed });
    const after = await server.read(true);
    const opening = await group.observe();
    return { chapter, server, group, memory: (after.heap - before.heap) / count, opening };
  }

  async function leave({ group, server }: Player): Promise<void> {
    await group.close();
    await server.stop();
  }

  /** Plays a plan with one chapter, and reads the meters before and after. */
  async function play({ server, group }: Player, plan: readonly Planned[], time: number) {
    const start = performance.now();
    const [before, loadBefore] = [await server.read(), await load.cpu()];
    const observed = await group.play(plan, time * 1_000);
    const [after, loadAfter] = [await server.read(), await load.cpu()];
    const elapsed = performance.now() - start;
    const cpu = ((after.cpu - before.cpu) / elapsed) * 1_000;
    return { observed, cpu, load: (loadAfter - loadBefore) / elapsed };
  }

  step("opening the connections", 0);
  const players: Player[] = [];
  for (const chapter of chapters) players.push(await enter(chapter, clients));
  for (const { chapter, opening } of players) {
    rows.push({ ...opening, chapter, schedule: "opening", clients, cpu: 0, load: 0 });
  }
  for (const schedule of SCHEDULES) {
    const playOne = async (player: Player, time: number) => {
      const plan = scheduleOf(schedule, time, seed);
      const { observed, ...used } = await play(player, plan, time);
      rows.push({ ...observed, ...used, chapter: player.chapter, schedule, clients });
    };
    // What leaves the machine idle runs at once; a burst has the machine for itself.
    if (schedule !== "burst") {
      step(schedule, seconds);
      await Promise.all(players.map((player) => playOne(player, seconds)));
      continue;
    }
    for (const player of players) {
      step(`${schedule}: ${player.chapter}`, 3);
      await playOne(player, Math.min(seconds, 2.5));
    }
  }
  for (const { chapter, schedule, sent, up, down } of rows) {
    if (schedule !== "occasional" && schedule !== "steady") continue;
    rates.push({ chapter, rate: RATES[schedule], bytes: bytesOf(up, down) / sent / clients });
  }

  step("more rates, more intervals", seconds);
  const polled: { interval: number; delay: Delay }[] = [];
  const others = (async () => {
    if (!chapters.includes("ch09-polling")) return;
    const player = await enter("ch09-polling", Math.max(clients, INTERVALS.length), INTERVALS);
    const { observed } = await play(player, streamOf(3, seconds, seed), seconds);
    for (const [interval, delay] of Object.entries(observed.delays)) {
      polled.push({ interval: Number(interval), delay });
    }
    await leave(player);
  })();
  for (const rate of MORE_RATES) {
    const time = seconds / MORE_RATES.length;
    const points = players.map(async (player): Promise<RatePoint> => {
      const { observed } = await play(player, streamOf(rate, time, seed), time);
      const { sent, up, down } = observed;
      return { chapter: player.chapter, rate, bytes: bytesOf(up, down) / sent / clients };
    });
    rates.push(...(await Promise.all(points)));
  }
  await others;
  await Promise.all(players.map(leave));

  for (const count of sweep) {
    const grow = async (chapter: ChapterName) => {
      const player = await enter(chapter, count);
      const time = Math.min(seconds, 3);
      const { observed, cpu, load } = await play(player, streamOf(GROWTH_RATE, time, seed), time);
      growth.push({ chapter, clients: count, cpu, memory: player.memory, delay: observed.delay, load });
      rows.push({ ...observed, chapter, schedule: "steady", clients: count, cpu, load });
      await leave(player);
    };
    step(`${count} clients`, 5);
    if (count < CROWD) await Promise.all(chapters.map(grow));
    else for (const chapter of chapters) await grow(chapter);
  }
  rates.sort((a, b) => a.rate - b.rate);
  return {
    made: new Date().toISOString(),
    machine: {
      cpu: cpus()[0]?.model ?? "",
      cores: cpus().length,
      memory: totalmem(),
      node: process.version,
    },
    options,
    rows,
    memory: Object.fromEntries(players.map(({ chapter, memory }) => [chapter, memory])),
    intervals: polled,
    rates,
    growth,
  };
}

function bytesOf(up: Observed["up"], down: Observed["down"]): number {
  return up.headers + up.payload + down.headers + down.payload;
}
