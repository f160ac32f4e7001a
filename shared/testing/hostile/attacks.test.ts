import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { UNREAD_LIMIT } from "../../http/answer.ts";
import { MAX_ANSWER_BYTES, type Message } from "../../message-store/message.ts";
import { answerIn, answersIn, ask, expectRefusal, post, requestOf } from "../ask.ts";
import { CHAPTERS, sharedChapter, startChapter, temporaryFolder } from "../chapter-process.ts";
import { CLOSE, frameOf, PONG, rawWebSocket, upgradeOf } from "../frames.ts";
import { idsFrom, idsOf, logOf, outputOf, times } from "../promises.ts";
import { type RawConnection, rawConnection, statusOf } from "../raw.ts";

/** Where each chapter's data is. */
const DATA = [
  ["ch09-polling", "/poll"],
  ["ch10-long-polling", "/longpoll"],
  ["ch11-sse", "/subscribe"],
] as const;

const staysOpen = (port: number, line: string) =>
  requestOf(port, line, { headers: { Connection: undefined } });

const repeated = (bytes: Uint8Array, count: number) => Buffer.concat(times(count, () => bytes));

/** Sends these bytes again and again while the server reads them, until `isOver`. */
async function flood(
  { socket }: RawConnection,
  bytes: Uint8Array,
  isOver: () => Promise<boolean>,
): Promise<void> {
  while (!(await isOver())) {
    if (!socket.destroyed && socket.writableLength < bytes.length) socket.write(bytes);
  }
}

describe("an upgrade in one piece with the request before it", () => {
  test.each<[string, string, Record<string, string>]>([
    ["to another protocol", "/", { Upgrade: "h2c" }],
    ["of another version", "/", { "Sec-WebSocket-Version": "8" }],
    ["from a foreign page", "/", { Origin: "http://evil.example" }],
    ["to a foreign Host", "/", { Host: "evil.example" }],
    ["to a path that is not there", "/nowhere", {}],
  ])("does not end the server: %s", async (_, target, headers) => {
    const { port, stderr } = await startChapter("ch12-websocket");
    const bytes = `${staysOpen(port, "GET /")}${upgradeOf(port, target, headers)}`;
    const [first] = answersIn(await rawConnection(port, bytes).ended());
    expect([200, undefined]).toContain(first?.status);
    expect((await ask(port, "GET /")).status).toBe(200);
    expect(stderr()).toBe("");
  });

  test("never mixes two protocols: no WebSocket begins while the page is being sent", async () => {
    const { port } = await startChapter("ch12-websocket");
    const bytes = `${staysOpen(port, "GET /")}${upgradeOf(port)}${frameOf("x").toString("latin1")}`;
    const connection = rawConnection(port, Buffer.from(bytes, "latin1"));
    // Ended, or answered once and no more.
    await Promise.race([connection.ended(), connection.until((text) => text.includes("</html>"))]);
    expect(connection.received()).not.toContain(" 101 ");
    expect((await ask(port, "GET /")).status).toBe(200);
  });
});

