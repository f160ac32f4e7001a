import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { ask, expectRefusal, post } from "../../shared/testing/ask.ts";
import { sharedChapter, startChapter } from "../../shared/testing/chapter-process.ts";
import {
  BINARY,
  CLOSE,
  closing,
  type Frame,
  frameOf,
  PING,
  PONG,
  rawWebSocket,
  TEXT,
  upgradeOf,
} from "../../shared/testing/frames.ts";
import {
  enter,
  expectNothingHeld,
  idsFrom,
  keepsPromises,
  logOf,
  outputOf,
  times,
} from "../../shared/testing/promises.ts";
import { exchange, rawConnection } from "../../shared/testing/raw.ts";

const chapter = "ch12-websocket";

keepsPromises(chapter);

/** The target of an upgrade that is sent only what comes from now on. */
async function fromNow(port: number): Promise<string> {
  const client = enter(chapter, `http://localhost:${port}`);
  const { id } = await client.send({ text: "A test begins." });
  client.stop();
  return `/?after=${id}`;
}

/** A frame's JSON, where it is one whole text frame. */
function jsonOf(frame: Frame | undefined): Record<string, unknown> {
  expect(frame?.first).toBe(0x80 | TEXT);
  return JSON.parse(frame?.payload.toString() ?? "");
}

/** The code of a close frame. */
function codeOf(frame: Frame | undefined): number | undefined {
  expect(frame?.first).toBe(0x80 | CLOSE);
  return frame?.payload.readUInt16BE(0);
}

describe("the handshake", () => {
  const shared = sharedChapter(chapter);

  test("an upgrade is answered with 101, and RFC 6455's own sample key with its own sample answer", async () => {
    const { head } = await rawWebSocket(shared().port);
    expect(head).toBe(
      "HTTP/1.1 101 Switching Protocols\r\n" +
        "Upgrade: websocket\r\n" +
        "Connection: Upgrade\r\n" +
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" +
        "\r\n",
    );
  });

  test("a page of our own is let in, and neither a subprotocol nor an extension is agreed on", async () => {
    const { port } = shared();
    const connection = rawConnection(
      port,
      upgradeOf(port, "/", {
        Origin: `http://localhost:${port}`,
        "Sec-WebSocket-Protocol": "chat, superchat",
        "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
      }),
    );
    const head = await connection.until((received) => received.includes("\r\n\r\n"));
    expect(head).toMatch(/^HTTP\/1\.1 101 /);
    expect(head).not.toMatch(/^Sec-WebSocket-(Protocol|Extensions)/im);
  });

  test.each([
    ["a page of another origin", { Origin: "http://evil.example" }, "/", 403],
    ["a page without an origin of its own", { Origin: "null" }, "/", 403],
    ["a page of our own name on another port", { Origin: "http://localhost:1" }, "/", 403],
    ["a foreign Host", { Host: "evil.example" }, "/", 403],
    ["another path", {}, "/chat", 404],
    ["another method", {}, "POST /", 405],
    ["a cursor that is none", {}, "/?after=x", 400],
    ["an empty cursor", {}, "/?after=", 400],
    ["a key that is too short", { "Sec-WebSocket-Key": "c2hvcnQ=" }, "/", 400],
    ["no key", { "Sec-WebSocket-Key": undefined }, "/", 400],
    ["another version", { "Sec-WebSocket-Version": "8" }, "/", 426],
    ["no version", { "Sec-WebSocket-Version": undefined }, "/", 426],
  ])(
    "an upgrade with %s is refused before the handshake, and the connection closed",
    async (_, headers, target, status) => {
      const { port } = shared();
      const text = await exchange(port, upgradeOf(port, target, headers));
      const [head = "", body = ""] = text.split("\r\n\r\n");
      expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(head).toMatch(status === 426 ? /^Connection: close, Upgrade$/im : /^Connection: close$/im);
      expect(head.includes("\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13")).toBe(status === 426);
      expect(JSON.parse(body)).toEqual({ error: expect.stringMatching(/^[A-Z].*\.$/) });
    },
  );

  test("an upgrade to anything but WebSocket is ignored: it gets the page", async () => {
    const { port } = shared();
    const headers = { Upgrade: "h2c", Connection: "close, Upgrade, HTTP2-Settings", "HTTP2-Settings": "" };
    const { status, body } = await ask(port, "GET /", { headers });
    expect(status).toBe(200);
    expect(body).toMatch(/^<!doctype html>/);
  });

  test("sending is the socket's: POST /update is not there", async () => {
    expectRefusal(await post(shared().port, '{"text": "Hello"}'), 404);
  });

  test("a client that resets its connection in the middle of the handshake takes nobody with it", async () => {
    const { port } = shared();
    for (const headers of [{}, { Origin: "null" }, { "Sec-WebSocket-Version": "8" }, { Upgrade: "h2c" }]) {
      const connection = rawConnection(port, upgradeOf(port, "/", headers));
      await connection.until((received) => received !== "");
      connection.socket.resetAndDestroy();
    }
    const { socket } = rawConnection(port);
    socket.write(upgradeOf(port, "/"), () => socket.resetAndDestroy());
    await rawWebSocket(port);
    expect(shared().stderr()).toBe("");
  });
});

