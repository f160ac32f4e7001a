import { describe, expect, test } from "vitest";
import { ask, expectRefusal, post, requestOf } from "../../shared/testing/ask.ts";
import { sharedChapter, startChapter } from "../../shared/testing/chapter-process.ts";
import { keepsPromises, logOf, times } from "../../shared/testing/promises.ts";
import { type RawConnection, rawConnection } from "../../shared/testing/raw.ts";

const chapter = "ch11-sse";

keepsPromises(chapter);

/** A chunk of an answer as it is on the wire, as Latin-1 (RFC 9112 §7.1). */
function chunkOf(text: string): string {
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`).toString("latin1");
}

/** A message's event. @param json as its sender was answered */
function eventOf(json: string): string {
  return `id: ${JSON.parse(json).id}\ndata: ${json}\n\n`;
}

const RETRY = "retry: 1000\n\n";

interface Stream extends RawConnection {
  /** What was read behind the head. */
  body(): string;
}

/** Asks for the stream and waits for its beginning. */
async function subscribe(
  port: number,
  line = "GET /subscribe",
  headers: Record<string, string | undefined> = {},
): Promise<Stream> {
  const connection = rawConnection(
    port,
    requestOf(port, line, { headers: { Connection: undefined, ...headers } }),
  );
  const body = () => connection.received().slice(connection.received().indexOf("\r\n\r\n") + 4);
  await connection.until((received) => received.includes(RETRY));
  return { ...connection, body };
}

async function send(port: number, draft: object): Promise<string> {
  return (await post(port, JSON.stringify(draft))).body;
}

describe("the stream", () => {
  test("is chunks: first the time to reconnect, then for each message its id and its JSON, and at the end the last chunk", async () => {
    const running = await startChapter(chapter);
    const { port } = running;
    const stream = await subscribe(port);
    const head = stream.received().slice(0, -stream.body().length);
    expect(head.replace(/^Date: .*\r\n/m, "")).toBe(
      "HTTP/1.1 200 OK\r\n" +
        "Content-Type: text/event-stream\r\n" +
        "Cache-Control: no-store\r\n" +
        "Connection: keep-alive\r\n" +
        "Keep-Alive: timeout=15\r\n" +
        "Transfer-Encoding: chunked\r\n" +
        "\r\n",
    );
    expect(stream.body()).toBe("d\r\nretry: 1000\n\n\r\n");
    const first = await send(port, { author: "ann", text: "안녕 👋" });
    const second = await send(port, { text: "data: x\r\nid: 9\n\nretry: 1" });
    const expected = chunkOf(RETRY) + chunkOf(eventOf(first)) + chunkOf(eventOf(second));
    await stream.until(() => stream.body().length >= expected.length);
    expect(stream.body()).toBe(expected);
    const stopped = running.stop();
    await stream.ended();
    expect(stream.body()).toBe(`${expected}0\r\n\r\n`);
    stream.socket.end();
    expect(await stopped).toMatchObject({ code: 0, stderr: "" });
  });

  test("is bare to a client of HTTP/1.0, which knows no chunks, and its end is the connection's", async () => {
    const running = await startChapter(chapter);
    const { port } = running;
    const before = await send(port, { text: "하나" });
    const stream = await subscribe(port, "GET /subscribe HTTP/1.0");
    expect(stream.received()).not.toMatch(/^Transfer-Encoding/im);
    const after = await send(port, { text: "둘" });
    const expected = Buffer.from(RETRY + eventOf(before) + eventOf(after)).toString("latin1");
    await stream.until(() => stream.body().length >= expected.length);
    const stopped = running.stop();
    await stream.ended();
    expect(stream.body()).toBe(expected);
    stream.socket.end();
    await stopped;
  });

  test("has in one chunk what was kept together, in order", async () => {
    const { port } = await startChapter(chapter);
    const stream = await subscribe(port);
    const headers = { Connection: undefined, "Content-Type": "application/json" };
    // In one piece, and so kept in one turn of the event loop.
    const drafts = times(3, (index) =>
      requestOf(port, "POST /update", { headers, body: `{"text": "${index}"}` }),
    );
    const sender = rawConnection(port, Buffer.concat(drafts));
    await stream.until((received) => received.includes('"id":3,'));
    await sender.until((received) => received.includes('"id":3,'));
    const messages = sender.received().match(/^\{.*\}/gm) ?? [];
    const events = messages.map((json) => eventOf(Buffer.from(json, "latin1").toString())).join("");
    const expected = chunkOf(RETRY) + chunkOf(events);
    await stream.until(() => stream.body().length >= expected.length);
    expect(stream.body()).toBe(expected);
  });

  test("is never silent for 15 s: a comment comes, which no page can see", async () => {
    const { port, probe } = await startChapter(chapter, { probe: true });
    const streams = [await subscribe(port), await subscribe(port, "GET /subscribe HTTP/1.0")];
    await send(port, { text: "Both have joined." });
    for (const stream of streams) await stream.until((received) => received.includes("joined"));
    const [before = "", bare = ""] = streams.map(({ body }) => body());
    const comment = chunkOf(": \n\n");
    for (const count of [1, 2, 3]) {
      await probe(15_000);
      await streams[0]?.until(
        () => (streams[0]?.body().length ?? 0) >= (before + comment.repeat(count)).length,
      );
      await streams[1]?.until(
        () => (streams[1]?.body().length ?? 0) >= (bare + ": \n\n".repeat(count)).length,
      );
    }
    expect(streams[0]?.body()).toBe(before + comment.repeat(3));
    expect(streams[1]?.body()).toBe(bare + ": \n\n".repeat(3));
  });
});

describe("the cursor", () => {
  const shared = sharedChapter(chapter);

  /** The ids of the events that a new client is sent, up to the newest. */
  async function idsFor(target: string, headers: Record<string, string> = {}): Promise<number[]> {
    const { port } = shared();
    const stream = await subscribe(port, `GET ${target}`, headers);
    const { id: last } = JSON.parse(await send(port, { text: "That is all." }));
    await stream.until((received) => received.includes(`\nid: ${last}\n`));
    return (stream.body().match(/^id: \d+$/gm) ?? [])
      .map((line) => Number(line.slice(4)))
      .filter((id) => id < last);
  }

  test("is Last-Event-ID, which wins over the after of an address that does not change", async () => {
    const { id } = JSON.parse(await send(shared().port, { text: "하나" }));
    expect((await idsFor("/subscribe?after=0")).at(0)).toBe(1);
    expect((await idsFor("/subscribe?after=0", { "Last-Event-ID": `${id}` })).at(0)).toBe(id + 1);
    expect((await idsFor(`/subscribe?after=${id}`, { "Last-Event-ID": "0" })).at(0)).toBe(1);
    expect((await idsFor("/subscribe?after=no-cursor", { "Last-Event-ID": `${id}` })).at(0)).toBe(id + 1);
  });

  test.each([["x"], ["-1"], ["1.5"], ["1234567890123456"], [""], ["1, 2"]])(
    "a Last-Event-ID that is no cursor is refused: %j",
    async (id) => {
      const headers = { "Last-Event-ID": id };
      expectRefusal(await ask(shared().port, "GET /subscribe?after=0", { headers }), 400);
    },
  );

  test("beyond the newest says that the log was reset, in the header too", async () => {
    const { port } = await startChapter(chapter, { args: ["--store", logOf(3)] });
    const stream = await subscribe(port, "GET /subscribe", { "Last-Event-ID": "4" });
    await stream.until((received) => received.includes("\nid: 3\n"));
    expect(stream.body().match(/^id: .*$/gm)).toEqual(["id: 1", "id: 2", "id: 3"]);
  });
});

test("a stream that is asked for behind another unanswered request is refused, and the chapter goes on", async () => {
  const { port } = await startChapter(chapter);
  const request = requestOf(port, "GET /subscribe", { headers: { Connection: undefined } });
  const { until } = rawConnection(port, Buffer.concat([request, request]));
  await until((received) => received.includes(RETRY));
  const { body } = await post(port, '{"text": "안녕"}');
  await until((received) => received.includes(chunkOf(eventOf(body))));
});
