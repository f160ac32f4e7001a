// What a chat owes to those who use it, whichever way its messages reach them: one table of promises for four chapters.
import { randomUUID } from "node:crypto";
import { appendFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { report } from "node:process";
import { describe, expect, onTestFinished, test } from "vitest";
import { UNREAD_LIMIT } from "../http/answer.ts";
import type { Message } from "../message-store/message.ts";
import { type ChatClient, type ClientOptions, openClient } from "../tools/clients/clients.ts";
import { ROOT } from "../tools/proof/run-tests.ts";
import { makeCertificate } from "../tools/scale/certificate.ts";
import { promisesOf } from "../tools/verify/promises.ts";
import { tryPromise } from "../tools/verify/run.ts";
import { type Exit, type Server, startServer, type Target } from "../tools/verify/server.ts";
import { ask } from "./ask.ts";
import {
  CHAPTERS,
  type ChapterFolder,
  type ChapterProcess,
  type StartOptions,
  sharedChapter,
  startChapter,
  temporaryFolder,
} from "./chapter-process.ts";

/** A client that is stopped when the test is over. */
export function enter(chapter: ChapterFolder, url: string, options: ClientOptions = {}): ChatClient {
  const client = openClient(chapter, url, { interval: 20, ...options });
  onTestFinished(() => client.stop());
  return client;
}

/** Calls `make` as often as `count` says. */
export function times<Value>(count: number, make: (index: number) => Value): Value[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** The ids from `first` to `last`. */
export function idsFrom(first: number, last: number): number[] {
  return times(last - first + 1, (index) => first + index);
}

export function idsOf(messages: readonly Message[]): number[] {
  return messages.map(({ id }) => id);
}

/** Waits until every one of the clients has the message with this id. */
export async function allHave(id: number, clients: readonly ChatClient[]): Promise<void> {
  await Promise.all(clients.map((client) => client.until((messages) => messages.some((it) => it.id >= id))));
}

/** Writes a log of `count` messages. @returns the flag that has a chapter use it */
export function logOf(count: number, textOf = (id: number) => `message ${id}`): `file:${string}` {
  const path = join(temporaryFolder(), "chat.ndjson");
  const lines = times(count, (index) =>
    JSON.stringify({ author: "ann", text: textOf(index + 1), timestamp: index + 1, key: `key-${index + 1}` }),
  );
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  return `file:${path}`;
}

/** Adds messages to a log in one write, as another process does, so that they are kept together. */
export function writtenByAnother(store: string, ...texts: readonly string[]): void {
  const lines = texts.map((text) => JSON.stringify({ author: "bob", text, timestamp: 1, key: randomUUID() }));
  appendFileSync(store.slice("file:".length), lines.map((line) => `${line}\n`).join(""));
}

/** The logs that the promises are made of. */
export interface Logs {
  /** A log that nothing is asked of but to be there: the value of `--store`. */
  readonly anyLog: () => string;
  /** One that outlives its server: the value of `--store`. */
  readonly newLog: () => string;
  /** Writes a log of `count` messages. @returns the value of `--store` */
  readonly logOf: (count: number, textOf?: (id: number) => string) => string | Promise<string>;
  /** Adds messages as another process does, so that they are kept together. */
  readonly writtenByAnother: (store: string, ...texts: readonly string[]) => void | Promise<void>;
  /** Whether `probe.ts` can hold up that it is read. */
  readonly canBeHeld: boolean;
}

const FILES: Logs = {
  anyLog: () => "memory:",
  newLog: () => logOf(0),
  logOf,
  writtenByAnother,
  canBeHeld: true,
};

/** What the probe says of the open connections. */
export async function outputOf(running: ChapterProcess) {
  const answer = Object(await running.probe("output"));
  const { open, unsent, written, read } = answer;
  return { open: Number(open), unsent: Number(unsent), written: Number(written), read: Number(read) };
}

/** Waits until every connection is closed, and expects that the chapter has let go of each of them. */
export async function expectNothingHeld(running: ChapterProcess): Promise<void> {
  await running.probe("all closed");
  expect(await running.probe("sockets")).toMatchObject({ held: 0 });
}

/** How many files this process may open; those that it starts may open as many. */
function openFiles(): number {
  const limit = Object(report.getReport()).userLimits?.open_files?.soft;
  return typeof limit === "number" ? limit : Number.POSITIVE_INFINITY;
}

/** As long as a test may take, and no promise is broken by how long it takes. */
const PATIENCE = 30_000;

/** The promises of which the tests below see more, from inside. */
const INSIDE = new Set(["clients-forgotten", "slow-reader", "busy-neighbour", "one-log"]);

/** The promises that a log keeps or breaks, and not the requests before it. */
const ABOUT_THE_LOG = new Set([
  "every-message-once",
  "one-order",
  "text-as-sent",
  "catches-up",
  "in-the-moment",
  "cursor",
  "long-log",
  "sent-twice",
  "kept-over-kill",
  "stops",
]);

/** A chapter's process, as `verify` knows a server. */
function serverOf(running: ChapterProcess): Server {
  const { port } = running;
  let exit: Exit | undefined;
  const ended = running.exit.then((how) => {
    exit = how;
    return how;
  });
  return {
    address: { host: "127.0.0.1", port },
    host: `localhost:${port}`,
    url: `http://127.0.0.1:${port}`,
    pid: running.pid,
    exit: () => exit,
    ended,
    stderr: running.stderr,
    takePrinted: () => [],
    end: (signal) => running.stop(signal),
  };
}

/** What starts a chapter for `verify`. */
function targetOf(chapter: ChapterFolder, { newLog }: Logs): Target {
  return {
    chapter,
    starts: true,
    stores: true,
    several: true,
    newStore: newLog,
    start: async ({ store = newLog(), mostBytes } = {}) => {
      if (mostBytes === undefined) return serverOf(await startChapter(chapter, { args: ["--store", store] }));
      const script = join(ROOT, "dist", chapter, "server.js");
      const run = [process.execPath, script, "--port", "{port}", "--store", store];
      return startServer({ run, env: {} }, "", { mostBytes });
    },
  };
}

/** Registers the promises as tests of a chapter: on files and in memory, unless told. */
export function keepsPromises(chapter: ChapterFolder, logs: Logs = FILES): void {
  const { anyLog, logOf, writtenByAnother } = logs;
  /** Starts a chapter with any log, unless `--store` is among the flags. */
  const startAny = (options: StartOptions = {}) =>
    startChapter(chapter, { ...options, args: ["--store", anyLog(), ...(options.args ?? [])] });

  describe(`${chapter} keeps its promises`, () => {
    const shared = sharedChapter(chapter, { args: ["--store", anyLog()] });
    const target = targetOf(chapter, logs);
    for (const promise of promisesOf(chapter)) {
      // What waits or measures is tried below by a clock and a look inside; a chapter's own has its own tests.
      if (promise.chapters || promise.server === "quiet" || INSIDE.has(promise.name)) continue;
      if (logs !== FILES && !ABOUT_THE_LOG.has(promise.name)) continue;
      test(promise.title.en, async (context) => {
        const server = promise.server === "shared" ? serverOf(shared()) : await target.start();
        const { kept, said, why } = await tryPromise(promise, target, server, PATIENCE);
        context.skip(kept === null && process.platform === "win32", said?.en);
        expect({ kept, said: said?.en, why }).toEqual({ kept: true, why: [] });
      });
    }

    /** Has one client say the last word, and returns what each has received by then. */
    async function inTheEnd(clients: readonly ChatClient[], by: ChatClient | undefined = clients[0]) {
      const last = await by?.send({ text: "That is all." });
      if (!last) throw new Error("nobody to say the last word");
      await allHave(last.id, clients);
      return { last, seen: clients.map(({ messages }) => messages) };
    }

    test("two processes, and another chapter, on one file show one conversation in one order", async () => {
      const args = ["--store", await logOf(0)];
      const other = CHAPTERS[(CHAPTERS.indexOf(chapter) + 1) % CHAPTERS.length] ?? chapter;
      const kinds = [chapter, chapter, other] as const;
      const running = await Promise.all(kinds.map((kind) => startChapter(kind, { args })));
      const clients = kinds.flatMap((kind, index) =>
        times(3, () => enter(kind, running[index]?.url ?? "", { after: 0 })),
      );
      await Promise.all(
        clients.map(async (client, index) => {
          for (const turn of times(10, (it) => it)) await client.send({ text: `${index} ${turn}` });
        }),
      );
      // A key counts for the whole log, whichever process was told first.
      const twice = await Promise.all(clients.map((client) => client.send({ text: "once", key: "once" })));
      expect(new Set(idsOf(twice)).size).toBe(1);
      const { seen } = await inTheEnd(clients);
      for (const messages of seen) {
        expect(messages).toEqual(seen[0]);
        expect(idsOf(messages)).toEqual(idsFrom(1, 92));
      }
    });

    test("over TLS it is the same chat", async () => {
      const { cert, key, pem: ca } = makeCertificate(temporaryFolder());
      const { url } = await startAny({ args: ["--tls-cert", cert, "--tls-key", key] });
      expect(url).toMatch(/^https:/);
      const clients = times(3, () => enter(chapter, url, { ca }));
      await Promise.all(clients.map((client) => client.send({ text: "안녕" })));
      clients[1]?.disconnect();
      await clients[0]?.send({ text: "One is away." });
      clients[1]?.reconnect();
      const { seen } = await inTheEnd(clients);
      for (const messages of seen) expect(idsOf(messages)).toEqual(idsFrom(1, 5));
    });

    test.each(["in silence", "while messages flow"])(
      "50 clients connect and leave, %s, and nothing of them is left behind",
      async (how) => {
        const running = await startAny({ probe: true });
        const sender = enter(chapter, running.url);
        await sender.send({ text: "first" });
        let flowing = how === "while messages flow";
        const flow = async () => {
          while (flowing) await sender.send({ text: "and on" });
        };
        const flown = flow();
        const clients = times(50, () => enter(chapter, running.url, { after: 0 }));
        await allHave(1, clients);
        for (const [index, client] of clients.entries())
          client.disconnect(index % 2 ? "politely" : "abruptly");
        flowing = false;
        await flown;
        sender.disconnect("politely");
        await expectNothingHeld(running);
      },
    );

    test("a cursor that another process gave goes on from there, though this one has yet to read so far", async () => {
      const store = await logOf(1);
      // The probe's clock stands still, and with it the look at what others wrote: only the cursor can be the reason.
      const { url } = await startChapter(chapter, { probe: true, args: ["--store", store] });
      await writtenByAnother(store, "안녕");
      const client = enter(chapter, url, { after: 2 });
      const { seen } = await inTheEnd([client]);
      expect(seen.map(idsOf)).toEqual([[3]]);
    });

    test.skipIf(!logs.canBeHeld)(
      "a client that leaves while the log is read for its cursor leaves nothing behind",
      async () => {
        const store = await logOf(1);
        const running = await startChapter(chapter, { probe: true, args: ["--store", store] });
        await running.probe("hold the next flush");
        // Another process adds a message, and with it its client comes over to this one, which has yet to read it.
        await writtenByAnother(store, "안녕");
        const leaving = enter(chapter, running.url, { after: 2 });
        await running.probe("until it is held");
        leaving.disconnect();
        // An upgrade's socket is not read, and so not seen to close, until the client is let in.
        if (chapter !== "ch12-websocket") await running.probe("all closed");
        await running.probe("let it go on");
        const witness = enter(chapter, running.url, { after: 0 });
        await allHave(2, [witness]);
        witness.disconnect();
        await expectNothingHeld(running);
      },
    );

    const limit = openFiles();
    // Each is a file here and one in the chapter, and both processes have some of their own.
    test("a message reaches 2,000 clients, and when they leave nothing of them is left behind", async (context) => {
      context.skip(limit < 2_200, `only ${limit} files may be open at once: raise it with ulimit -n 4096`);
      const running = await startAny({ probe: true });
      const sender = enter(chapter, running.url);
      await sender.send({ text: "first" });
      const clients: ChatClient[] = [];
      while (clients.length < 2_000) {
        // Fewer at a time than the queue of a listening socket holds.
        const some = times(250, () => enter(chapter, running.url, { after: 0, interval: 1_000 }));
        await allHave(1, some);
        clients.push(...some);
      }
      expect((await outputOf(running)).open).toBeGreaterThanOrEqual(2_000);
      await sender.send({ text: "안녕" });
      await allHave(2, clients);
      for (const client of clients) {
        expect(idsOf(client.messages)).toEqual([1, 2]);
        client.disconnect();
      }
      sender.disconnect();
      await expectNothingHeld(running);
    });

    // Answers end; what does not end can be left unread. (Of answers that are asked for and not read, another file.)
    if (chapter === "ch11-sse" || chapter === "ch12-websocket") {
      test("50 clients leave while they catch up, and nothing of them is left behind", async () => {
        const store = await logOf(5_000, () => "x".repeat(1_500));
        const running = await startChapter(chapter, { probe: true, args: ["--store", store] });
        const clients = times(50, () => enter(chapter, running.url, { after: 0 }));
        await allHave(1, clients);
        for (const client of clients) client.disconnect("abruptly");
        await running.probe("all closed");
        // Those who catch up take turns: when this one is done, the others' last turns are over.
        const witness = enter(chapter, running.url, { after: 0 });
        await allHave(5_000, [witness]);
        witness.disconnect();
        for (const { messages } of clients) expect(messages.length).toBeLessThan(5_000);
        await expectNothingHeld(running);
      });

      test("a client that does not read is cut off at 1 MiB, comes back and misses nothing; the others notice nothing", async () => {
        const running = await startAny({ probe: true });
        const slow = enter(chapter, running.url);
        const quick = enter(chapter, running.url);
        let { id } = await quick.send({ text: "first" });
        await allHave(id, [slow, quick]);
        slow.freeze();
        const { open } = await outputOf(running);
        for (let output = await outputOf(running); output.open === open; output = await outputOf(running)) {
          expect(output.unsent).toBeLessThan(2 * UNREAD_LIMIT);
          expect(id, "messages that a client left unread").toBeLessThan(3_000);
          // As JSON 12 kB each; what the kernel buffers, some megabytes, must be full first.
          for (const _ of times(25, () => 0)) ({ id } = await quick.send({ text: "\u0001".repeat(2_000) }));
          await allHave(id, [quick]);
        }
        slow.thaw();
        const { last, seen } = await inTheEnd([quick, slow]);
        for (const messages of seen) expect(idsOf(messages)).toEqual(idsFrom(1, last.id));
      });

      test("however long the log, only a little of it waits in memory for a client that does not read", async () => {
        const store = await logOf(10_000, () => "x".repeat(1_800));
        const running = await startChapter(chapter, { probe: true, args: ["--store", store] });
        const slow = enter(chapter, running.url, { after: 0 });
        slow.freeze();
        // On and on until the kernel's buffers are full: something is unsent, and no more of it is taken.
        let [output, before] = [await outputOf(running), -1];
        while (output.unsent === 0 || output.written - output.unsent !== before) {
          before = output.written - output.unsent;
          output = await outputOf(running);
        }
        // Every answer is a turn in which the chapter could have gone on.
        for (const _ of times(300, (it) => it)) await ask(running.port, "GET /nothing");
        output = await outputOf(running);
        expect(output.unsent).toBeLessThan(256 * 1024);
        slow.thaw();
        const { seen } = await inTheEnd([slow]);
        expect(seen.map(idsOf)).toEqual([idsFrom(1, 10_001)]);
      });

      test("what was kept together reaches each client in one write, however many messages it is", async () => {
        const store = await logOf(1);
        const running = await startChapter(chapter, { probe: true, args: ["--store", store] });
        const clients = times(10, () => enter(chapter, running.url, { after: 0 }));
        await allHave(1, clients);
        const before = Number(await running.probe("writes"));
        await writtenByAnother(store, ...times(20, String));
        await running.probe(1_000); // Time to look at the file.
        await allHave(21, clients);
        expect(Number(await running.probe("writes")) - before).toBe(clients.length);
        for (const { messages } of clients) expect(idsOf(messages)).toEqual(idsFrom(1, 21));
      });

      test("a message is turned into text once, however many clients there are", async () => {
        const running = await startAny({ probe: true });
        const sender = enter(chapter, running.url);
        await sender.send({ text: "first" });
        const work: number[] = [];
        for (const more of [1, 10]) {
          const clients = times(more, () => enter(chapter, running.url, { after: 0 }));
          await allHave(1, clients);
          const before = Number(await running.probe("serialised"));
          const { id } = await sender.send({ text: "안녕" });
          await allHave(id, clients);
          work.push(Number(await running.probe("serialised")) - before);
        }
        expect(work[1]).toBe(work[0]);
      });
    }
  });
}
