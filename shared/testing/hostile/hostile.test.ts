// Bad input, raw on the socket. Each gets its documented answer; after each the server serves and the log is as it was.
import { on, once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { measured } from "../../tools/proof/figures.ts";
import { ask, expectRefusal, post } from "../ask.ts";
import { CHAPTERS, type ChapterFolder, sharedChapter, startChapter } from "../chapter-process.ts";
import { BINARY, CLOSE, closing, frameOf, PING, PONG, rawWebSocket, TEXT, upgradeOf } from "../frames.ts";
import { outputOf } from "../promises.ts";
import { rawConnection } from "../raw.ts";
import {
  BAD_UTF8,
  BODIES,
  CURSORS,
  HANDSHAKES,
  HEADS,
  type Hostile,
  LENGTHS,
  ODD_BUT_GOOD,
} from "./requests.ts";

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
    chapter,
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

/** Sends it and reads until the server has ended the connection. */
async function attempt({ bytes, ends = false }: Hostile, port: number): Promise<number[]> {
  const connection = rawConnection(port, bytes(port));
  if (ends) connection.socket.end();
  return statusesIn(await connection.ended());
}

const sentence = ({ name, answers }: Hostile) =>
  [name, answers.join(", then ") || "nothing but its end"] as const;
const named = (table: readonly Hostile[]) => table.map((hostile) => [...sentence(hostile), hostile] as const);

describe.each(CHAPTERS)("%s, given a head that is none, gives the documented answer and goes on:", (name) => {
  const { unharmed } = watchedChapter(name);
  test.each(named(HEADS))("%s → %s", async (_, __, hostile) => {
    expect(await unharmed((port) => attempt(hostile, port))).toEqual(hostile.answers);
  });
});

const POSTING = ["ch09-polling", "ch10-long-polling", "ch11-sse"] as const;

describe.each(POSTING)(
  "%s, given a body whose length is a matter of opinion, takes nothing of it:",
  (name) => {
    const { unharmed } = watchedChapter(name);
    test.each(named(LENGTHS))("%s → %s", async (_, __, hostile) => {
      expect(await unharmed((port) => attempt(hostile, port))).toEqual(hostile.answers);
    });
  },
);

describe("a body that is no draft is refused, and harms nobody:", () => {
  const { unharmed } = watchedChapter("ch09-polling");
  test.each(named(BODIES))("%s → %s", async (_, __, hostile) => {
    expect(await unharmed((port) => attempt(hostile, port))).toEqual(hostile.answers);
  });
});

describe.each([
  ["ch09-polling", "/poll"],
  ["ch10-long-polling", "/longpoll"],
  ["ch11-sse", "/subscribe"],
] as const)("%s, given a cursor that is none, refuses it with 400:", (name, path) => {
  const { unharmed } = watchedChapter(name);
  test.each(CURSORS.map((cursor) => [cursor.slice(0, 40), cursor]))("after=%s", async (_, cursor) => {
    expectRefusal(await unharmed((port) => ask(port, `GET ${path}?after=${cursor}`)), 400);
  });
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
  const { chapter, log, unharmed } = watchedChapter("ch12-websocket");

  /** Opens a WebSocket that is sent what is new. */
  const open = (port: number) => rawWebSocket(port, `/?after=${log().split("\n").length - 1}`);

  test.each(HANDSHAKES)("refuses a handshake with $name before it is one: $status", async (hostile) => {
    const { status, headers, target = "/" } = hostile;
    const received = await unharmed((port) => rawConnection(port, upgradeOf(port, target, headers)).ended());
    expect(statusesIn(received)).toEqual([status]);
  });

  test.each([0, 1, 10, 30, 60, 90, 99])(
    "lets go of a handshake that ends after %i % of it",
    async (share) => {
      await unharmed(async (port) => {
        const upgrade = upgradeOf(port);
        const connection = rawConnection(port, upgrade.slice(0, Math.floor((upgrade.length * share) / 100)));
        connection.socket.end();
        expect(statusesIn(await connection.ended())).toEqual(share === 0 ? [] : [400]);
      });
    },
  );

  test("survives a hundred clients that reset their connection in the middle of the handshake", async () => {
    await unharmed(async (port) => {
      const upgrade = upgradeOf(port);
      const resets = Array.from({ length: 100 }, (_, index) => {
        const { socket } = rawConnection(port);
        return new Promise<void>((resolve) => {
          const bytes = Math.floor((index * upgrade.length) / 99);
          socket.write(upgrade.slice(0, bytes), () => {
            socket.once("close", () => resolve()).resetAndDestroy();
          });
        });
      });
      await Promise.all(resets);
      tried += resets.length - 1;
    });
  });

  const part = { fin: false };
  const reserved = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode): [string, number, Buffer[]][] => [
    [`opcode ${opcode}, which is reserved`, 1002, [frameOf("x", { opcode })]],
    [`opcode ${opcode} in pieces`, 1002, [frameOf("x", { opcode, fin: false })]],
    [`opcode ${opcode} within a message`, 1002, [frameOf("x", part), frameOf("x", { opcode })]],
  ]);
  const bits = [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70].flatMap((mask): [string, number, Buffer[]][] =>
    [TEXT, BINARY, PING, PONG, CLOSE].map((opcode) => [
      `reserved bits ${mask.toString(16)} on opcode ${opcode}`,
      1002,
      [frameOf("", { opcode, reserved: mask })],
    ]),
  );
  const codes = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map(
    (code): [string, number, Buffer[]] => [
      `close code ${code}`,
      1002,
      [frameOf(closing(code), { opcode: CLOSE })],
    ],
  );
  const notUtf8 = BAD_UTF8.flatMap(([kind, hex]): [string, number, Buffer[]][] => {
    const bytes = Buffer.from(hex, "hex");
    const pieces = [...bytes].map((byte) => frameOf(Buffer.of(byte), { opcode: 0, fin: false }));
    return [
      [`${kind} for a text`, 1007, [frameOf(Buffer.concat([Buffer.from("안"), bytes]))]],
      [`${kind} in pieces`, 1007, [frameOf("안", part), ...pieces, frameOf("", { opcode: 0 })]],
      [
        `${kind} in a close reason`,
        1007,
        [frameOf(closing(1000, Buffer.concat([bytes, Buffer.from("x")])), { opcode: CLOSE })],
      ],
    ];
  });
  const lengths = [
    ["8000000000000000", 1009],
    ["ffffffffffffffff", 1009],
    ["7fffffffffffffff", 1009],
    ["0020000000000000", 1009],
    ["001fffffffffffff", 1009],
    ["0000000100000000", 1009],
    ["0000000000004001", 1009],
  ].map(([length, code]): [string, number, Buffer[]] => [
    `a text that says it has 0x${length} bytes`,
    Number(code),
    [Buffer.from(`81ff${length}00000000`, "hex")],
  ]);
  const others: [string, number, Buffer[]][] = [
    ["a ping that says it has 2^63 bytes", 1002, [Buffer.from("89ff800000000000000000000000", "hex")]],
    ["a close of 126 bytes", 1002, [frameOf(closing(1000, "x".repeat(124)), { opcode: CLOSE })]],
    ["a pong of 126 bytes", 1002, [frameOf("x".repeat(126), { opcode: PONG })]],
    ["a continuation that begins", 1002, [frameOf("x", { opcode: 0, fin: false })]],
    [
      "a binary message in pieces, of which one is none",
      1002,
      [frameOf("x", { opcode: BINARY, fin: false }), frameOf("y")],
    ],
    [
      "a binary message in pieces",
      1003,
      [frameOf("x", { opcode: BINARY, fin: false }), frameOf("y", { opcode: 0 })],
    ],
    ["HTTP after the handshake", 1002, [Buffer.from("GET / HTTP/1.1\r\n\r\n")]],
  ];
  test.each([...reserved, ...bits, ...codes, ...notUtf8, ...lengths, ...others])(
    "given %s, closes with %i and goes on",
    async (_, code, frames) => {
      const [last] = await unharmed(async (port) => {
        const socket = await open(port);
        socket.connection.socket.write(Buffer.concat(frames));
        await socket.until(1);
        socket.send(closing(code), { opcode: CLOSE });
        return socket.ended();
      });
      expect(last).toEqual({ first: 0x80 | CLOSE, payload: expect.anything() });
      expect(last?.payload.readUInt16BE(0)).toBe(code);
    },
  );

  test("keeps nothing of what comes behind a close frame, its own or the client's", async () => {
    await unharmed(async (port) => {
      const politely = await open(port);
      politely.connection.socket.write(
        Buffer.concat([frameOf(closing(1000), { opcode: CLOSE }), frameOf("too late"), frameOf("and later")]),
      );
      expect(await politely.ended()).toHaveLength(1);
      const binary = await open(port);
      binary.connection.socket.write(
        Buffer.concat([
          frameOf("x", { opcode: BINARY }),
          frameOf("too late"),
          frameOf("x", { opcode: BINARY }),
        ]),
      );
      await binary.until(1);
      binary.send("later still");
      binary.send(closing(1003), { opcode: CLOSE });
      expect(await binary.ended()).toHaveLength(1);
    });
  });

  test("reads a message of 32 pieces, and closes with 1008 at one more", async () => {
    const pieces = (count: number) =>
      Buffer.concat([
        frameOf("안녕", part),
        ...Array(count - 2).fill(frameOf("", { opcode: 0, fin: false })),
        frameOf("", { opcode: 0 }),
      ]);
    const { port } = chapter();
    const socket = await open(port);
    socket.connection.socket.write(pieces(32));
    const [message] = await socket.until(1);
    expect(JSON.parse(message?.payload.toString() ?? "")).toMatchObject({ text: "안녕" });
    await unharmed(async () => {
      const { connection, until } = await open(port);
      connection.socket.write(pieces(33));
      const [last] = await until(1);
      expect(last).toEqual({ first: 0x80 | CLOSE, payload: closing(1008) });
    });
    tried += 1;
  });

  test("ends a message of endless empty pieces", async () => {
    await unharmed(async (port) => {
      const socket = await open(port);
      const empty = Buffer.concat(Array(1_000).fill(frameOf("", { opcode: 0, fin: false })));
      socket.connection.socket.write(frameOf("", part));
      const sendOn = () => {
        if (!socket.connection.socket.destroyed)
          socket.connection.socket.write(empty, (error) => error || sendOn());
      };
      sendOn();
      await socket.ended();
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
