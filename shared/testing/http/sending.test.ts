import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Answer, answerIn, ask, expectRefusal, post, requestOf } from "../ask.ts";
import { sharedChapter, startChapter, temporaryFolder } from "../chapter-process.ts";
import { rawConnection } from "../raw.ts";

const LIMIT = 16 * 1024;
const JSON_TYPE = { "Content-Type": "application/json" };

/** The message in an answer. */
function messageIn({ status, headers, body }: Answer, expected = 201): Record<string, unknown> {
  expect([status, body]).toEqual([expected, expect.any(String)]);
  expect(headers.get("content-type")).toBe("application/json");
  expect(headers.get("cache-control")).toBe("no-store");
  return JSON.parse(body);
}

const draft = (fields: Record<string, unknown>) => JSON.stringify(fields);

/** A draft of exactly so many bytes. */
function draftOf(bytes: number): string {
  const bare = draft({ text: "x", padding: "" });
  return draft({ text: "x", padding: "p".repeat(bytes - bare.length) });
}

describe.each(["ch09-polling", "ch10-long-polling", "ch11-sse"] as const)("%s: POST /update", (name) => {
  const chapter = sharedChapter(name);
  const send = (body: string | Uint8Array, headers: Record<string, string | undefined> = {}) =>
    post(chapter().port, body, headers);

  test("answers 201 and the message: its place, its author, its text, the server's time, its key", async () => {
    const before = Date.now();
    const first = messageIn(
      await send(draft({ text: " 안녕 👋\n\t<b>\u0000", author: "ann", key: "a_Z-9" })),
    );
    expect(first).toEqual({
      id: expect.any(Number),
      author: "ann",
      text: " 안녕 👋\n\t<b>\u0000",
      timestamp: expect.any(Number),
      key: "a_Z-9",
    });
    expect(first["timestamp"]).toBeGreaterThanOrEqual(before);
    expect(first["timestamp"]).toBeLessThanOrEqual(Date.now());
    const second = messageIn(await send(draft({ text: "x" })));
    expect(second["id"]).toBe(Number(first["id"]) + 1);
  });

  test("calls who gives no name, or an empty one, anonymous", async () => {
    for (const author of [undefined, ""]) {
      expect(messageIn(await send(draft({ text: "x", author })))["author"]).toBe("anonymous");
    }
  });

  test("makes a key where none was sent, another each time", async () => {
    const keys = [messageIn(await send('{"text":"x"}'))["key"], messageIn(await send('{"text":"x"}'))["key"]];
    for (const key of keys) expect(key).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    expect(new Set(keys).size).toBe(2);
  });

  test.each(["once", "__proto__", "constructor", "toString", "-", "0", "k".repeat(64)])(
    "answers a second draft with the key %s with 200 and the first message",
    async (key) => {
      const first = messageIn(await send(draft({ text: "first", author: "ann", key })));
      expect(first).toMatchObject({ text: "first", key });
      expect(messageIn(await send(draft({ text: "second", author: "bob", key })), 200)).toEqual(first);
      const next = messageIn(await send('{"text":"next"}'));
      expect(next["id"]).toBe(Number(first["id"]) + 1);
    },
  );

  test("ignores the fields that it does not know, the message's own included", async () => {
    const sent =
      '{"text":"x","id":99,"timestamp":1,"__proto__":{"author":"eve"},"constructor":null,"a":[{}]}';
    const message = messageIn(await send(sent));
    expect(Object.keys(message)).toEqual(["id", "author", "text", "timestamp", "key"]);
    expect(message).toMatchObject({ text: "x", author: "anonymous" });
    expect(message["id"]).not.toBe(99);
    expect(message["timestamp"]).not.toBe(1);
  });

  test.each<[string, string | Uint8Array]>([
    ["no body", ""],
    ["no JSON", "text=x"],
    ["half of it", '{"text":"x"'],
    ["more after it", '{"text":"x"}{'],
    ["null", "null"],
    ["a string", '"x"'],
    ["a number", "1"],
    ["an array", '[{"text":"x"}]'],
    ["no text", "{}"],
    ["a text that is inherited", '{"__proto__":{"text":"x"}}'],
    ["text null", '{"text":null}'],
    ["text a number", '{"text":1}'],
    ["text an array", '{"text":["x"]}'],
    ["text empty", '{"text":""}'],
    ["text blank", draft({ text: " \t\r\n\u00a0\u3000" })],
    ["text too long", draft({ text: "x".repeat(2_001) })],
    ["text too long by half an emoji", draft({ text: `x${"👋".repeat(1_000)}` })],
    ["text with a lone surrogate", '{"text":"a\\ud83d"}'],
    ["text with the surrogates in the wrong order", '{"text":"\\udc4b\\ud83d"}'],
    ["text with half an emoji in bytes", Buffer.from('{"text":"\u00f0\u009f\u0091"}', "latin1")],
    ["text in Latin-1", Buffer.from('{"text":"caf\u00e9"}', "latin1")],
    ["text in UTF-16", Buffer.from('{"text":"x"}', "utf16le")],
    ["a surrogate in UTF-8 bytes", Buffer.from('{"text":"\u00ed\u00a0\u00bd"}', "latin1")],
    ["author null", '{"text":"x","author":null}'],
    ["author a number", '{"text":"x","author":1}'],
    ["author too long", draft({ text: "x", author: "x".repeat(33) })],
    ["author too long by half an emoji", draft({ text: "x", author: `x${"👋".repeat(16)}` })],
    ["author with a lone surrogate", '{"text":"x","author":"\\udc4b"}'],
    ["key null", '{"text":"x","key":null}'],
    ["key a number", '{"text":"x","key":1}'],
    ["key empty", '{"text":"x","key":""}'],
    ["key too long", draft({ text: "x", key: "k".repeat(65) })],
    ["key with a space", '{"text":"x","key":"a b"}'],
    ["key with a line end", '{"text":"x","key":"ab\\n"}'],
    ["key in Korean", draft({ text: "x", key: "열쇠" })],
  ])("refuses, with 400: %s", async (_, body) => {
    expectRefusal(await send(body), 400);
  });

  test("refuses a body that is missing altogether, with 400", async () => {
    expectRefusal(await ask(chapter().port, "POST /update", { headers: JSON_TYPE }), 400);
  });

  test("counts characters as UTF-16 does: an emoji is two, a Korean syllable one", async () => {
    const longest = { text: "👋".repeat(1_000), author: "👋".repeat(16) };
    expect(messageIn(await send(draft(longest)))).toMatchObject(longest);
    const korean = { text: "한".repeat(2_000), author: "한".repeat(32) };
    expect(messageIn(await send(draft(korean)))).toMatchObject(korean);
  });

  test.each([
    "application/json",
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    "Application/JSON",
    "application/json \t; a=b",
  ])("takes Content-Type: %s", async (type) => {
    messageIn(await send('{"text":"x"}', { "Content-Type": type }));
  });

  test.each([
    undefined,
    "",
    "text/plain",
    "text/plain; application/json",
    "text/plain;charset=UTF-8",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonx",
    "application/json, text/plain",
    "application/json x",
    "application/ld+json",
    "xapplication/json",
    "json",
  ])("refuses Content-Type: %s, with 415", async (type) => {
    expectRefusal(await send('{"text":"x"}', { "Content-Type": type }), 415);
  });

  test("takes a Korean character that is cut between two segments, or two chunks, whole", async () => {
    const { port } = chapter();
    const bytes = Buffer.from('{"text":"한글"}');
    const cut = bytes.indexOf(Buffer.from("한")) + 1;
    // With 100-continue the server says when it waits for the body, so that the first piece is read by itself.
    const headers = { ...JSON_TYPE, Expect: "100-continue", "Content-Length": String(bytes.length) };
    const segments = rawConnection(port, requestOf(port, "POST /update", { headers }));
    await segments.until((read) => read === "HTTP/1.1 100 Continue\r\n\r\n");
    segments.socket.setNoDelay().write(bytes.subarray(0, cut));
    // Another request's answer: by then the server has read the first segment.
    await ask(port, "GET /");
    segments.socket.write(bytes.subarray(cut));
    const answer = answerIn((await segments.ended()).replace("HTTP/1.1 100 Continue\r\n\r\n", ""));
    expect(messageIn(answer)["text"]).toBe("한글");

    const chunks = [bytes.subarray(0, cut), bytes.subarray(cut, cut + 1), bytes.subarray(cut + 1)].map(
      (piece) => Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n")]),
    );
    const body = Buffer.concat([...chunks, Buffer.from("0\r\n\r\n")]);
    const chunked = { "Transfer-Encoding": "chunked", "Content-Length": undefined };
    expect(messageIn(await send(body, chunked))["text"]).toBe("한글");
  });

  test("takes a body of exactly 16 KiB and refuses one byte more, with 413", async () => {
    messageIn(await send(draftOf(LIMIT)));
    const answer = await send(draftOf(LIMIT + 1));
    expectRefusal(answer, 413);
    expect(answer.headers.get("connection")).toBe("close");
  });

  test("counts the bytes of a chunked body: 16 KiB pass, one byte more is 413", async () => {
    const chunked = { "Transfer-Encoding": "chunked", "Content-Length": undefined, Connection: "keep-alive" };
    const half = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
    const chunksOf = (text: string) => `${half(text.slice(0, 8_000))}${half(text.slice(8_000))}0\r\n\r\n`;
    messageIn(await send(chunksOf(draftOf(LIMIT)), { ...chunked, Connection: "close" }));
    const answer = await send(chunksOf(draftOf(LIMIT + 1)), chunked);
    expectRefusal(answer, 413);
  });
});

