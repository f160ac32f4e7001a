import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { answer, limitPipelining } from "../../http/answer.ts";
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
function unreadConnection(port: number): RawConnection {
  const connection = rawConnection(port);
  connection.socket.pause();
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

  test("answers a good many at once: 200 in one piece", async () => {
    const { port } = chapter();
    const connection = rawConnection(port, repeated(request(port, "GET /nowhere"), 200));
    const read = await connection.until((text) => answersIn(text).length === 200);
    expect(new Set(answersIn(read).map(({ status }) => status))).toEqual(new Set([404]));
  });
});

// The look inside tells when the server has let go of a connection that its client never looks at.
describe("a client that pipelines and never reads", () => {
  const polling = sharedChapter("ch09-polling", { probe: true });
  const longPolling = sharedChapter("ch10-long-polling", { probe: true });

  test("is disconnected when more than 1 MiB of answers waits, and others are served", async () => {
    const { port, probe } = polling();
    const text = "x".repeat(2_000);
    for (let index = 0; index < 100; index += 1) await post(port, JSON.stringify({ text }));
    await probe("all closed");
    // 200 answers of more than 200 kB each: fewer requests than may wait.
    const connection = unreadConnection(port);
    connection.socket.write(repeated(request(port, "GET /poll?after=0"), 200));
    await ask(port, "GET /");
    await probe("all closed");
    expect((await ask(port, "GET /poll?after=0")).status).toBe(200);
  });

  test("is disconnected when more than 256 requests wait, however small their answers", async () => {
    for (const [{ port, probe }, path] of [
      [polling(), "/poll?after=999999999999999"],
      [longPolling(), "/longpoll?after=0"],
    ] as const) {
      unreadConnection(port).socket.write(repeated(request(port, `GET ${path}`), 5_000));
      await ask(port, "GET /");
      await probe("all closed");
      expect((await ask(port, "GET /")).status).toBe(200);
    }
  });

  test("of held requests is disconnected too, and a few that wait are answered in order", async () => {
    const { port, probe } = longPolling();
    const { body } = await post(port, '{"text":"x"}');
    const { id } = JSON.parse(body);
    const patient = rawConnection(port, repeated(request(port, `GET /longpoll?after=${id}`), 20));
    const greedy = unreadConnection(port);
    greedy.socket.write(repeated(request(port, `GET /longpoll?after=${id}`), 300));
    greedy.socket.resume();
    await greedy.ended();
    await post(port, '{"text":"news"}');
    const read = await patient.until((text) => answersIn(text).length === 20);
    for (const each of answersIn(read))
      expect(JSON.parse(each.body)).toMatchObject([{ id: id + 1, text: "news" }]);
    patient.socket.destroy();
    await probe("all closed");
  });
});

describe("limitPipelining", () => {
  /** A server that answers nothing by itself, and tells how many requests of one connection came through. */
  async function serveHeld() {
    const held: (() => void)[] = [];
    const sockets = new Set<object>();
    const watchers = new Set<() => void>();
    const port = await serve((incoming, response) => {
      limitPipelining(incoming, response);
      sockets.add(incoming.socket);
      held.push(() => answer(response, 204));
      for (const watcher of watchers) watcher();
    });
    const until = (count: number) =>
      new Promise<void>((resolve) => {
        const watcher = () => held.length >= count && resolve();
        watchers.add(watcher);
        watcher();
      });
    return { port, held, sockets, until };
  }

  test("lets one be answered and 256 wait, and ends the connection at the next", async () => {
    const { port, held, until } = await serveHeld();
    const connection = rawConnection(port, repeated(request(port, "GET /"), 257));
    await until(257);
    expect(connection.socket.destroyed).toBe(false);
    for (const release of held.splice(0)) release();
    await connection.until((text) => answersIn(text).length === 257);
    // Those that were answered wait no more.
    connection.socket.write(repeated(request(port, "GET /"), 257));
    await until(257);
    for (const release of held.splice(0)) release();
    await connection.until((text) => answersIn(text).length === 514);

    const another = rawConnection(port, repeated(request(port, "GET /"), 258));
    expect(await another.ended()).toBe("");
  });

  test("counts what waits on each connection for itself", async () => {
    const { port, held, sockets, until } = await serveHeld();
    const connections = [1, 2, 3].map(() => rawConnection(port, repeated(request(port, "GET /"), 200)));
    await until(600);
    expect(sockets.size).toBe(3);
    for (const release of held) release();
    for (const connection of connections) await connection.until((text) => answersIn(text).length === 200);
  });
});

describe("answers that wait behind an unread one", () => {
  const MIB = 1024 * 1024;

  /** A server that answers each request with a body of so many bytes when told to, last come first. */
  async function serveBytes(sizes: readonly number[]) {
    const waiting: (() => void)[] = [];
    let full = () => {};
    const all = new Promise<void>((resolve) => {
      full = resolve;
    });
    const port = await serve((_, response) => {
      const size = sizes[waiting.length] ?? 0;
      waiting.push(() => answer(response, 200, Buffer.alloc(size, "x")));
      if (waiting.length === sizes.length) full();
    });
    const connection = rawConnection(port, repeated(request(port, "GET /"), sizes.length));
    await all;
    for (const release of waiting.toReversed()) release();
    return connection;
  }

  test("may be 1 MiB in all", async () => {
    const connection = await serveBytes([0, MIB / 2, MIB / 2 - 1, 1]);
    const read = await connection.until((text) => answersIn(text).length === 4);
    expect(answersIn(read).map(({ body }) => body.length)).toEqual([0, MIB / 2, MIB / 2 - 1, 1]);
  });

  test("end the connection with one byte more", async () => {
    const connection = await serveBytes([0, MIB / 2, MIB / 2, 1]);
    expect(await connection.ended()).toBe("");
  });

  test("count no more once they are sent", async () => {
    const body = Buffer.alloc(MIB, "x");
    const waiting: ServerResponse[] = [];
    const port = await serve((_, response) => {
      if (waiting.push(response) % 2 !== 0) return;
      // The second first: it waits behind the first.
      for (const each of waiting.splice(0).toReversed()) answer(each, 200, body);
    });
    const connection = rawConnection(port);
    for (const round of [1, 2, 3]) {
      connection.socket.write(repeated(request(port, "GET /"), 2));
      await connection.until((text) => answersIn(text).length === 2 * round);
    }
  });

  test("do not count the one that is being sent, however large", async () => {
    const connection = await serveBytes([3 * MIB, 1]);
    await connection.until((text) => answersIn(text).length === 2);
  });
});
