// Good input with a few of its bits turned: whatever it means then, the server survives it and serves.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { parseLine } from "../../message-store/line.ts";
import { measured } from "../../tools/proof/figures.ts";
import { anySeed, between, type Random, seeded } from "../../tools/random.ts";
import { ask, post, requestOf } from "../ask.ts";
import { CHAPTERS, type ChapterFolder, sharedChapter } from "../chapter-process.ts";
import { CLOSE, closing, frameOf, PING, rawWebSocket, upgradeOf } from "../frames.ts";
import { rawConnection } from "../raw.ts";

/** To repeat a run: HOSTILE_SEED=… npx vitest …; HOSTILE_ROUNDS=… for more of them. */
const seed = Number(process.env["HOSTILE_SEED"] ?? anySeed());
const rounds = Number(process.env["HOSTILE_ROUNDS"] ?? 300);
const AT_ONCE = 25;

const folder = mkdtempSync(join(tmpdir(), "fuzz-"));
let tried = 0;
afterAll(() => {
  rmSync(folder, { recursive: true });
  measured("fuzzed requests, handshakes and frames survived", tried);
});

/** Turns 1 to 4 bits, and now and then cuts, doubles or inserts something. */
function spoiled(bytes: Uint8Array, random: Random): Buffer {
  const result = Buffer.from(bytes);
  for (let bits = between(random, 1, 4); bits > 0; bits -= 1) {
    const at = between(random, 0, result.length - 1);
    result.writeUInt8(result.readUInt8(at) ^ (1 << between(random, 0, 7)), at);
  }
  const at = between(random, 0, result.length);
  const noise = Buffer.from(Array.from({ length: between(random, 1, 8) }, () => between(random, 0, 255)));
  switch (between(random, 0, 7)) {
    case 0:
      return result.subarray(0, at);
    case 1:
      return Buffer.concat([result, result]);
    case 2:
      return Buffer.concat([result.subarray(0, at), noise, result.subarray(at)]);
    default:
      return result;
  }
}

/** Sends it, ends our side, and waits until the server has ended the other. */
async function tryOut(port: number, bytes: Uint8Array): Promise<string> {
  const connection = rawConnection(port, bytes);
  connection.socket.end();
  return connection.ended();
}

function goodRequests(name: ChapterFolder, port: number): Buffer[] {
  const json = { "Content-Type": "application/json" };
  const body = '{"text":"안녕 👋","author":"ann","key":"k-1"}';
  const chunks = `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  const chunked = { ...json, "Transfer-Encoding": "chunked", "Content-Length": undefined };
  const path = { "ch09-polling": "/poll", "ch10-long-polling": "/longpoll", "ch11-sse": "/subscribe" };
  if (name === "ch12-websocket") {
    return [requestOf(port, "GET /"), Buffer.from(upgradeOf(port, "/?after=0"))];
  }
  return [
    requestOf(port, `GET ${path[name]}?after=3`, { headers: { "Last-Event-ID": "3" } }),
    requestOf(port, "POST /update", { headers: json, body }),
    requestOf(port, "POST /update", { headers: chunked, body: chunks }),
  ];
}

describe.each(CHAPTERS)(
  `%s survives spoiled input and keeps nothing but whole messages (seed ${seed}):`,
  (name) => {
    const file = join(folder, `${name}.ndjson`);
    const chapter = sharedChapter(name, { args: ["--store", `file:${file}`] });

    async function survives(attempt: (random: Random) => Promise<string>): Promise<void> {
      const random = seeded(seed);
      for (let round = 0; round < rounds; round += AT_ONCE) {
        const answers = await Promise.all(Array.from({ length: AT_ONCE }, () => attempt(random)));
        // What a server does not foresee it answers with 500, and says on standard error.
        for (const answer of answers) expect(answer).not.toMatch(/^HTTP\/1\.1 5/m);
        tried += AT_ONCE;
        const { port, stderr } = chapter();
        expect((await ask(port, "GET /")).status).toBe(200);
        expect(stderr()).toBe("");
      }
      for (const line of readFileSync(file, "utf8").split("\n").slice(0, -1)) {
        expect(parseLine(Buffer.from(line)), line).toBeDefined();
      }
    }

    test("requests", async () => {
      const good = goodRequests(name, chapter().port);
      await survives((random) => {
        const bytes = good[between(random, 0, good.length - 1)] ?? Buffer.of();
        return tryOut(chapter().port, spoiled(bytes, random));
      });
      if (name === "ch12-websocket") return;
      const { status } = await post(chapter().port, '{"text":"Still here."}');
      expect(status).toBe(201);
    });

    test.runIf(name === "ch12-websocket")("frames", async () => {
      const { port } = chapter();
      const good = [
        frameOf('{"text":"안녕 👋","author":"ann"}'),
        frameOf("x".repeat(300)),
        Buffer.concat([
          frameOf("안", { fin: false }),
          frameOf("", { opcode: PING }),
          frameOf("녕", { opcode: 0 }),
        ]),
        frameOf(closing(1000, "bye"), { opcode: CLOSE }),
      ];
      await survives(async (random) => {
        const bytes = spoiled(Buffer.concat(good.slice(between(random, 0, 3))), random);
        const socket = await rawWebSocket(port);
        socket.connection.socket.end(bytes);
        return socket.connection.ended().then(() => "");
      });
      const witness = await rawWebSocket(port);
      const received = witness.connection.received().length;
      witness.send("Still here.");
      await witness.connection.until((text) => text.slice(received).includes("Still here."));
    });
  },
);