describe("a client of ch12-websocket", () => {
  test("that floods is read no faster than the log keeps: another's message waits behind one of it, not behind all", async () => {
    const path = join(temporaryFolder(), "chat.ndjson");
    const kept = () => readFileSync(path, "latin1").split("\n").length - 1;
    const running = await startChapter("ch12-websocket", { probe: true, args: ["--store", `file:${path}`] });
    const flooder = await rawWebSocket(running.port);
    const frame = frameOf("x");
    await flood(flooder.connection, repeated(frame, 10_000), async () => kept() >= 100);

    // While the disk takes its time, nothing more is kept. The other's message arrives then.
    await running.probe("hold the next flush");
    await running.probe("until it is held");
    const before = kept();
    const { read } = await outputOf(running);
    expect(read).toBeLessThan(before * frame.length + 2 * 64 * 1024); // It reads 64 KiB at a time.
    const other = await rawWebSocket(running.port);
    const draft = frameOf('{"text":"Am I heard?","key":"other"}');
    const { read: already } = await outputOf(running);
    other.connection.socket.write(draft);
    while ((await outputOf(running)).read < already + draft.length) {
      // It is on its way.
    }
    await running.probe("let it go on");
    const messages = await other.connection.until((text) => text.includes('"key":"other"'));
    const id = Number(/"id":(\d+),[^}]*"key":"other"/.exec(messages)?.[1]);
    expect(id).toBeLessThanOrEqual(before + 2);
  });

  test("that catches up, reads nothing and repeats a known key is disconnected: these are unread answers too", async () => {
    const store = logOf(20_000, () => "x".repeat(500));
    const running = await startChapter("ch12-websocket", { probe: true, args: ["--store", store] });
    const { connection } = await rawWebSocket(running.port, "/?after=0");
    connection.socket.pause();
    const known = repeated(frameOf('{"text":"x","key":"key-1"}'), 1_000);
    await flood(connection, known, async () => {
      const { open, read, unsent } = await outputOf(running);
      // Each frame of 32 bytes has an answer of 600.
      expect(read).toBeLessThan(UNREAD_LIMIT);
      expect(unsent).toBeLessThan(3 * UNREAD_LIMIT);
      return open === 0;
    });
  });

  test("that sends a message in more than 32 pieces is refused: each may hold 64 KiB of memory", async () => {
    const { port } = await startChapter("ch12-websocket");
    const socket = await rawWebSocket(port);
    const piece = frameOf("x", { opcode: 0, fin: false });
    const inPieces = (count: number) =>
      Buffer.concat([
        frameOf("x", { fin: false }),
        ...times(count - 2, () => Buffer.concat([piece, frameOf("", { opcode: PONG })])),
        frameOf("x", { opcode: 0 }),
      ]);
    socket.connection.socket.write(inPieces(32));
    const [message] = await socket.until(1);
    expect(JSON.parse(String(message?.payload))).toMatchObject({ id: 1, text: "x".repeat(32) });
    socket.connection.socket.write(inPieces(33));
    const [, close] = await socket.until(2);
    expect([close?.first, close?.payload.readUInt16BE(0)]).toEqual([0x80 | CLOSE, 1008]);
  });

  test("whose upgrade is refused and who never closes is closed a second later", async () => {
    const running = await startChapter("ch12-websocket", { probe: true });
    const clients = times(20, () => rawConnection(running.port, upgradeOf(running.port, "/nowhere")));
    for (const client of clients) expect(statusOf(await client.ended())).toBe(404);
    await running.probe(1_000);
    expect(await outputOf(running)).toMatchObject({ open: 0 });
    expect(clients.map(({ socket }) => socket.writable)).toEqual(times(20, () => true)); // They did not close.
  });
});

describe.each(DATA.slice(0, 2))("%s", (name, path) => {
  test("gives one answer 1 MiB at most, however large the messages: nobody's unread answers fill the memory", async () => {
    const store = logOf(1_000, () => "\u0001".repeat(2_000)); // As JSON six bytes each.
    const running = await startChapter(name, { probe: true, args: ["--store", store] });
    for (const { socket } of times(10, () => rawConnection(running.port))) {
      socket.pause();
      socket.write(staysOpen(running.port, `GET ${path}?after=0`));
    }
    let { written } = await outputOf(running);
    while (written < 10 * 0.9 * MAX_ANSWER_BYTES) ({ written } = await outputOf(running));
    expect(written).toBeLessThan(10 * (MAX_ANSWER_BYTES + 1_000));

    const read: Message[] = [];
    while (read.length < 200) {
      read.push(...JSON.parse((await ask(running.port, `GET ${path}?after=${read.length}`)).body));
    }
    expect(idsOf(read)).toEqual(idsFrom(1, read.length)); // Who asks again gets the rest.
  });
});

