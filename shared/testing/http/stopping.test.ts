import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ask, requestOf } from "../ask.ts";
import {
  CHAPTERS,
  type ChapterFolder,
  type ChapterProcess,
  startChapter,
  temporaryFolder,
} from "../chapter-process.ts";
import { logOf } from "../promises.ts";
import { type RawConnection, rawConnection } from "../raw.ts";

const SENDING = ["ch09-polling", "ch10-long-polling", "ch11-sse"] as const;
const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
const NOTHING_WRONG = { code: 0, signal: null, stderr: "" };
/** An unmasked close frame with the code 1001 (RFC 6455 §5.5.1, §7.4.1). */
const GOING_AWAY = "\x88\x02\x03\xe9";

/** What each chapter's client asks to be told of news, and how it looks when it is waiting. */
const RECEIVING: Record<
  ChapterFolder,
  { line: string; headers?: Record<string, string>; waiting: RegExp | undefined }
> = {
  "ch09-polling": { line: "GET /poll", waiting: undefined },
  "ch10-long-polling": { line: "GET /longpoll", waiting: undefined },
  "ch11-sse": { line: "GET /subscribe", waiting: /retry: 1000\nevent: heartbeat\nid: 0\ndata:\n\n\r\n$/ },
  "ch12-websocket": {
    line: "GET /",
    headers: {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    },
    waiting: /^HTTP\/1\.1 101 .*\r\n\r\n$/s,
  },
};

/** How a client that waits sees the end. */
const END: Record<ChapterFolder, RegExp> = {
  "ch09-polling": /^HTTP\/1\.1 204 No Content\r\n(?:[^\r\n]+\r\n)+\r\n$/,
  "ch10-long-polling": /^HTTP\/1\.1 204 No Content\r\n(?:[^\r\n]+\r\n)+\r\n$/,
  "ch11-sse": /^HTTP\/1\.1 200 OK\r\n.*\r\n0\r\n\r\n$/s,
  "ch12-websocket": new RegExp(`^HTTP/1\\.1 101 .*\\r\\n\\r\\n${GOING_AWAY}$`, "s"),
};

const receiving = (name: ChapterFolder, port: number) => {
  const { line, headers = {} } = RECEIVING[name];
  return requestOf(port, line, { headers: { Connection: undefined, ...headers } });
};

/** A connection that was used, and may be again. */
async function keptConnection(port: number): Promise<RawConnection> {
  const connection = rawConnection(port, requestOf(port, "HEAD /", { headers: { Connection: undefined } }));
  await connection.until((read) => read.endsWith("\r\n\r\n"));
  return connection;
}

/** A `POST` of which the server has the head, waits for the body, and gets the first bytes. */
async function halfSentPost(port: number, body: string, headers: Record<string, string | undefined> = {}) {
  const post = requestOf(port, "POST /update", {
    headers: {
      "Content-Type": "application/json",
      "Content-Length": String(body.length),
      Expect: "100-continue",
      ...headers,
    },
  });
  const connection = rawConnection(port, post);
  await connection.until((read) => read === CONTINUE);
  connection.socket.write(body.slice(0, 3));
  return { connection, rest: body.slice(3) };
}

/**
 * Sends a signal and waits until the stop has begun: an idle connection is closed at once. The chapter's clock is the
 * test's, so that the stop goes no further than its first step until the test says so.
 */
async function beginStop(chapter: ChapterProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  const idle = await keptConnection(chapter.port);
  void chapter.stop(signal);
  await idle.ended();
}

/** Moves the chapter's clock. It may end by that, so nobody waits for what the probe says. */
function pass(chapter: ChapterProcess, milliseconds: number): void {
  void chapter.probe(milliseconds).catch(() => {});
}

describe.each(CHAPTERS)("%s", (name) => {
  test("answers who still asks on an open connection, and is not held by it", async () => {
    const chapter = await startChapter(name, { probe: true });
    const { port, probe } = chapter;
    const request = receiving(name, port);
    const late = rawConnection(port, request.subarray(0, 10));
    await beginStop(chapter);
    late.socket.write(request.subarray(10));
    await probe("sockets");
    const { waiting } = RECEIVING[name];
    if (waiting) await late.until((read) => waiting.test(read));
    pass(chapter, 50);
    await late.until((read) => END[name].test(read));
    late.socket.end(name === "ch12-websocket" ? Buffer.from("888200000000" + "03e9", "hex") : "");
    // Not by the end of the grace: the clock stands still.
    expect(await chapter.exit).toMatchObject(NOTHING_WRONG);
  });
});

describe.each(SENDING)("%s", (name) => {
  test.each([1, 2])("answers a POST that is under way, and keeps it (%i × SIGINT)", async (times) => {
    const file = join(temporaryFolder(), "log.ndjson");
    const chapter = await startChapter(name, { probe: true, args: ["--store", `file:${file}`] });
    const { connection, rest } = await halfSentPost(chapter.port, '{"text":"just in time"}');
    await beginStop(chapter, "SIGINT");
    if (times === 2) void chapter.stop("SIGINT");
    await chapter.probe("sockets");
    connection.socket.write(rest);
    expect(await connection.ended()).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 Created\r\n/);
    expect(await chapter.exit).toMatchObject(NOTHING_WRONG);
    expect(readFileSync(file, "utf8")).toContain("just in time");
  });
});

test("a disk that hangs does not hold up a stop: the chapter ends all the same, with 0", async () => {
  const running = await startChapter("ch09-polling", { probe: true, args: ["--store", logOf(0)] });
  await running.probe("hold the next flush");
  const lost = rawConnection(
    running.port,
    requestOf(running.port, "POST /update", {
      headers: { "Content-Type": "application/json" },
      body: '{"text":"not kept yet"}',
    }),
  );
  await running.probe("until it is held");
  expect((await ask(running.port, "GET /")).status).toBe(200);
  const exit = running.stop();
  while (await takesConnections(running.port)); // Until the signal has arrived.
  // The clock is the test's: at 1.8 s the chapter gives the disk up, and answers no question any more.
  await Promise.race([exit, running.probe(1_800)]);
  expect(await exit).toMatchObject({ code: 0, signal: null });
  expect(lost.received(), "nobody is told that it was kept").toBe("");
});

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => resolve(false)).on("connect", () => resolve(true));
    socket.on("connect", () => socket.destroy());
  });
}
