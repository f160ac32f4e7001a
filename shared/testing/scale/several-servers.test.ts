// Several servers and one log: a client may change over whenever it likes, because its cursor is all there is to know.
import { join } from "node:path";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Message } from "../../message-store/message.ts";
import type { ChatClient } from "../../tools/clients/clients.ts";
import { openProxy } from "../../tools/flaky/proxy.ts";
import { freePort, startNginx } from "../../tools/scale/parts.ts";
import { sharedBrowsers } from "../browsers/browsers.ts";
import { missingBrowsers } from "../browsers/engines.ts";
import {
  CHAPTERS,
  type ChapterFolder,
  type ChapterProcess,
  startChapter,
  temporaryFolder,
} from "../chapter-process.ts";
import { allHave, enter, idsFrom, idsOf, outputOf, times } from "../promises.ts";
import { hasRedisAndNginx, sharedRedis } from "../redis.ts";

const redis = await sharedRedis(hasRedisAndNginx());
const withoutBrowsers = missingBrowsers();

/** Two servers of a chapter on a log of their own, and nginx in front of them. */
async function startBehindNginx(chapter: ChapterFolder, tls = false, args: readonly string[] = []) {
  const store = redis?.spec() ?? "";
  const servers = await Promise.all(
    times(2, () => startChapter(chapter, { args: ["--store", store, ...args] })),
  );
  return {
    url: await startProxy(
      servers.map(({ port }) => port),
      tls,
    ),
    servers,
  };
}

/** Starts nginx in front of servers. @returns its address */
async function startProxy(servers: readonly number[], tls = false): Promise<string> {
  const port = await freePort();
  const nginx = await startNginx({ port, servers, tls }, join(temporaryFolder(), "nginx"));
  onTestFinished(() => nginx.stop());
  return `${tls ? "https" : "http"}://localhost:${port}`;
}

/** Sends by `POST /update`. @returns the status, and the message */
async function post(url: string, key: string): Promise<{ status: number; message: Message }> {
  const response = await fetch(`${url}/update`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ text: key, key }),
  });
  return { status: response.status, message: Object(await response.json()) };
}

/** Expects that each client has received the whole log, once and in order, and that all answers are in it. */
function expectOneOrder(clients: readonly ChatClient[], answers: readonly Message[]): void {
  const inOrder = answers.toSorted((one, other) => one.id - other.id);
  expect(idsOf(inOrder)).toEqual(idsFrom(1, answers.length));
  for (const { messages } of clients) expect(messages).toEqual(inOrder);
}