describe.each(["ch11-sse", "ch12-websocket"] as const)("%s", (name) => {
  test("gives way to others after each piece of a catch-up, however long the log", async () => {
    const running = await startChapter(name, { probe: true, args: ["--store", logOf(20_000)] });
    const { port } = running;
    const request =
      name === "ch11-sse" ? requestOf(port, "GET /subscribe?after=0") : upgradeOf(port, "/?after=0");
    const hasAll = (text: string) => text.length > 1_500_000 && text.includes('{"id":20000,');
    const readers = times(5, () => rawConnection(port, request));
    let isOver = false;
    const over = Promise.all(readers.map((reader) => reader.until(hasAll)));
    void over.then(() => {
      isOver = true;
    });
    // How much was written each time that the server answered a question of ours.
    const written = new Set<number>();
    while (!isOver) written.add((await outputOf(running)).written);
    await over;
    expect(written.size).toBeGreaterThan(30);
  });
});

describe("ch10-long-polling", () => {
  test("holds an answer to 1,000 messages where more were kept together: who asks again gets the rest", async () => {
    const store = logOf(1);
    const { port } = await startChapter("ch10-long-polling", { args: ["--store", store] });
    const held = rawConnection(port, requestOf(port, "GET /longpoll?after=1"));
    await ask(port, "GET /"); // The request above is held by now.
    // Another program writes 2,500 messages at once.
    const lines = times(2_500, (index) => `{"author":"bo","text":"x","timestamp":1,"key":"bo-${index}"}\n`);
    appendFileSync(store.slice("file:".length), lines.join(""));
    const read: Message[] = JSON.parse(answerIn(await held.ended()).body);
    const counts = [read.length];
    while (read.length < 2_500) {
      const { body } = await ask(port, `GET /longpoll?after=${1 + read.length}`);
      const more: Message[] = JSON.parse(body);
      counts.push(more.length);
      read.push(...more);
    }
    expect(idsOf(read)).toEqual(idsFrom(2, 2_501));
    expect(Math.max(...counts)).toBe(1_000);
  });
});

describe.each(CHAPTERS)("%s", (name) => {
  const chapter = sharedChapter(name);
  const data = DATA.find(([chapter]) => chapter === name)?.[1];

  /** The answer to a request for data, or to an upgrade. */
  async function statusWith(headers: Record<string, string>): Promise<number> {
    const { port } = chapter();
    // A cursor that is none: what is let in is answered with 400, at once.
    const bytes = data
      ? requestOf(port, `GET ${data}?after=x`, { headers })
      : upgradeOf(port, "/?after=x", headers);
    return statusOf(await rawConnection(port, bytes).ended());
  }

  test("counts all of a head: a foreign Origin, or a second Host, behind 2,000 other fields is refused", async () => {
    const { port } = chapter();
    const many = "a:\r\n".repeat(2_000);
    expect(await statusWith({ Many: `x\r\n${many}Last: x` })).toBe(400);
    expect(await statusWith({ Many: `x\r\n${many}Origin: http://evil.example` })).toBe(403);
    expect(await statusWith({ Many: `x\r\n${many}Host: evil.example` })).toBe(403);
    const headers = { Many: `x\r\n${many}Host: evil.example` };
    expectRefusal(await ask(port, "GET /", { headers }), 403);
  });

  test("gives its data to no page of another site, not even to an image without an Origin", async () => {
    const { port } = chapter();
    for (const site of ["cross-site", "same-site", "", "new"]) {
      const headers = { "Sec-Fetch-Site": site };
      expect([site, await statusWith(headers)]).toEqual([site, 403]);
      if (data) expectRefusal(await post(port, '{"text":"x"}', headers), 403);
      for (const path of ["/", `/${name}/client.js`]) {
        expect((await ask(port, `GET ${path}`, { headers })).status).toBe(200); // A link to the page is fine.
      }
    }
    for (const site of ["same-origin", "none"]) {
      expect([site, await statusWith({ "Sec-Fetch-Site": site })]).toEqual([site, 400]);
    }
  });
});
