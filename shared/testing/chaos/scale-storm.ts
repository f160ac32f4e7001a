// A storm for several servers: two of each chapter behind nginx, one log on Redis, and all of them are killed, again and
// again, while people chat.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Draft, Message } from "../../message-store/message.ts";
import { openStore } from "../../message-store/open-store.ts";
import { type ChatClient, openClient, Refused } from "../../tools/clients/clients.ts";
import { between, type Random, seeded } from "../../tools/random.ts";
import {
  freePort,
  killAll,
  type Part,
  startNginx,
  startRedis,
  startServer,
  whatIsMissing,
} from "../../tools/scale/parts.ts";
import { CHAPTERS } from "../spawn.ts";
import { compare, within } from "./storm.ts";

/** Of each chapter. */
const SERVERS = 2;
const RECEIVERS = 10;
const SENDERS = 2;
/** In a minute. */
export const REDIS_KILLS = 5;
export const SERVER_KILLS = 10;
/** How long a killed part is away, in milliseconds. */
const AWAY = [100, 1_500] as const;
/** Between two tries to start a server, or to send again, in milliseconds. */
const RETRY = 200;
/** Between an answer and the sender's next message, in milliseconds. */
const PAUSE = [0, 80] as const;
/** How long it may take, when all parts are there again, until everyone has everything, in milliseconds. */
const PATIENCE = 30_000;

