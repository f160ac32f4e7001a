import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { UNREAD_LIMIT } from "../../http/answer.ts";
import type { Message } from "../../message-store/message.ts";
import { answerIn, ask, requestOf } from "../ask.ts";
import { startChapter, temporaryFolder } from "../chapter-process.ts";
import { CLOSE, frameOf, PONG, rawWebSocket, upgradeOf } from "../frames.ts";
import { idsFrom, idsOf, logOf, outputOf, times } from "../promises.ts";
import { type RawConnection, rawConnection } from "../raw.ts";

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