describe.skipIf(redis === undefined)("several servers on one log", () => {
  // 127.0.0.2 is another address of this machine on Linux only.
  describe.skipIf(process.platform !== "linux")("at two addresses", () => {
    const started = new Map<ChapterFolder, readonly ChapterProcess[]>();
    beforeAll(async () => {
      if (!redis) return undefined;
      const ends: (() => void)[] = [];
      const onStarted = (kill: () => void) => ends.push(kill);
      // The second machine is far from Redis: it hears of everything later than the first.
      const distance = await openProxy({ to: redis.port });
      distance.delay(10);
      ends.push(() => void distance.close());
      const machines = [
        { host: "127.0.0.1", port: redis.port },
        { host: "127.0.0.2", port: distance.port },
      ];
      await Promise.all(
        CHAPTERS.map(async (chapter) => {
          const servers = machines.map(({ host, port }) => {
            const store = `redis://127.0.0.1:${port}?log=two-addresses`;
            return startChapter(chapter, { args: ["--store", store, "--host", host], onStarted });
          });
          started.set(chapter, await Promise.all(servers));
        }),
      );
      return () => {
        for (const end of ends) end();
      };
    });
    const urlOf = (chapter: ChapterFolder, turn: number) => started.get(chapter)?.[turn % 2]?.url ?? "";

    test("clients of all four techniques, each at both, are in one conversation", async () => {
      const clients = CHAPTERS.flatMap((chapter) =>
        times(2, (at) => enter(chapter, urlOf(chapter, at), { after: 0 })),
      );
      const answers: Message[] = [];
      await Promise.all(
        clients.map(async (client, by) => {
          for (const turn of times(5, (it) => it)) answers.push(await client.send({ text: `${by} ${turn}` }));
        }),
      );
      await allHave(answers.length, clients);
      expectOneOrder(clients, answers);
    });

    test.each(CHAPTERS)(
      "a client of %s that changes over before each message misses nothing and gets nothing twice",
      async (chapter) => {
        const other = enter(chapter, urlOf(chapter, 0));
        const { id: now } = await other.send({ text: "A test begins." });
        const client = enter(chapter, urlOf(chapter, 0), { after: now });
        const sent: Message[] = [];
        for (const turn of times(20, (it) => it)) {
          client.reconnect(urlOf(chapter, turn));
          // By itself, and by somebody who stays; what was sent from afar is sent once more, with the same key.
          const sender = turn % 4 < 2 ? other : client;
          const draft = { text: `${turn}`, key: `${chapter}-${turn}` };
          sent.push(await sender.send(draft));
          expect(await other.send(draft)).toEqual(sent.at(-1));
          await client.until((messages) => messages.length >= sent.length);
        }
        expect(idsOf(sent)).toEqual(idsFrom(now + 1, now + 20));
        expect(client.messages).toEqual(sent);
      },
    );

    test("each request of a poll may go to another server: the cursor goes with it", async () => {
      const texts: string[] = [];
      const seen: Message[] = [];
      let { id: cursor } = (await post(urlOf("ch09-polling", 0), "begin")).message;
      for (const turn of times(40, (it) => it)) {
        texts.push(`turn-${turn}`);
        await post(urlOf("ch09-polling", turn), `turn-${turn}`);
        const answer = await fetch(`${urlOf("ch10-long-polling", turn + 1)}/longpoll?after=${cursor}`);
        seen.push(...Object(await answer.json()));
        cursor = seen.at(-1)?.id ?? cursor;
      }
      expect(seen.map(({ text }) => text)).toEqual(texts);
    });
  });

  describe.each(CHAPTERS)("%s behind nginx", (chapter) => {
    test("a server is killed, and every client goes on at the other one, with each message once and in order", async () => {
      const { url, servers } = await startBehindNginx(chapter);
      const clients = times(6, () => enter(chapter, url, { after: 0 }));
      const sending = clients
        .slice(0, 3)
        .flatMap((client, by) => times(50, (turn) => client.send({ text: `${by} ${turn}` })));
      await allHave(20, clients); // In the middle of it:
      await servers[0]?.stop("SIGKILL");
      const answers = [
        ...(await Promise.all(sending)),
        ...(await Promise.all(clients.map((client) => client.send({ text: "after" })))),
      ];
      await allHave(answers.length, clients);
      expectOneOrder(clients, answers);
    });
  });

  test("a request that a killed server had taken is answered by the other one, a draft with its key too", async () => {
    const { url, servers } = await startBehindNginx("ch09-polling");
    const [one, other] = servers;
    if (!one || !other) throw new Error("no servers");
    await post(url, "before");
    process.kill(one.pid, "SIGSTOP"); // It takes connections and requests, and does nothing with them.
    const keys = times(6, (turn) => `draft-${turn}`);
    const drafts = keys.map((key) => post(url, key));
    const polls = times(6, () => fetch(`${url}/poll?after=0`));
    const settled = new Set<unknown>();
    for (const request of [...drafts, ...polls]) void request.then(() => settled.add(request));
    // The other one has answered its share by then.
    await Promise.race(drafts);
    await Promise.race(polls);
    await one.stop("SIGKILL");
    for (const { status } of await Promise.all(polls)) expect(status).toBe(200);
    const answers = await Promise.all(drafts);
    expect(answers.map(({ status }) => status)).toEqual(keys.map(() => 201));
    expect(answers.map(({ message }) => message.text).sort()).toEqual(keys);
    expect(answers.map(({ message }) => message.id).sort()).toEqual(idsFrom(2, 7));
  });

  test("what is held, and what never ends, passes nginx at once; a page of another host does not", async () => {
    const { url } = await startBehindNginx("ch11-sse");
    const response = await fetch(`${url}/subscribe`, { headers: { Origin: url } });
    const stream = response.body?.pipeThrough(new TextDecoderStream());
    let text = "";
    for await (const piece of stream ?? []) {
      text += piece;
      // Each is far shorter than what nginx would wait for if it kept a buffer.
      if (text.includes("event: heartbeat") && !text.includes("data: {")) await post(url, "a-short-one");
      if (text.includes("a-short-one")) break;
    }
    expect(text).toMatch(/^retry: 1000\n.*a-short-one/s);
    expect((await fetch(`${url}/subscribe`, { headers: { Origin: "http://evil.example" } })).status).toBe(
      403,
    );
  });

  test("nginx does not read ahead for a client that does not read: its server cuts it off, and it misses nothing", async () => {
    const store = redis?.spec() ?? "";
    const args = ["--store", store];
    const server = await startChapter("ch11-sse", { args, probe: true });
    const other = await startChapter("ch11-sse", { args });
    const slow = enter("ch11-sse", await startProxy([server.port]), { after: 0 });
    // Not by nginx: so the only connection of the first server is that of the slow client.
    const sender = enter("ch11-sse", other.url, { after: 0 });
    await sender.send({ text: "first" });
    await allHave(1, [slow]);
    slow.freeze();
    let last = 1;
    while ((await outputOf(server)).open > 0) {
      expect(last, "messages that a client left unread").toBeLessThan(3_000);
      const large = times(25, () => sender.send({ text: "\u0001".repeat(2_000) })); // As JSON 12 kB each.
      last += (await Promise.all(large)).length;
    }
    slow.thaw();
    await allHave(last, [slow]);
    expect(idsOf(slow.messages)).toEqual(idsFrom(1, last));
  });

  describe.skipIf(withoutBrowsers.length > 0)("in two browsers, over TLS", () => {
    const open = sharedBrowsers();

    test.each(CHAPTERS)(
      "%s: Chromium and Firefox talk on when the server of one of them is killed",
      async (chapter) => {
        const interval = chapter === "ch09-polling" ? ["--poll-interval", "100"] : [];
        const { url, servers } = await startBehindNginx(chapter, true, interval);
        const pages = await Promise.all([open("Chromium", url), open("Firefox", url)]);
        const [chromium, firefox] = pages;
        await chromium.say("안녕하세요");
        await firefox.shows(["안녕하세요"]);
        await servers[0]?.stop("SIGKILL");
        for (const page of pages) {
          await page.hurry();
          await page.is("connected");
        }
        await firefox.say("still here");
        await chromium.shows(["안녕하세요", "still here"]);
        await chromium.say("me too");
        for (const page of pages) {
          await page.shows(["안녕하세요", "still here", "me too"]);
          await page.isSettled();
        }
      },
    );
  });
});
