// The whole of it: a proxy in front of real servers, the viewer's server, faults, a recording.
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { WebSocket } from "ws";
import { streamParser } from "../../../tools/clients/stream-parser.ts";
import type { FaultCommand, Hello, Mark, OpenedEvent, Update } from "../../../tools/wire/events.ts";
import { type Live, watchLive } from "../../../tools/wire/live.ts";
import { replay } from "../../../tools/wire/replay.ts";
import { startChapter } from "../../chapter-process.ts";
import { rawConnection } from "../../raw.ts";

/** Watches servers, on free ports. */
async function watching(...ports: readonly number[]): Promise<Live & { readonly port: number }> {
  const live = await watchLive({ sources: ports.map((to) => ({ to, port: 0 })), viewer: 0 });
  onTestFinished(() => live.close());
  return { ...live, port: live.recorder.ports[0] ?? 0 };
}

/** The viewer's page, as far as it reads: what it was told, and what it waits for. */
async function viewerOf({ url }: Live) {
  const response = await new Promise<http.IncomingMessage>((resolve) => http.get(`${url}/events`, resolve));
  onTestFinished(() => void response.destroy());
  const hellos: Hello[] = [];
  const marks = new Map<number, Mark>();
  let newest: Update | undefined;
  const watchers = new Set<() => void>();
  const read = streamParser(({ type, data }) => {
    if (type === "hello") {
      hellos.push(JSON.parse(data));
      marks.clear();
    } else {
      const update: Update = JSON.parse(data);
      newest = {
        ...update,
        ...((update.sources ?? newest?.sources) ? { sources: update.sources ?? newest?.sources ?? [] } : {}),
      };
      for (const mark of update.marks) marks.set(mark.number, mark);
    }
    for (const watcher of watchers) watcher();
  });
  response.on("data", read);
  const until = <T>(find: () => T | undefined | false): Promise<T> =>
    new Promise((resolve) => {
      const watcher = () => {
        const found = find();
        if (found === undefined || found === false) return;
        watchers.delete(watcher);
        resolve(found);
      };
      watchers.add(watcher);
      watcher();
    });
  return {
    hellos,
    until,
    newest: () => newest,
    marks: () => [...marks.values()],
    /** Waits for a mark. */
    mark: <Kind extends Mark["mark"]>(
      kind: Kind,
      fits: (mark: Extract<Mark, { mark: Kind }>) => boolean = () => true,
    ) =>
      until(() =>
        [...marks.values()].find(
          (mark): mark is Extract<Mark, { mark: Kind }> =>
            mark.mark === kind && fits(mark as Extract<Mark, { mark: Kind }>),
        ),
      ),
  };
}

async function ask(url: string, init?: RequestInit) {
  const response = await fetch(url, init);
  return { status: response.status, headers: response.headers, text: await response.text() };
}

const post = (live: Live, path: string, body: unknown) =>
  ask(`${live.url}${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
const strike = (live: Live, command: FaultCommand) => post(live, "/fault", command);

/** A server that keeps its connections, and what it has received. */
async function echoServer() {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => {}));
    socket.on("data", (bytes) => socket.write(bytes));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: Number(Object(server.address()).port), sockets, server };
}

const keyOf = (text: string) => Buffer.from(text).toString("hex");

const say = (port: number, text: string) =>
  ask(`http://localhost:${port}/update`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ text, key: keyOf(text) }),
  });