describe("the frames", () => {
  const shared = sharedChapter(chapter);

  test("a message is one text frame: 81, its length, its JSON", async () => {
    const { port } = await startChapter(chapter);
    const { connection, head, send, until } = await rawWebSocket(port);
    send('{"author": "a", "text": "안녕", "key": "k-1"}');
    send(JSON.stringify({ author: "a", text: "한".repeat(2_000), key: "k-2" }));
    const frames = await until(2);
    const [short = {}, long = {}] = frames.map(jsonOf);
    expect(short).toEqual({ id: 1, author: "a", text: "안녕", timestamp: expect.any(Number), key: "k-1" });
    const [shortJson, longJson] = [short, long].map((message) =>
      Buffer.from(JSON.stringify(message)).toString("latin1"),
    );
    expect(shortJson?.length).toBeLessThan(126);
    const length = longJson?.length ?? 0; // 126 says that the length follows in two bytes.
    expect(connection.received().slice(head.length)).toBe(
      `\x81${String.fromCharCode(shortJson?.length ?? 0)}${shortJson}` +
        `\x81\x7e${String.fromCharCode(length >> 8, length & 0xff)}${longJson}`,
    );
  });

  test('RFC 6455\'s own sample of a masked "Hello" becomes a message', async () => {
    const { port } = shared();
    const { connection, until } = await rawWebSocket(port, await fromNow(port));
    connection.socket.write(Buffer.from("818537fa213d7f9f4d5158", "hex"));
    expect(jsonOf((await until(1))[0])).toMatchObject({ author: "anonymous", text: "Hello" });
  });

  test("what is sent in one piece with the handshake is read too", async () => {
    const { port } = shared();
    const { until } = await rawWebSocket(
      port,
      await fromNow(port),
      Buffer.concat([frameOf("one"), frameOf("two")]),
    );
    expect((await until(2)).map((frame) => jsonOf(frame)["text"])).toEqual(["one", "two"]);
  });

  test("a message may come in pieces, cut within a character, with a ping between them", async () => {
    const { port } = shared();
    const { send, until } = await rawWebSocket(port, await fromNow(port));
    const bytes = Buffer.from("안녕");
    send(bytes.subarray(0, 2), { fin: false });
    send("still there?", { opcode: PING });
    send(bytes.subarray(2, 4), { opcode: 0, fin: false });
    send(bytes.subarray(4), { opcode: 0 });
    const [pong, message] = await until(2);
    expect(pong).toEqual({ first: 0x80 | PONG, payload: Buffer.from("still there?") });
    expect(jsonOf(message)).toMatchObject({ text: "안녕" });
  });

  test.each(["Hello", "[1, 2]", '"quoted"', "42", "null", "{half", "{}x"])(
    "text that is no JSON object is the message's text: %s",
    async (text) => {
      const { port } = shared();
      const { send, until } = await rawWebSocket(port, await fromNow(port));
      send(text);
      expect(jsonOf((await until(1))[0])).toMatchObject({ author: "anonymous", text });
    },
  );

  test("a refused draft is answered on its connection, by its key, and the connection stays open", async () => {
    const { port } = shared();
    const now = await fromNow(port);
    const { send, until } = await rawWebSocket(port, now);
    const other = await rawWebSocket(port, now);
    const refused = ['{"text": " ", "key": "k-1"}', '{"text": 5}', '{"text": "x", "key": 7}', "{}", " "];
    for (const draft of refused) send(draft);
    send("Hello");
    const frames = (await until(6)).map(jsonOf);
    expect(frames).toEqual([
      { error: 'The field "text" is blank: write something.', key: "k-1" },
      { error: 'The field "text" must be a string.' },
      { error: 'The field "key" must be a string.' },
      { error: 'The field "text" is missing: send your words in it.' },
      { error: 'The field "text" is blank: write something.' },
      expect.objectContaining({ text: "Hello" }),
    ]);
    expect((await other.until(1)).map(jsonOf)).toEqual([frames[5]]);
  });

  test("a message of 16 KiB is read, and one byte more closes the connection with 1009", async () => {
    const { port } = shared();
    const { send, until, ended } = await rawWebSocket(port, await fromNow(port));
    send("x".repeat(16_384)); // Longer than a text may be, and so refused: but it was read.
    expect(jsonOf((await until(1))[0])).toHaveProperty("error");
    send("x".repeat(16_385));
    expect(codeOf((await ended()).at(-1))).toBe(1009);
  });

  const part = { fin: false };
  test.each([
    ["a binary message", 1003, [frameOf("x", { opcode: BINARY })]],
    ["a frame that is not masked", 1002, [frameOf("x", { mask: undefined })]],
    ["RSV1, which says compressed", 1002, [frameOf("x", { reserved: 0x40 })]],
    ["RSV2", 1002, [frameOf("x", { reserved: 0x20 })]],
    ["RSV3", 1002, [frameOf("x", { reserved: 0x10 })]],
    ["an opcode that is not defined", 1002, [frameOf("x", { opcode: 0x3 })]],
    ["a control opcode that is not defined", 1002, [frameOf("x", { opcode: 0xb })]],
    ["a continuation of nothing", 1002, [frameOf("x", { opcode: 0 })]],
    ["a new message within a message", 1002, [frameOf("x", part), frameOf("y")]],
    ["a ping of 126 bytes", 1002, [frameOf("x".repeat(126), { opcode: PING })]],
    ["a ping in pieces", 1002, [frameOf("x", { opcode: PING, fin: false })]],
    ["a close frame with half a code", 1002, [frameOf("x", { opcode: CLOSE })]],
    ["a close code that may not be sent", 1002, [frameOf(closing(1005), { opcode: CLOSE })]],
    ["a close reason that is not UTF-8", 1007, [frameOf(closing(1000, Buffer.of(0xff)), { opcode: CLOSE })]],
    ["text that is not UTF-8", 1007, [frameOf(Buffer.of(0xc3, 0x28))]],
    ["half a character", 1007, [frameOf(Buffer.from("안").subarray(0, 2))]],
    ["a surrogate in UTF-8", 1007, [frameOf(Buffer.of(0xed, 0xa0, 0x80))]],
    [
      "pieces of more than 16 KiB together",
      1009,
      [frameOf("x".repeat(16_384), part), frameOf("y", { opcode: 0 })],
    ],
    ["a frame that says it has 2^63 bytes", 1009, [Buffer.from("81ffffffffffffffffff00000000", "hex")]],
  ])("%s closes the connection with %i, is no message, and harms nobody else", async (_, code, frames) => {
    const { port, stderr } = shared();
    const now = await fromNow(port);
    const witness = await rawWebSocket(port, now);
    const bad = await rawWebSocket(port, now);
    bad.connection.socket.write(Buffer.concat(frames));
    await bad.until(1);
    bad.send(closing(code), { opcode: CLOSE }); // As a peer owes: the server waits for it, or has closed already.
    expect((await bad.ended()).map(codeOf)).toEqual([code]);
    witness.send("Nothing happened.");
    expect((await witness.until(1)).map((frame) => jsonOf(frame)["text"])).toEqual(["Nothing happened."]);
    expect(stderr()).toBe("");
  });

  test("after a close frame no data follows, though the other side has yet to answer it", async () => {
    const { port } = shared();
    const now = await fromNow(port);
    const leaving = await rawWebSocket(port, now);
    const other = await rawWebSocket(port, now);
    leaving.send("x", { opcode: BINARY });
    await leaving.until(1);
    other.send("Who hears this?");
    await other.until(1);
    leaving.send(closing(1003), { opcode: CLOSE });
    expect((await leaving.ended()).map(codeOf)).toEqual([1003]);
  });

  test("a client's close is answered with its own code, and the connection ends", async () => {
    const { port } = shared();
    const { send, ended } = await rawWebSocket(port, await fromNow(port));
    send(closing(1000, "bye"), { opcode: CLOSE });
    expect((await ended()).map(codeOf)).toEqual([1000]);
  });

  test("stop closes with 1001", async () => {
    const running = await startChapter(chapter);
    const { ended, connection } = await rawWebSocket(running.port);
    const stopped = running.stop();
    await connection.until((received) => received.endsWith("\x88\x02\x03\xe9"));
    connection.socket.end(frameOf(closing(1001), { opcode: CLOSE }));
    expect(await ended()).toHaveLength(1);
    expect(await stopped).toMatchObject({ code: 0, stderr: "" });
  });
});