describe.each(["ch09-polling", "ch10-long-polling", "ch11-sse"] as const)(
  "%s: a body that is too large",
  (name) => {
    // The clock is the test's: that a client gets to read its answer must not depend on who is faster.
    const chapter = sharedChapter(name, { probe: true });
    const headOf = (port: number, headers: Record<string, string | undefined>) =>
      requestOf(port, "POST /update", { headers: { ...JSON_TYPE, Connection: undefined, ...headers } });

    test("is refused by its Content-Length, before any of it is there", async () => {
      const { port } = chapter();
      const connection = rawConnection(port, headOf(port, { "Content-Length": String(LIMIT + 1) }));
      const read = await connection.until((text) => text.endsWith("}"));
      const answer = answerIn(read);
      expectRefusal(answer, 413);
      expect(answer.headers.get("connection")).toBe("close");
      expect(answer.headers.get("cache-control")).toBe("no-store");
    });

    test("is not asked for with 100 Continue, and one that is not too large is", async () => {
      const { port } = chapter();
      const expecting = (bytes: number) =>
        headOf(port, { Expect: "100-continue", "Content-Length": String(bytes) });
      const large = rawConnection(port, expecting(LIMIT + 1));
      expectRefusal(answerIn(await large.until((text) => text.endsWith("}"))), 413);
      const fitting = rawConnection(port, expecting(LIMIT));
      await fitting.until((text) => text === "HTTP/1.1 100 Continue\r\n\r\n");
    });

    test("is refused in the middle, where it is chunked", async () => {
      const { port } = chapter();
      const connection = rawConnection(port, headOf(port, { "Transfer-Encoding": "chunked" }));
      connection.socket.write(`${(LIMIT + 1).toString(16)}\r\n${"x".repeat(LIMIT)}`);
      expect(connection.received()).toBe("");
      connection.socket.write("x");
      const answer = answerIn(await connection.until((text) => text.endsWith("}")));
      expectRefusal(answer, 413);
      expect(answer.headers.get("connection")).toBe("close");
    });

    test("may be written whole before the answer is read, and the answer is there", async () => {
      const { port } = chapter();
      for (const bytes of [LIMIT + 1, 8 * 1024 * 1024]) {
        const connection = rawConnection(port);
        connection.socket.pause();
        connection.socket.write(headOf(port, { "Content-Length": String(bytes) }));
        await new Promise((resolve) => connection.socket.write(Buffer.alloc(bytes, "x"), resolve));
        connection.socket.resume();
        expectRefusal(answerIn(await connection.ended()), 413);
      }
    });

    test("does not go on for ever: who keeps sending is disconnected", async () => {
      const { port, probe } = chapter();
      const connection = rawConnection(port, headOf(port, { "Transfer-Encoding": "chunked" }));
      const chunk = Buffer.from(`10000\r\n${"x".repeat(0x10000)}\r\n`);
      const over = new Promise((resolve) => connection.socket.once("close", resolve));
      const sendOn = () => {
        if (!connection.socket.destroyed) connection.socket.write(chunk, () => setImmediate(sendOn));
      };
      sendOn();
      await connection.until((text) => text.endsWith("}"));
      expectRefusal(answerIn(connection.received()), 413);
      await probe(1_000);
      await over;
      await probe("all closed");
    });

    test("leaves the server serving, and no connection open", async () => {
      const { port, probe } = chapter();
      const silent = rawConnection(port, headOf(port, { "Content-Length": String(LIMIT + 1) }));
      await silent.until((text) => text.endsWith("}"));
      await probe(1_000);
      await silent.ended();
      messageIn(await post(port, draft({ text: "x" })));
      silent.socket.destroy();
      await probe("all closed");
    });
  },
);

