import { describe, expect, test } from "vitest";
import { answer } from "../../http/answer.ts";
import { waitTurn } from "../../http/pipelining.ts";
import { answersIn, ask, post, requestOf, serve } from "../ask.ts";
import { sharedChapter } from "../chapter-process.ts";
import { type RawConnection, rawConnection } from "../raw.ts";

/** A request on a connection that stays open. */
const request = (port: number, line: string, body?: string) =>
  requestOf(port, line, {
    headers: { Connection: undefined, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
    ...(body === undefined ? {} : { body }),
  });

const repeated = (bytes: Buffer, times: number) => Buffer.concat(Array.from({ length: times }, () => bytes));

/** A connection that sends and reads nothing: its own window is full before long. */
function unreadConnection(port: number, bytes: Uint8Array): RawConnection {
  const connection = rawConnection(port);
  connection.socket.pause();
  connection.socket.write(bytes);
  return connection;
}

describe.each(["ch09-polling", "ch10-long-polling", "ch11-sse"] as const)("%s", (name) => {
  const chapter = sharedChapter(name);

  test("answers pipelined requests in their order, whatever each takes", async () => {
    const { port } = chapter();
    const connection = rawConnection(port);
    const requests = [
      request(port, "POST /update", '{"text":"first","key":"first"}'),
      request(port, "GET /nowhere"),
      request(port, "POST /update", '{"text":"second"}'),
      request(port, "GET /"),
      request(port, "DELETE /update"),
      request(port, "POST /update", '{"text":"third","key":"first"}'),
      requestOf(port, "HEAD /nowhere HTTP/1.1"),
    ];
    connection.socket.write(Buffer.concat(requests));
    // HEAD's answer has a length and no body, so it comes last.
    const read = await connection.ended();
    expect(answersIn(read).map(({ status }) => status)).toEqual([201, 404, 201, 200, 405, 200]);
    expect(read).toMatch(/\}HTTP\/1\.1 404 Not Found\r\n(?:[^\r\n]+\r\n)+\r\n$/);
  });

  test("keeps what is pipelined one by one, in the order in which it was sent", async () => {
    const { port } = chapter();
    const texts = Array.from({ length: 50 }, (_, index) => `${index}`);
    const posts = texts.map((text) => request(port, "POST /update", JSON.stringify({ text })));
    const connection = rawConnection(port, Buffer.concat(posts));
    const read = await connection.until((text) => answersIn(text).length === posts.length);
    const messages = answersIn(read).map(({ body }) => JSON.parse(body));
    expect(messages.map(({ text }) => text)).toEqual(texts);
    expect(messages.map(({ id }) => id)).toEqual(texts.map((_, index) => messages[0].id + index));
  });
});

// The look inside tells when the server has released a connection that its client never looks at.
describe("a client that pipelines", () => {
  const polling = sharedChapter("ch09-polling", { probe: true });
  const longPolling = sharedChapter("ch10-long-polling", { probe: true });

  test("and reads late keeps no other waiting, and misses nothing", async () => {
    const { port } = polling();
    const text = "x".repeat(2_000);
    for (let index = 0; index < 100; index += 1) await post(port, JSON.stringify({ text }));
    // 200 answers of more than 200 kB each: more than fits on the way.
    const last = requestOf(port, "GET /poll?after=0");
    const requests = repeated(request(port, "GET /poll?after=0"), 199);
    const connection = unreadConnection(port, Buffer.concat([requests, last]));
    const { body } = await ask(port, "GET /poll?after=0");
    connection.socket.resume();
    const [, ...answers] = (await connection.ended()).split("HTTP/1.1 200 OK\r\n");
    expect(answers).toHaveLength(200);
    expect(answers.every((each) => each.endsWith(`\r\n\r\n${body}`))).toBe(true);
  });

  test("and never reads is disconnected when more than 256 requests wait, however small their answers", async () => {
    for (const [{ port, probe }, path] of [
      [polling(), "/poll?after=999999999999999"],
      [longPolling(), "/longpoll?after=0"],
    ] as const) {
      unreadConnection(port, repeated(request(port, `GET ${path}`), 5_000));
      await ask(port, "GET /");
      await probe("all closed");
      expect((await ask(port, "GET /")).status).toBe(200);
    }
  });
});

describe("waitTurn", () => {
  /** A server whose requests wait their turn. It tells how many came, and answers those whose turn it is when told. */
  async function serveInTurn(body: unknown = 1) {
    const counts = { came: 0, begun: 0 };
    const held: (() => void)[] = [];
    const watchers = new Set<() => void>();
    const tell = () => {
      for (const watcher of watchers) watcher();
    };
    const port = await serve(async (incoming, response) => {
      counts.came += 1;
      tell();
      await waitTurn(incoming, response);
      counts.begun += 1;
      held.push(() => answer(response, 200, body));
      tell();
    });
    return {
      port,
      counts,
      /** Waits until this is so, then answers those whose turn it is. */
      async answerWhen(enough: () => boolean) {
        await new Promise<void>((resolve) => {
          const watcher = () => enough() && resolve();
          watchers.add(watcher);
          watcher();
        });
        for (const release of held.splice(0)) release();
      },
    };
  }

  test("has a request handled when the one before it is answered, and not earlier", async () => {
    const { port, counts, answerWhen } = await serveInTurn(1);
    const connection = rawConnection(port, repeated(request(port, "GET /"), 3));
    for (const turn of [1, 2, 3]) {
      await answerWhen(() => counts.came === 3 && counts.begun === turn);
      await connection.until((text) => answersIn(text).length === turn);
    }
  });

  test("has never more than one response of a connection in memory, however little its client reads", async () => {
    const body = Buffer.alloc(32 * 1024 * 1024, "x"); // More than the sockets' buffers take.
    const { port, counts, answerWhen } = await serveInTurn(body);
    const connection = unreadConnection(port, repeated(request(port, "GET /"), 3));
    await answerWhen(() => counts.came === 3 && counts.begun > 0);
    const other = ask(port, "GET /");
    await answerWhen(() => counts.came === 4 && counts.begun > 1);
    await other;
    expect(counts.begun).toBe(2); // The first of each connection.
    connection.socket.resume();
    for (const begun of [3, 4]) await answerWhen(() => counts.begun === begun);
    await connection.until((read) => read.length > 3 * body.length);
  });

  test("lets 256 requests wait behind the one that is handled, and ends the connection at the next", async () => {
    const { port, counts, answerWhen } = await serveInTurn();
    const connection = rawConnection(port, repeated(request(port, "GET /"), 257));
    for (let turn = 1; turn <= 257; turn += 1) {
      await answerWhen(() => counts.came === 257 && counts.begun === turn);
    }
    await connection.until((text) => answersIn(text).length === 257);
    // Those that were answered wait no more.
    connection.socket.write(repeated(request(port, "GET /"), 257));
    for (let turn = 258; turn <= 514; turn += 1) {
      await answerWhen(() => counts.came === 514 && counts.begun === turn);
    }
    await connection.until((text) => answersIn(text).length === 514);

    const another = rawConnection(port, repeated(request(port, "GET /"), 258));
    expect(await another.ended()).toBe("");
  });

  test("counts what waits on each connection for itself", async () => {
    const { port, counts, answerWhen } = await serveInTurn();
    const connections = [1, 2, 3].map(() => rawConnection(port, repeated(request(port, "GET /"), 200)));
    for (let begun = 3; begun <= 600; begun += 3) {
      await answerWhen(() => counts.came === 600 && counts.begun === begun);
    }
    for (const connection of connections) await connection.until((text) => answersIn(text).length === 200);
  });
});