test("each 15 s comes a ping, with a heartbeat that the page can see, and who has not answered by the next one is dropped", async () => {
  const running = await startChapter(chapter, { probe: true });
  const { send, until, ended } = await rawWebSocket(running.port);
  const heartbeat = [
    { first: 0x80 | PING, payload: Buffer.of() },
    { first: 0x80 | TEXT, payload: Buffer.from('{"heartbeat": 15000}') },
  ];
  await running.probe(14_999);
  send("not yet");
  expect(jsonOf((await until(1))[0])).toMatchObject({ text: "not yet" });
  await running.probe(1);
  expect((await until(3)).slice(1)).toEqual(heartbeat);
  send("", { opcode: PONG });
  send("and here I am"); // Its message comes back, so the pong before it was read.
  await until(4);
  await running.probe(15_000);
  expect((await until(6)).slice(4)).toEqual(heartbeat);
  await running.probe(14_999);
  send("no pong");
  await until(7);
  await running.probe(1);
  expect(await ended()).toHaveLength(7);
  await expectNothingHeld(running);
});

test("all sockets have the ping at the same time, also one that has come a moment ago or has yet to catch up", async () => {
  const store = logOf(5_000, () => "x".repeat(1_500));
  const running = await startChapter(chapter, { probe: true, args: ["--store", store] });
  const early = await rawWebSocket(running.port, "/?after=5000");
  await running.probe(14_999);
  const late = await rawWebSocket(running.port, "/?after=5000");
  const behind = await rawWebSocket(running.port, "/?after=0");
  behind.connection.socket.pause();
  await running.probe(1);
  for (const { until } of [early, late])
    expect((await until(2)).map(({ first }) => first)).toEqual([0x89, 0x81]);
  behind.connection.socket.resume();
  const received = await behind.connection.until((text) => text.includes('"id":5000,'));
  expect(received).toContain('\x89\x00\x81\x14{"heartbeat": 15000}');
});