describe.each([
  ["ch09-polling", "/poll"],
  ["ch10-long-polling", "/longpoll"],
  ["ch11-sse", "/subscribe"],
] as const)("%s on a disk that is full", (name, data) => {
  test("says 503 to the sender, shows nothing to anybody, and stays", async () => {
    const chapter = await startChapter(name, { args: ["--store", "file:/dev/full"] });
    const { port } = chapter;
    const receiver = rawConnection(
      port,
      requestOf(port, `GET ${data}?after=0`, { headers: { Connection: undefined } }),
    );
    for (const key of ["k", "k", undefined]) {
      expect(expectRefusal(await post(port, draft({ text: "lost", key })), 503)).toContain("disk");
    }
    expect((await ask(port, "GET /")).status).toBe(200);
    expect((await chapter.stop()).code).toBe(0);
    expect(await receiver.ended()).not.toContain("lost");
  });
});

test("who sends while another program has begun a line in the file is answered 201, each time", async () => {
  const file = join(temporaryFolder(), "log.ndjson");
  const { port } = await startChapter("ch09-polling", { args: ["--store", `file:${file}`] });
  for (let id = 1; id <= 20; id += 1) {
    appendFileSync(file, '{"half');
    expect(messageIn(await post(port, draft({ text: `${id}` })))).toMatchObject({ id, text: `${id}` });
  }
  const { body } = await ask(port, "GET /poll?after=0");
  expect(JSON.parse(body)).toHaveLength(20);
});

test("what was answered is in the file, one line of JSON a message, each key once", async () => {
  const file = join(temporaryFolder(), "log.ndjson");
  const { port } = await startChapter("ch09-polling", { args: ["--store", `file:${file}`] });
  const sent = ["하나", "둘\n"].map((text, index) => draft({ text, key: `k${index}` }));
  for (const body of [...sent, ...sent]) expect([200, 201]).toContain((await post(port, body)).status);
  const lines = readFileSync(file, "utf8").split("\n");
  expect(lines.pop()).toBe("");
  expect(lines.map((line) => JSON.parse(line).text)).toEqual(["하나", "둘\n"]);
});