/** What was survived. */
export interface ScaleReport {
  readonly redisKills: number;
  readonly serverKills: number;
  readonly clients: number;
  readonly senders: number;
  /** Those that were answered: all of them are in the log, once. */
  readonly messages: number;
  /** How long the senders had to wait for an answer, in milliseconds; the longest is a kill of Redis. */
  readonly delay: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** A part, and what starts it again. */
interface Kept {
  part: Part;
  readonly start: () => Promise<Part>;
}

/**
 * @param seconds how long it lasts; what is killed when follows from the seed
 * @param onProgress told what was done, once in a while
 * @throws Error a message was lost, doubled, out of order or not the one that was sent, or somebody waits in vain
 */
export async function scaleStorm(
  seconds: number,
  seed: number,
  onProgress: (text: string) => void = () => {},
): Promise<ScaleReport> {
  const missing = whatIsMissing("redis-server", "nginx");
  if (missing !== undefined) throw new Error(missing);
  const folder = mkdtempSync(join(tmpdir(), "scale-storm-"));
  const kept: Kept[] = [];
  const clients: ChatClient[] = [];
  const cleanUp = () => {
    for (const client of clients) client.stop();
    killAll();
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", cleanUp); // Ctrl-C leaves nothing behind either.
  const keep = async (start: () => Promise<Part>) => {
    const one = { part: await start(), start };
    kept.push(one);
    return one;
  };
  try {
    const redisPort = await freePort();
    const store = `redis://127.0.0.1:${redisPort}`;
    const redis = await keep(() => startRedis(redisPort, join(folder, "redis")));
    const servers: Kept[] = [];
    for (const chapter of CHAPTERS) {
      const ports: number[] = [];
      for (let index = 0; index < SERVERS; index += 1) {
        const port = await freePort();
        servers.push(await keep(() => startServer(chapter, chapter, store, port)));
        ports.push(port);
      }
      const proxy = { port: await freePort(), servers: ports, tls: false };
      await keep(() => startNginx(proxy, join(folder, chapter)));
      for (let index = 0; index < RECEIVERS + SENDERS; index += 1) {
        const options = { after: 0, interval: 100, patience: 10 * PATIENCE };
        clients.push(openClient(chapter, `http://localhost:${proxy.port}`, options));
      }
    }

    let over = false;
    const answers: Message[] = [];
    const delays: number[] = [];
    const pauses = seeded(seed);
    const isSender = (index: number) => index % (RECEIVERS + SENDERS) < SENDERS;
    const sending = clients
      .filter((_, index) => isSender(index))
      .map(async (client, by) => {
        for (let turn = 1; !over; turn += 1) {
          const draft = {
            author: `sender ${by + 1}`,
            text: `메시지 ${turn}`,
            key: `sender-${by + 1}-${turn}`,
          };
          const start = performance.now();
          const message = await insist(client, draft);
          delays.push(performance.now() - start);
          if (message.text !== draft.text || message.author !== draft.author) {
            throw new Error(`${JSON.stringify(draft)} was answered with ${JSON.stringify(message)}`);
          }
          answers.push(message);
          await sleep(between(pauses, ...PAUSE));
        }
      });
    const failed = Promise.all(sending).then(() => new Promise<never>(() => {}));
    const kills = { redis: 0, servers: 0 };
    const tell = (what: string) => onProgress(`${answers.length} messages answered  ${what}`);
    const killEvery = async (count: number, kill: (random: Random) => Promise<void>) => {
      const random = seeded(seed + count);
      const time = (seconds * 1_000) / count;
      for (let turn = 0; turn < count; turn += 1) {
        const start = performance.now();
        await sleep((0.2 + 0.3 * random()) * time);
        await kill(random);
        await sleep(Math.max(0, time - (performance.now() - start)));
      }
    };
    const share = seconds / 60;
    const storm = Promise.all([
      killEvery(Math.max(1, Math.round(REDIS_KILLS * share)), async (random) => {
        kills.redis += 1;
        tell(`kill ${kills.redis} of Redis`);
        await killOne(redis, random);
      }),
      killEvery(Math.max(1, Math.round(SERVER_KILLS * share)), async (random) => {
        const server = servers[between(random, 0, servers.length - 1)];
        if (server === undefined) return;
        kills.servers += 1;
        tell(`kill ${kills.servers} of a server: ${server.part.name}`);
        await killOne(server, random);
      }),
    ]);
    await Promise.race([storm, failed]);
    over = true;
    const whyNot = () => "A sender was not answered";
    await within(PATIENCE, Promise.all(sending), whyNot);
    const [first] = clients;
    if (first !== undefined) answers.push(await insist(first, { text: "That is all." })); // What came twice came before.
    const complete = clients.map((client) => client.until((all) => all.length >= answers.length));
    await within(PATIENCE, Promise.all(complete), () => {
      const late = clients.filter(({ messages }) => messages.length < answers.length);
      return `${late.length} clients wait for one of ${answers.length} messages (one has ${late[0]?.messages.length})`;
    });

    const log = await readLog(store);
    compare(
      "What the senders were answered",
      answers.toSorted((one, other) => one.id - other.id),
      log,
    );
    for (const [index, { messages }] of clients.entries())
      compare(`What client ${index + 1} received`, messages, log);
    for (const client of clients.splice(0)) client.stop();
    await Promise.all(kept.toReversed().map(({ part }) => part.stop()));
    delays.sort((a, b) => a - b);
    const at = (share: number) => Math.round(delays[Math.ceil(share * delays.length) - 1] ?? 0);
    return {
      redisKills: kills.redis,
      serverKills: kills.servers,
      clients: CHAPTERS.length * (RECEIVERS + SENDERS),
      senders: sending.length,
      messages: answers.length,
      delay: { p50: at(0.5), p99: at(0.99), max: at(1) },
    };
  } finally {
    process.off("exit", cleanUp);
    cleanUp();
  }
}

/** Sends until it is kept: a socket is told that Redis is away, and its sender tries again, with the same key. */
async function insist(client: ChatClient, draft: Draft): Promise<Message> {
  for (;;) {
    try {
      return await client.send(draft);
    } catch (error) {
      if (!(error instanceof Refused && /Redis is back/.test(error.message))) throw error;
      await sleep(RETRY);
    }
  }
}

async function killOne(one: Kept, random: Random): Promise<void> {
  one.part.signal("SIGKILL");
  await one.part.ended;
  await sleep(between(random, ...AWAY));
  for (;;) {
    try {
      one.part = await one.start();
      return;
    } catch {
      await sleep(RETRY); // A server does not start while Redis is away.
    }
  }
}

/** All of it, as a server that starts now reads it. */
async function readLog(spec: string): Promise<Message[]> {
  const store = await openStore(spec);
  const messages: Message[] = [];
  for (let cursor = 0; cursor !== store.newest; cursor = messages.at(-1)?.id ?? 0) {
    messages.push(...(await store.after(cursor)));
  }
  await store.close();
  return messages;
}