test("a known key that is sent again while the socket catches up: its message comes with the others, or at once where it has come", async () => {
  const { port } = await startChapter(chapter, { args: ["--store", logOf(5_000, () => "x".repeat(1_500))] });
  const draft = (key: string) => JSON.stringify({ text: "again", key });
  const { connection, send, frames } = await rawWebSocket(port, "/?after=0", frameOf(draft("key-4000")));
  await connection.until((received) => received.includes('"id":2,'));
  connection.socket.pause();
  send(draft("key-1"));
  const other = enter(chapter, `http://localhost:${port}`);
  await other.until(({ length }) => length > 0); // The server has got on to other things.
  connection.socket.resume();
  // All of the text, before anything is looked for in it: it comes in many pieces.
  await connection.until((received) => received.length > 5_000 * 1_500);
  await connection.until((received) => received.includes('"id":5000,'));
  send("That is all.");
  await connection.until((received) => received.includes('"id":5001,'));
  const ids = frames().map((frame) => Number(jsonOf(frame)["id"]));
  const again = ids.lastIndexOf(1);
  expect(again).toBeLessThan(5_000);
  expect(ids.toSpliced(again, 1)).toEqual(idsFrom(1, 5_001));
});

test("while a draft is being kept no more is read: what its sender goes on to send waits outside, and keeps its order", async () => {
  const running = await startChapter(chapter, { probe: true, args: ["--store", logOf(0)] });
  const { send, until } = await rawWebSocket(running.port);
  await running.probe("hold the next flush");
  send("first");
  await running.probe("until it is held");
  const before = (await outputOf(running)).read;
  for (const index of times(500, (it) => it))
    send(JSON.stringify({ text: "\u0001".repeat(2_000), key: `k-${index}` }));
  // Every answer is a turn in which the chapter could have read on.
  for (let [read, last] = [before, -1]; read !== last; ) {
    await ask(running.port, "GET /");
    [read, last] = [(await outputOf(running)).read, read];
  }
  expect((await outputOf(running)).read - before).toBeLessThan(256 * 1024); // Of 6 MB.
  await running.probe("let it go on");
  const keys = (await until(501)).slice(1).map((frame) => jsonOf(frame)["key"]);
  expect(keys).toEqual(times(500, (index) => `k-${index}`));
});

test("a client library that is not ours, Node's own WebSocket, talks to the chapter", async () => {
  const { port } = await startChapter(chapter);
  const script = `
    const socket = new WebSocket("ws://localhost:${port}/");
    socket.onopen = () => socket.send("안녕");
    socket.onmessage = ({ data }) => {
      console.log(data);
      socket.close(1000);
    };
    socket.onclose = ({ code, wasClean }) => console.log(JSON.stringify({ code, wasClean }));
  `;
  // Node 20 has it behind this flag, Node 22 without.
  const flag = ["--experimental-websocket"].filter((it) => process.allowedNodeEnvironmentFlags.has(it));
  const { stdout } = await promisify(execFile)(process.execPath, [...flag, "-e", script]);
  expect(
    stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([expect.objectContaining({ id: 1, text: "안녕" }), { code: 1000, wasClean: true }]);
});
