// Many clients, most of them bad ones: what they cost is bounded, and the others notice nothing. Bounded and not timed.
import { existsSync, readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { measured } from "../../tools/proof/figures.ts";
import { requestOf } from "../ask.ts";
import { CHAPTERS, type ChapterFolder, type ChapterProcess, startChapter } from "../chapter-process.ts";
import { upgradeOf } from "../frames.ts";
import { allHave, enter, expectNothingHeld, idsFrom, idsOf, logOf, outputOf, times } from "../promises.ts";
import { rawConnection } from "../raw.ts";

const MIB = 1024 * 1024;
const LENGTH = 100_000;
/** LOAD_ROUNDS=… for so many times as many connections. */
const more = Number(process.env["LOAD_ROUNDS"] ?? 1);
let connections = 0;
let messages = 0;
afterAll(() => {
  measured("connections that came, harmed nobody and left nothing", connections);
  measured("messages of a long log read to the end", messages);
});

/** The most memory that a process had at any moment, in bytes; 0 where the system does not say. */
function memoryOf(pid: number): number {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return 0;
  return 1_024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(path, "utf8"))?.[1]);
}

/** The bytes with which a client of the chapter begins to receive. */
function beginning(chapter: ChapterFolder, port: number, after: number): Buffer {
  const path = { "ch09-polling": "/poll", "ch10-long-polling": "/longpoll", "ch11-sse": "/subscribe" };
  if (chapter === "ch12-websocket") return Buffer.from(upgradeOf(port, `/?after=${after}`));
  return requestOf(port, `GET ${path[chapter]}?after=${after}`, { headers: { Connection: undefined } });
}

/** Sends one message, and waits until it has come back. */
async function serves(chapter: ChapterFolder, { url, stderr }: ChapterProcess): Promise<void> {
  const client = enter(chapter, url);
  const { id } = await client.send({ text: "Still here." });
  await allHave(id, [client]);
  client.stop();
  expect(stderr()).toBe("");
}

describe.each(CHAPTERS)("%s", (chapter) => {
  test("lets go of thousands that come and leave, in every way there is to leave, in the middle of anything", async () => {
    const running = await startChapter(chapter, { probe: true });
    const { port } = running;
    await serves(chapter, running);
    const begin = beginning(chapter, port, 1);
    for (let wave = 0; wave < 8 * more; wave += 1) {
      const all = times(125, (index) => ({ index, connection: rawConnection(port) }));
      await Promise.all(
        all.map(async ({ index, connection: { socket, until } }) => {
          connections += 1;
          const closed = new Promise((resolve) => socket.once("close", resolve));
          const cut = Math.floor((begin.length * (index % 25)) / 24);
          await new Promise((resolve) => socket.write(begin.subarray(0, cut), resolve));
          // A held request says nothing; of the others some wait for their answer.
          if (cut === begin.length && chapter !== "ch10-long-polling") await until((text) => text !== "");
          if (index % 3 === 0) socket.resetAndDestroy();
          else if (index % 3 === 1) socket.destroy();
          else socket.end();
          // Who ends politely waits for the server to do the same.
          socket.once("end", () => socket.end());
          await closed;
        }),
      );
    }
    await serves(chapter, running);
    await expectNothingHeld(running);
  });

  test("serves while hundreds of half-sent heads, bodies and handshakes are open, and lets go of them at its end", async () => {
    const running = await startChapter(chapter);
    const { port } = running;
    const head = requestOf(port, "GET /", { headers: { Connection: undefined } });
    const body = requestOf(port, "POST /update", {
      headers: { "Content-Type": "application/json", "Content-Length": "100", Connection: undefined },
      body: '{"text":"ha',
    });
    const halves = [
      head.subarray(0, 1),
      head.subarray(0, -1),
      body,
      Buffer.from(upgradeOf(port)).subarray(0, -2),
    ];
    const slow = times(400 * more, (index) => rawConnection(port, halves[index % halves.length]));
    await Promise.all(slow.map(({ socket }) => new Promise((resolve) => socket.write("", resolve))));
    for (let round = 0; round < 3; round += 1) {
      await serves(chapter, running);
      // One more byte each, as slowloris does, so that none is ever silent for long.
      await Promise.all(slow.map(({ socket }) => new Promise((resolve) => socket.write("X", resolve))));
    }
    connections += slow.length;
    expect((await running.stop()).code).toBe(0);
  });

  test("with a log of 100,000 messages: many who ask for all of it and read nothing cost little memory; one who reads gets it all, in order", async () => {
    const store = logOf(LENGTH, (id) => `message ${id} ${"x".repeat(300)}`);
    const running = await startChapter(chapter, { probe: true, args: ["--store", store] });
    const { port } = running;
    const before = memoryOf(running.pid);
    const deaf = times(30, () => {
      const connection = rawConnection(port);
      connection.socket.pause();
      // Of a chapter whose answers end: all of them at once, one behind the other.
      const asks = times(chapter === "ch09-polling" || chapter === "ch10-long-polling" ? 100 : 1, (page) =>
        beginning(chapter, port, 1_000 * page),
      );
      connection.socket.write(Buffer.concat(asks));
      return connection;
    });
    connections += deaf.length;
    let most = 0;
    const watch = async () => {
      const { unsent } = await outputOf(running);
      most = Math.max(most, unsent);
    };
    const reader = enter(chapter, running.url, { after: 0, interval: 0 });
    for (const id of idsFrom(1, 20)) {
      await allHave(id * (LENGTH / 20), [reader]);
      await watch();
    }
    expect(idsOf(reader.messages)).toEqual(idsFrom(1, LENGTH));
    messages += LENGTH;
    // One piece each, or one answer of 1,000 messages; never the log, of which each asked for 40 MB.
    expect(most).toBeLessThan(deaf.length * 1.1 * MIB);
    // Unsent in all would be 1.2 GB; the rest of it is what the collector of garbage has yet to collect.
    expect(memoryOf(running.pid) - before).toBeLessThan(400 * MIB);
    for (const { socket } of deaf) socket.destroy();
    await serves(chapter, running);
    reader.stop();
    await expectNothingHeld(running);
  });
});
