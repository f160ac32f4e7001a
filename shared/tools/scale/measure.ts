// `npm run compare -- --scale`: one, two and four servers on one log in Redis, and one on a file. Round by round in turn,
// and as ratios within a round, because the machine itself is never the same twice.
import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Delay, delayOf, soundOf } from "../compare/observed.ts";
import { type Load, type RemoteGroup, type Server, startServer } from "../compare/processes.ts";
import { streamOf } from "../compare/schedule.ts";
import { type ChapterName, subjectOf } from "../compare/subjects.ts";
import { freePort, killAll, type Part, startRedis, whatIsMissing } from "./parts.ts";

/** The chapters in which the server speaks first: the others' cost is that of their requests. */
const SPEAKING = ["ch11-sse", "ch12-websocket"] as const;
type SpeakingName = (typeof SPEAKING)[number];

/** Who plays; the first of those on Redis is what the others are compared with. */
const SETUPS = [
  { log: "file", servers: 1 },
  { log: "redis", servers: 1 },
  { log: "redis", servers: 2 },
  { log: "redis", servers: 4 },
] as const;
const SENDERS = 64;
/** Messages of a round that are sent one after the other, each when the one before has reached everybody. */
const WAVES = 20;
/** A busy chat, for the delay: messages a second. */
const STEADY_RATE = 10;

export interface ScaleOptions {
  /** Those of them in which the server speaks first are measured. */
  readonly chapters: readonly ChapterName[];
  /** A crowd. Nobody but the senders is measured, too: then it shows what a message costs, and what a delivery. */
  readonly clients: number;
  /** Of a second; and then so many seconds for the delay. */
  readonly rounds: number;
}

/** What was found for one setup. Milliseconds and shares are the median of all rounds. */
export interface ScaleRow {
  readonly chapter: SpeakingName;
  readonly log: "file" | "redis";
  readonly servers: number;
  readonly clients: number;
  /** A second: how many were sent, and how many arrived, each counted for each client. */
  readonly messages: number;
  readonly deliveries: number;
  /** Deliveries, in relation to one server on Redis in the same round; the middle half of the rounds. */
  readonly ratio: { readonly value: number; readonly least: number; readonly most: number };
  /** At ten messages a second. */
  readonly delay: Delay;
  /** Shares of one core, 1 for all of it, while as much was sent as was answered. */
  readonly cpu: { readonly servers: number; readonly log: number; readonly clients: number };
  /** Microseconds of CPU for a message that comes alone: of one server, its deliveries included, and of Redis; nothing for a file. */
  readonly cost: { readonly server: number; readonly log: number };
}

interface Player {
  readonly setup: (typeof SETUPS)[number];
  readonly servers: readonly Server[];
  readonly group: RemoteGroup;
  readonly rounds: Round[];
}

interface Round {
  readonly messages: number;
  readonly deliveries: number;
  readonly cpu: ScaleRow["cpu"];
  readonly cost: ScaleRow["cost"];
}

export class NotInstalled extends Error {
  override name = "NotInstalled";
}