test("one message through four techniques: each is told by its marks, and the message is the same in all", async () => {
  const names = ["ch09-polling", "ch10-long-polling", "ch11-sse", "ch12-websocket"];
  const chapters = await Promise.all(names.map((name) => startChapter(name)));
  const live = await watching(...chapters.map(({ port }) => port));
  const viewer = await viewerOf(live);
  const [polling = 0, longPolling = 0, sse = 0, socket = 0] = live.recorder.ports;
  await viewer.until(() => viewer.newest()?.sources?.every(({ name }, index) => name === names[index]));

  const poll = () => ask(`http://localhost:${polling}/poll?after=0`);
  expect((await poll()).status).toBe(204);
  const held = ask(`http://localhost:${longPolling}/longpoll?after=0`);
  const stream = rawConnection(sse, "GET /subscribe?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const client = new WebSocket(`ws://localhost:${socket}/?after=0`);
  onTestFinished(() => client.terminate());
  await once(client, "open");
  await stream.until((text) => text.includes("heartbeat"));
  await viewer.mark("exchange", ({ source, answered }) => source === 2 && answered === undefined);
  for (const port of [polling, longPolling, sse]) expect((await say(port, "안녕")).status).toBe(201);
  client.send(JSON.stringify({ text: "안녕", key: keyOf("안녕") }));
  expect((await poll()).status).toBe(200);
  await held;

  for (const source of [1, 2]) {
    const mark = await viewer.mark(
      "exchange",
      (each) => each.source === source && each.method === "GET" && each.count === 1,
    );
    // On a busy machine an answer at once may come late.
    expect(["poll", "held"]).toContain(mark.shape);
    expect(mark.messages).toEqual([{ token: `key ${keyOf("안녕")}`, text: "안녕" }]);
  }
  for (const source of [3, 4]) {
    const tick = await viewer.mark(
      "tick",
      (each) => each.source === source && each.what === "message" && each.direction === "downstream",
    );
    expect(tick.message).toEqual({ token: `key ${keyOf("안녕")}`, text: "안녕" });
    const exchange = viewer.marks().find(({ number }) => number === tick.exchange);
    expect(exchange).toMatchObject({ shape: source === 3 ? "stream" : "socket" });
  }
  const counters = await viewer.until(() => {
    const all = viewer.newest()?.counters ?? [];
    return (
      all.length === 4 &&
      all.every(({ sent, arrived, delay }) => sent === 1 && arrived === 1 && delay !== undefined) &&
      all
    );
  });
  expect(counters.map(({ requests }) => requests)).toEqual([3, 2, 2, 1]);
});

test("an event is opened with its bytes, and each of them has a label, whatever chunk it lies in", async () => {
  const chapter = await startChapter("ch11-sse");
  const live = await watching(chapter.port);
  const viewer = await viewerOf(live);
  const stream = rawConnection(live.port, "GET /subscribe?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const { number, event } = await viewer.mark("tick", ({ what }) => what === "heartbeat");
  expect(number).toBeGreaterThan(0);
  const opened: OpenedEvent = JSON.parse((await ask(`${live.url}/event/${event}`)).text);
  const bytes = Buffer.from(opened.bytes, "base64");
  expect(String(bytes)).toBe("2a\r\nretry: 1000\nevent: heartbeat\nid: 0\ndata:\n\n\r\n");
  expect(stream.received().endsWith(String(bytes))).toBe(true);
  for (let at = opened.from; at < opened.to; at += 1) {
    expect(opened.labels.some(({ from, to }) => from <= at && at < to)).toBe(true);
  }
  expect(opened.labels.map(({ key }) => key)).toEqual(
    expect.arrayContaining(["chunkSize", "eventId", "dispatch"]),
  );
  expect((await ask(`${live.url}/event/999999`)).status).toBe(404);
});

test("a head is opened with the body behind it, and the head of a stream without", async () => {
  const chapter = await startChapter("ch11-sse");
  const live = await watching(chapter.port);
  const viewer = await viewerOf(live);
  rawConnection(live.port, "GET /subscribe?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await say(live.port, "안녕");
  const opened = async (number = 0) => {
    const { bytes }: OpenedEvent = JSON.parse((await ask(`${live.url}/event/${number}`)).text);
    return String(Buffer.from(bytes, "base64"));
  };
  const post = await viewer.mark("exchange", ({ shape, until }) => shape === "send" && until !== undefined);
  const stream = await viewer.mark("exchange", ({ shape }) => shape === "stream");
  await viewer.mark("tick", ({ message }) => message?.text === "안녕");
  expect(await opened(post.request)).toMatch(/^POST .*\r\n\r\n\{"text":"안녕".*\}$/s);
  expect(await opened(post.response)).toMatch(/^HTTP.*\r\n\r\n\{"id":1.*\}$/s);
  expect(await opened(stream.response)).toMatch(/^HTTP.*chunked\r\n\r\n$/s);
});

test("a recording is saved while the chat goes on, and opened it shows the same", async () => {
  const chapter = await startChapter("ch09-polling");
  const live = await watching(chapter.port);
  const viewer = await viewerOf(live);
  await say(live.port, "one");
  await ask(`http://localhost:${live.port}/poll?after=0`);
  await viewer.mark("exchange", ({ target, until }) => target.startsWith("/poll") && until !== undefined);
  const { text, headers } = await ask(`${live.url}/recording`);
  expect(headers.get("content-disposition")).toMatch(/^attachment; filename="wire-[-0-9T]+\.ndjson"$/);
  const replayed = replay(text);
  expect(replayed.problems).toEqual([]);
  const { events, marks } = replayed.store.kept;
  const before = live.store.read(events, marks);
  expect(replayed.store.read(events, marks)).toEqual(before);
  expect(events.length).toBeGreaterThan(5);
});

test("the viewer's page may load its own files and show the proxied chats, nothing else", async () => {
  const { port } = await echoServer();
  const live = await watching(port);
  const page = await ask(`${live.url}/`);
  expect(page.status).toBe(200);
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(page.headers.get("content-security-policy")).toBe(
    `default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; frame-src http://localhost:${live.port}`,
  );
  for (const [, path = ""] of page.text.matchAll(/(?:src|href)="(\/[^"]+)"/g)) {
    expect({ path, status: (await ask(`${live.url}${path}`)).status }).toEqual({ path, status: 200 });
  }
  for (const path of ["/shared/tools/wire/wire.js", "/../package.json", "/event/x", "/nothing"]) {
    expect((await ask(`${live.url}${path}`)).status).toBe(404);
  }
});

test("it answers nobody but this machine's own pages: Host, Origin and Sec-Fetch-Site are checked", async () => {
  const { port } = await echoServer();
  const live = await watching(port);
  const viewer = Number(new URL(live.url).port);
  const status = async (path: string, headers: Record<string, string>, method = "GET") => {
    const request = http.request({ port: viewer, host: "127.0.0.1", path, method, headers });
    request.end(method === "POST" ? '{"fault":"cut"}' : undefined);
    const [response] = await once(request, "response");
    response.destroy();
    return response.statusCode;
  };
  const own = { Host: `localhost:${viewer}` };
  expect(await status("/", { Host: "evil.example" })).toBe(403);
  for (const path of ["/events", "/recording", "/event/1"]) {
    expect(await status(path, { ...own, Origin: "https://evil.example" })).toBe(403);
    expect(await status(path, { ...own, "Sec-Fetch-Site": "cross-site" })).toBe(403);
  }
  const json = { ...own, "Content-Type": "application/json" };
  expect(await status("/fault", { ...json, Origin: `http://localhost:${live.port}` }, "POST")).toBe(403);
  expect(await status("/fault", { ...own, "Content-Type": "text/plain" }, "POST")).toBe(415);
  expect(await status("/fault", own)).toBe(405);
  expect(await status("/fault", { ...json, Origin: `http://localhost:${viewer}` }, "POST")).toBe(200);
});

test("a fault that cannot be is refused with a sentence", async () => {
  const { port } = await echoServer();
  const live = await watching(port);
  const wrong = [
    null,
    {},
    { fault: "fire" },
    { fault: "cut", source: 2 },
    { fault: "refuse", seconds: 61 },
    { fault: "delay", ms: -1 },
    { fault: "stall", direction: "sideways", on: true },
    { fault: "split", on: 1 },
  ];
  for (const command of wrong) {
    const { status, text } = await post(live, "/fault", command);
    expect(status).toBe(400);
    expect(JSON.parse(text).error).toMatch(/\.$/);
  }
});

test("cut resets every connection, and the mark says that it was cut", async () => {
  const { port } = await echoServer();
  const live = await watching(port);
  const viewer = await viewerOf(live);
  const connection = rawConnection(live.port, "hello");
  await connection.until((text) => text === "hello");
  expect((await strike(live, { fault: "cut" })).status).toBe(200);
  await connection.ended();
  await viewer.mark("connection", ({ end }) => end === "cut");
  await viewer.mark("fault", ({ fault, until }) => fault === "cut" && until !== undefined);
});

test("refuse resets new connections, until it is over or undone", async () => {
  const { port } = await echoServer();
  const live = await watching(port);
  const viewer = await viewerOf(live);
  for (const [seconds, undo] of [
    [60, { fault: "refuse", seconds: 0 }],
    [60, { fault: "heal" }],
    [1, undefined],
  ] as const) {
    await strike(live, { fault: "refuse", seconds });
    expect(await rawConnection(live.port).ended()).toBe("");
    if (undo) await strike(live, undo);
    await viewer.until(() => live.recorder.faults()[0]?.refusedUntil === undefined);
    await rawConnection(live.port, "hello").until((text) => text === "hello");
  }
  expect(viewer.marks().filter(({ mark }) => mark === "fault")).toMatchObject(
    Array.from({ length: 3 }, () => ({ fault: "refuse", until: expect.any(Number) })),
  );
  await viewer.mark("connection", ({ end }) => end === "refused");
});

test("under a delay the marks say when bytes were read and when they had gone on", async () => {
  const chapter = await startChapter("ch09-polling");
  const live = await watching(chapter.port);
  const viewer = await viewerOf(live);
  await strike(live, { fault: "delay", ms: 80 });
  await ask(`http://localhost:${live.port}/poll?after=0`);
  const mark = await viewer.mark("exchange", ({ until }) => until !== undefined);
  const { at, asked = 0, answered = 0, until = 0 } = mark;
  expect(asked - at).toBeGreaterThanOrEqual(79);
  expect(until - answered).toBeGreaterThanOrEqual(79);
});

test("a stalled direction holds everything back until it is resumed, and the other goes on", async () => {
  const { port, sockets } = await echoServer();
  const live = await watching(port);
  const viewer = await viewerOf(live);
  const connection = rawConnection(live.port, "one");
  await connection.until((text) => text === "one");
  await strike(live, { fault: "stall", direction: "downstream", on: true });
  connection.socket.write("two");
  const read = () => live.store.records.filter((record) => record.type === "bytes").length;
  await viewer.until(() => read() === 4);
  expect(connection.received()).toBe("one");
  expect(sockets.at(-1)?.bytesRead).toBe(6);
  const { text } = await strike(live, { fault: "heal" });
  expect(JSON.parse(text).faults).toEqual([{ source: 1, delay: 0, stalled: [], split: false }]);
  await connection.until((all) => all === "onetwo");
});

test("split writes single bytes, which change nothing of what is decoded", async () => {
  const chapter = await startChapter("ch11-sse");
  const live = await watching(chapter.port);
  const viewer = await viewerOf(live);
  await strike(live, { fault: "split", on: true });
  const stream = rawConnection(live.port, "GET /subscribe?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await stream.until((text) => text.endsWith("data:\n\n\r\n"));
  await say(live.port, "안녕");
  await viewer.mark("tick", ({ message, passed }) => message?.text === "안녕" && passed !== undefined);
  expect(viewer.newest()?.faults).toMatchObject([{ split: true }]);
});

test("clear forgets what was seen, for every viewer; what is open stays known", async () => {
  const chapter = await startChapter("ch11-sse");
  const live = await watching(chapter.port);
  const viewer = await viewerOf(live);
  rawConnection(live.port, "GET /subscribe?after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await say(live.port, "before");
  await viewer.mark("tick", ({ message }) => message?.text === "before");
  expect((await post(live, "/clear", {})).status).toBe(204);
  await viewer.until(() => viewer.hellos.length === 2);
  await say(live.port, "after");
  await viewer.mark("tick", ({ message }) => message?.text === "after");
  expect(viewer.marks().filter(({ mark }) => mark === "tick")).toHaveLength(1);
  await viewer.mark("exchange", ({ shape }) => shape === "stream");
  expect(viewer.newest()?.counters).toMatchObject([{ sent: 1, arrived: 1 }]);
  // The same in a recording that is saved later.
  const replayed = replay((await ask(`${live.url}/recording`)).text);
  expect(replayed.problems).toEqual([]);
  expect(replayed.counters).toMatchObject([{ sent: 1, arrived: 1 }]);
});

test("200 connections at once: no byte is changed, whatever the decoders make of them, and the newest are kept", async () => {
  const { port } = await echoServer();
  const live = await watching(port);
  const sum = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
  const talk = async (index: number) => {
    // Some are HTTP at first, some frames, most are noise; each says 500 kB and hears the same.
    const noise = randomBytes(500_000);
    const sent = index % 2 === 0 ? Buffer.concat([Buffer.from("GET / HTTP/1.1\r\n\r\n"), noise]) : noise;
    const socket = connect(live.port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    const chunks: Buffer[] = [];
    let length = 0;
    socket.write(sent);
    for await (const chunk of socket) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= sent.length) break;
    }
    return sum(Buffer.concat(chunks)) === sum(sent);
  };
  const same = await Promise.all(Array.from({ length: 200 }, (_, index) => talk(index)));
  expect(same.filter((each) => !each)).toEqual([]);
  const kept = live.store.records.reduce(
    (all, record) => all + (record.type === "bytes" ? record.bytes.length : 0),
    0,
  );
  expect(kept).toBeGreaterThan(32 * 1024 * 1024);
  expect(kept).toBeLessThanOrEqual(64 * 1024 * 1024);
});
