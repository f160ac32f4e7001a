import { describe, expect, test } from "vitest";
import { ask, expectRefusal, post, requestOf } from "../../shared/testing/ask.ts";
import { sharedChapter, startChapter } from "../../shared/testing/chapter-process.ts";
import { enter, keepsPromises, logOf, writtenByAnother } from "../../shared/testing/promises.ts";
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

/** The first block: when to reconnect, and from where. */
const beginning = (cursor: number) => `retry: 1000\nevent: heartbeat\nid: ${cursor}\ndata:\n\n`;
const HEARTBEAT = "event: heartbeat\ndata:\n\n";

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
  await connection.until((received) => received.includes("data:\n\n"));
  return { ...connection, body };
}

async function send(port: number, draft: object): Promise<string> {
  return (await post(port, JSON.stringify(draft))).body;
}

describe("the stream", () => {
  test("is chunks: first when to reconnect and from where, then for each message its id and its JSON, and at the end the last chunk", async () => {
    const running = await startChapter(chapter);
    const { port } = running;
    const stream = await subscribe(port);
    const first = await send(port, { author: "ann", text: "안녕 👋" });
    const second = await send(port, { text: "data: x\r\nid: 9\n\nretry: 1" });
    const expected =
      "2a\r\nretry: 1000\nevent: heartbeat\nid: 0\ndata:\n\n\r\n" +
      chunkOf(eventOf(first)) +
      chunkOf(eventOf(second));
    await stream.until(() => stream.body().length >= expected.length);
    expect(stream.body()).toBe(expected);
    const head = stream.received().slice(0, -expected.length);
    expect(head.replace(/^Date: .*\r\n/m, "")).toBe(
      "HTTP/1.1 200 OK\r\n" +
        "Content-Type: text/event-stream\r\n" +
        "Cache-Control: no-store\r\n" +
        "Connection: keep-alive\r\n" +
        "Keep-Alive: timeout=15\r\n" +
        "Transfer-Encoding: chunked\r\n" +
        "\r\n",
    );
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
    const expected = Buffer.from(beginning(0) + eventOf(before) + eventOf(after)).toString("latin1");
    await stream.until(() => stream.body().length >= expected.length);
    const stopped = running.stop();
    await stream.ended();
    expect(stream.body()).toBe(expected);
    stream.socket.end();
    await stopped;
  });

  test("has in one chunk what was kept together, in order", async () => {
    const store = logOf(0);
    const { port, url } = await startChapter(chapter, { args: ["--store", store] });
    const stream = await subscribe(port);
    const other = enter(chapter, url, { after: 0 });
    writtenByAnother(store, "하나", "둘", "셋");
    const messages = await other.until(({ length }) => length === 3);
    const events = messages.map((message) => eventOf(JSON.stringify(message))).join("");
    const expected = chunkOf(beginning(0)) + chunkOf(events);
    await stream.until(() => stream.body().length >= expected.length);
    expect(stream.body()).toBe(expected);
  });

  test("has a heartbeat every 15 s, which the page can see; all streams have it at the same time", async () => {
    const { port, probe } = await startChapter(chapter, { probe: true });
    const early = await subscribe(port);
    await probe(10_000);
    const late = await subscribe(port, "GET /subscribe HTTP/1.0");
    const sent: string[] = [];
    for (const time of [4_999, 1, 14_999, 1, 15_000]) {
      await probe(time);
      if (time !== 4_999 && time !== 14_999) sent.push(HEARTBEAT);
      // What was sent too early would come before this message.
      sent.push(eventOf(await send(port, { text: `${time} ms later` })));
    }
    const chunks = chunkOf(beginning(0)) + sent.map(chunkOf).join("");
    await early.until(() => early.body().length >= chunks.length);
    expect(early.body()).toBe(chunks);
    await late.until(() => late.body().length >= (beginning(0) + sent.join("")).length);
    expect(late.body()).toBe(beginning(0) + sent.join(""));
  });
});

describe("the cursor", () => {
  const shared = sharedChapter(chapter);

  /** The ids of the messages that a new client is sent, up to the newest. */
  async function idsFor(target: string, headers: Record<string, string> = {}): Promise<number[]> {
    const { port } = shared();
    const stream = await subscribe(port, `GET ${target}`, headers);
    const { id: last } = JSON.parse(await send(port, { text: "That is all." }));
    await stream.until((received) => received.includes(`\nid: ${last}\n`));
    return messageIds(stream).filter((id) => id < last);
  }

  function messageIds(stream: Stream): number[] {
    return [...stream.body().matchAll(/^id: (\d+)\ndata: {/gm)].map(([, id]) => Number(id));
  }

  test("is Last-Event-ID, which wins over the after of an address that does not change", async () => {
    const { id } = JSON.parse(await send(shared().port, { text: "하나" }));
    expect((await idsFor("/subscribe?after=0")).at(0)).toBe(1);
    expect((await idsFor("/subscribe?after=0", { "Last-Event-ID": `${id}` })).at(0)).toBe(id + 1);
    expect((await idsFor(`/subscribe?after=${id}`, { "Last-Event-ID": "0" })).at(0)).toBe(1);
    expect((await idsFor("/subscribe?after=no-cursor", { "Last-Event-ID": `${id}` })).at(0)).toBe(id + 1);
  });

  test("that the stream starts from is the first event's id, so that a page can reconnect before any message came", async () => {
    const { port } = await startChapter(chapter, { args: ["--store", logOf(150)] });
    const starts: [string, string | undefined, number][] = [
      ["/subscribe", undefined, 50],
      ["/subscribe?after=149", undefined, 149],
      ["/subscribe?after=7", "150", 150],
      ["/subscribe", "151", 50], // The log was reset.
    ];
    for (const [target, lastEventId, cursor] of starts) {
      const stream = await subscribe(port, `GET ${target}`, { "Last-Event-ID": lastEventId });
      expect(stream.body()).toContain(`\r\n${beginning(cursor)}\r\n`);
    }
  });

  test("a Last-Event-ID that is no cursor is refused: letters, a sign, a fraction, 16 digits, nothing, a list", async () => {
    for (const id of ["x", "-1", "1.5", "1234567890123456", "", "1, 2"]) {
      const headers = { "Last-Event-ID": id };
      expectRefusal(await ask(shared().port, "GET /subscribe?after=0", { headers }), 400);
    }
  });

  test("beyond the newest says that the log was reset, in the header too", async () => {
    const { port } = await startChapter(chapter, { args: ["--store", logOf(3)] });
    const stream = await subscribe(port, "GET /subscribe", { "Last-Event-ID": "4" });
    await stream.until((received) => received.includes("\nid: 3\n"));
    expect(messageIds(stream)).toEqual([1, 2, 3]);
  });
});

test("a request behind a stream on the same connection waits for its end; the stream and everybody else go on", async () => {
  const { port } = await startChapter(chapter);
  const requests = ["/subscribe", "/"].map((path) =>
    requestOf(port, `GET ${path}`, { headers: { Connection: undefined } }),
  );
  const { until } = rawConnection(port, Buffer.concat(requests));
  await until((received) => received.includes(beginning(0)));
  const { body } = await post(port, '{"text": "안녕"}');
  const received = await until((text) => text.includes(chunkOf(eventOf(body))));
  expect(received.match(/^HTTP\/1\.1 /gm)).toHaveLength(1);
});
