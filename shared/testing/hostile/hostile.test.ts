// Bad input, raw on the socket. Each gets its documented answer; after each the server serves and the log is as it was.
import { on, once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { measured } from "../../tools/proof/figures.ts";
import { post } from "../ask.ts";
import { CHAPTERS, type ChapterFolder, sharedChapter, startChapter } from "../chapter-process.ts";
import { BINARY, CLOSE, closing, frameOf, PING, PONG, rawWebSocket, TEXT } from "../frames.ts";
import { outputOf } from "../promises.ts";
import { rawConnection } from "../raw.ts";
import { BODIES, HALF_BODIES, HALF_HEADS, HEADS, type Hostile, LENGTHS, ODD_BUT_GOOD } from "./requests.ts";

const folder = mkdtempSync(join(tmpdir(), "hostile-"));
let tried = 0;
afterAll(() => {
  rmSync(folder, { recursive: true });
  measured("hostile inputs tried", tried);
});

/** A chapter with its log in a file, which all tests of a `describe` share. */
function watchedChapter(name: ChapterFolder) {
  const file = join(folder, `${name}-${Math.random()}.ndjson`);
  const chapter = sharedChapter(name, { args: ["--store", `file:${file}`] });
  const log = () => readFileSync(file, "utf8");

  let witness: WebSocket | undefined;
  afterAll(() => witness?.terminate());

  /** Sends a message in the chapter's own way. @returns it, as it came back */
  async function send(text: string): Promise<{ id: number; text: string }> {
    const { port } = chapter();
    if (name !== "ch12-websocket") return JSON.parse((await post(port, JSON.stringify({ text }))).body);
    const socket = witness ?? new WebSocket(`ws://127.0.0.1:${port}/`);
    if (!witness) await once(socket, "open");
    witness = socket;
    const key = `k-${Math.random()}`.replace(".", "");
    socket.send(JSON.stringify({ text, key }));
    for await (const [data] of on(socket, "message", { close: ["close"] })) {
      const message = JSON.parse(String(data));
      if (message.key === key) return message;
    }
    throw new Error("the witness was disconnected");
  }

  return {
    log,
    /** Tries something, and expects that nothing came of it but what it returns. */
    async unharmed<Value>(attempt: (port: number) => Promise<Value>): Promise<Value> {
      tried += 1;
      const before = log();
      const result = await attempt(chapter().port);
      expect(log(), "the log is as it was").toBe(before);
      const { id, text } = await send("Still here.");
      expect({ id, text }).toEqual({ id: before.split("\n").length, text: "Still here." });
      expect(chapter().stderr()).toBe("");
      return result;
    },
  };
}

/** The statuses of the answers on a connection. */
function statusesIn(received: string): number[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

/** Expects that a request gets its answers and nothing comes of it. */
function answered({ unharmed }: ReturnType<typeof watchedChapter>, ends = false) {
  return async (...[, answers, bytes]: Hostile) => {
    const received = await unharmed((port) => {
      const connection = rawConnection(port, bytes);
      if (ends) connection.socket.end();
      return connection.ended();
    });
    expect(statusesIn(received)).toEqual(answers);
  };
}

describe.each(CHAPTERS)("%s, given a head that is none, gives the documented answer and goes on:", (name) => {
  const watched = watchedChapter(name);
  test.each(HEADS)("%s → %j", answered(watched));
  test.each(HALF_HEADS)("%s, and then the end → %j", answered(watched, true));
});

describe.each(["ch09-polling", "ch10-long-polling", "ch11-sse"] as const)(
  "%s, given a body whose length is a matter of opinion, takes nothing of it:",
  (name) => {
    const watched = watchedChapter(name);
    test.each(LENGTHS)("%s → %j", answered(watched));
    test.each(HALF_BODIES)("%s, and then the end → %j", answered(watched, true));
  },
);

describe("a body that is no draft is refused, and harms nobody:", () => {
  test.each(BODIES)("%s → %j", answered(watchedChapter("ch09-polling")));
});

describe("a draft that is odd but in order is kept as it is:", () => {
  const chapter = sharedChapter("ch09-polling");
  test.each(ODD_BUT_GOOD)("%s", async (_, body, text) => {
    tried += 1;
    const { status, body: answer } = await post(chapter().port, body);
    expect(status).toBe(201);
    expect(JSON.parse(answer)).toMatchObject({ text, author: "anonymous" });
  });
});

describe("ch12-websocket", () => {
  const { log, unharmed } = watchedChapter("ch12-websocket");

  /** Opens a WebSocket that is sent what is new. */
  const open = (port: number) => rawWebSocket(port, `/?after=${log().split("\n").length - 1}`);

  test("keeps nothing of what comes behind a close frame, its own or the client's", async () => {
    await unharmed(async (port) => {
      const late = [frameOf("too late"), frameOf("x", { opcode: BINARY }), frameOf("later still")];
      for (const first of [frameOf(closing(1000), { opcode: CLOSE }), frameOf("x", { opcode: BINARY })]) {
        const socket = await open(port);
        socket.connection.socket.write(Buffer.concat([first, ...late]));
        await socket.until(1);
        socket.send(closing(1003), { opcode: CLOSE });
        expect(await socket.ended()).toHaveLength(1);
      }
    });
  });

  test("answers ping after ping, and refuses draft after draft, as long as the answers are read", async () => {
    await unharmed(async (port) => {
      const socket = await open(port);
      for (let round = 1; round <= 20; round += 1) {
        const pings = Array.from({ length: 50 }, () => frameOf(`${round}`, { opcode: PING }));
        socket.connection.socket.write(Buffer.concat([...pings, ...Array(50).fill(frameOf(" "))]));
        await socket.until(100 * round);
      }
      const frames = socket.frames();
      expect(frames.filter(({ first }) => first === (0x80 | PONG))).toHaveLength(1_000);
      expect(frames.filter(({ first }) => first === (0x80 | TEXT))).toHaveLength(1_000);
    });
  });
});

describe("a flood from a client that reads nothing is bounded in memory, and nobody else notices:", () => {
  const pings = () => frameOf("x".repeat(125), { opcode: PING });
  test.each<[string, Buffer]>([
    ["pings", pings()],
    ["drafts that are refused", frameOf('{"text":""}')],
    ["drafts that are known already", frameOf(JSON.stringify({ text: "x".repeat(2_000), key: "known" }))],
  ])("%s", async (_, frame) => {
    const running = await startChapter("ch12-websocket", { probe: true });
    const witness = await rawWebSocket(running.port);
    witness.send(JSON.stringify({ text: "x".repeat(2_000), key: "known" }));
    await witness.until(1);
    const { connection } = await rawWebSocket(running.port, "/?after=1");
    const { socket } = connection;
    socket.pause();
    const many = Buffer.concat(Array(Math.ceil(200_000 / frame.length)).fill(frame));
    // Until the server has cut it off, or until it reads no more: then what we write stays here.
    let most = 0;
    let stuck = 0;
    for (
      let output = await outputOf(running);
      output.open === 2 && stuck < 50;
      output = await outputOf(running)
    ) {
      most = Math.max(most, output.unsent);
      if (socket.writableLength < 1024 * 1024) socket.write(many);
      else stuck += 1;
    }
    expect(most).toBeLessThan(1.2 * 1024 * 1024);
    witness.send("Nothing happened.");
    await witness.until(2);
    expect(running.stderr()).toBe("");
    tried += 1;
  });
});