/** @param say told what is done, and which share of it all is done @throws NotInstalled what to install */
export async function measureScale(
  load: Load,
  { chapters, clients: crowd, rounds: count }: ScaleOptions,
  say: (what: string, share: number) => void,
): Promise<ScaleRow[]> {
  const missing = whatIsMissing("redis-server");
  if (missing !== undefined) throw new NotInstalled(missing);
  const folder = await mkdtemp(join(tmpdir(), "compare-"));
  // Redis would outlive us: it is in a group of its own, which Ctrl-C does not reach.
  process.on("exit", () => {
    killAll();
    rmSync(folder, { recursive: true, force: true });
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));
  const redis = await startRedis(await freePort(), join(folder, "redis"));
  const rows: ScaleRow[] = [];
  const senders = Math.min(SENDERS, crowd);
  const crowds = [...new Set([senders, crowd])];
  const jobs = SPEAKING.filter((name) => chapters.includes(name)).flatMap((chapter) =>
    crowds.map((clients) => ({ chapter, clients })),
  );
  try {
    for (const [index, { chapter, clients }] of jobs.entries()) {
      say(`${chapter}, ${clients} clients`, index / jobs.length);
      rows.push(...(await compareSetups(chapter, clients)));
    }
    return rows;
  } finally {
    await redis.stop();
  }

  async function compareSetups(chapter: SpeakingName, clients: number): Promise<ScaleRow[]> {
    const players: Player[] = [];
    for (const setup of SETUPS) players.push(await enter(chapter, clients, setup));
    for (let round = -1; round < count; round += 1) {
      for (const player of players) {
        const found = await race(player, senders, redis, load);
        if (round >= 0) player.rounds.push(found); // The first one only warms up.
      }
    }
    const found: ScaleRow[] = [];
    const one = players.find(({ setup }) => setup.log === "redis");
    const plan = streamOf(STEADY_RATE, count, 1);
    const steady = players.map(({ group }) => group.play(plan, count * 1_000));
    const delays = (await Promise.all(steady)).map((observed) => soundOf(chapter, observed).delay);
    for (const [at, { setup, rounds }] of players.entries()) {
      const delay = delays[at] ?? delayOf([]);
      const ratios = rounds.map(
        ({ deliveries }, round) => deliveries / (one?.rounds[round]?.deliveries ?? 1),
      );
      const middle = (of: (round: Round) => number) => quantile(rounds.map(of), 0.5);
      found.push({
        chapter,
        ...setup,
        clients,
        messages: middle(({ messages }) => messages),
        deliveries: middle(({ deliveries }) => deliveries),
        ratio: { value: quantile(ratios, 0.5), least: quantile(ratios, 0.25), most: quantile(ratios, 0.75) },
        delay,
        cpu: {
          servers: middle(({ cpu }) => cpu.servers),
          log: middle(({ cpu }) => cpu.log),
          clients: middle(({ cpu }) => cpu.clients),
        },
        cost: { server: middle(({ cost }) => cost.server), log: middle(({ cost }) => cost.log) },
      });
    }
    for (const { group } of players) await group.close();
    await Promise.all(players.flatMap(({ servers }) => servers.map((server) => server.stop())));
    return found;
  }

  async function enter(chapter: SpeakingName, clients: number, setup: Player["setup"]): Promise<Player> {
    const { script, technique } = subjectOf(chapter);
    const name = `${chapter}-${clients}-${setup.log}-${setup.servers}`;
    const store =
      setup.log === "file"
        ? `file:${join(folder, `${name}.ndjson`)}`
        : `redis://127.0.0.1:${redis.port}?log=${name}`;
    const start = () => startServer(script, ["--port", "0", "--store", store]);
    const servers = await Promise.all(Array.from({ length: setup.servers }, start));
    const [port = 0, ...otherPorts] = servers.map((server) => server.port);
    const group = await load.open({ technique, port, otherPorts, clients });
    return { setup, servers, group, rounds: [] };
  }
}

/** Has the senders send as fast as they are answered, then one message after the other, with all meters read. */
async function race(
  { setup, servers, group }: Player,
  senders: number,
  redis: Part,
  load: Load,
): Promise<Round> {
  const name = `${setup.servers} servers, log: ${setup.log}`;
  const read = async () => ({
    servers: (await Promise.all(servers.map((server) => server.read()))).reduce(
      (sum, { cpu }) => sum + cpu,
      0,
    ),
    log: await cpuOf(redis),
    clients: await load.cpu(),
  });
  const start = await read();
  const { sent, delivered, seconds } = soundOf(name, await group.race(senders, 1_000));
  const between = await read();
  const { sent: alone } = soundOf(name, await group.waves(WAVES));
  const end = await read();
  const shareOf = (part: keyof typeof start) => (between[part] - start[part]) / seconds / 1_000;
  const costOf = (part: keyof typeof start) => ((end[part] - between[part]) * 1_000) / alone;
  return {
    messages: sent / seconds,
    deliveries: delivered / seconds,
    cpu: { servers: shareOf("servers"), log: shareOf("log"), clients: shareOf("clients") },
    cost: { server: costOf("servers") / servers.length, log: setup.log === "redis" ? costOf("log") : 0 },
  };
}

/** Milliseconds of CPU that Redis has used so far, as it says itself. */
function cpuOf({ port }: Part): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.on("error", reject);
    socket.on("data", (bytes) => {
      text += bytes;
      const [system, user] = ["sys", "user"].map((kind) =>
        Number(new RegExp(`^used_cpu_${kind}:(\\d+\\.\\d+)\r$`, "m").exec(text)?.[1]),
      );
      if (system === undefined || user === undefined || Number.isNaN(system + user)) return;
      socket.destroy();
      resolve((system + user) * 1_000);
    });
    socket.write("INFO cpu\r\n");
  });
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
}
