import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { HttpError } from "../../http/answer.ts";
import { queryOf, readCursor } from "../../http/request.ts";
import { openStore } from "../../message-store/open-store.ts";
import type { MessageStore } from "../../message-store/store.ts";
import { ask, expectRefusal, post, serve } from "../ask.ts";
import { sharedChapter, startChapter, temporaryFolder } from "../chapter-process.ts";

/** What is no cursor, as it stands in a target. */
const NOT_CURSORS = [
  "",
  "x",
  "-1",
  "+5",
  "%2B5",
  "5+",
  "%205",
  "5%20",
  "5%0A",
  "5%00",
  "0x1",
  "1e3",
  "1.0",
  "1,2",
  "1_000",
  "NaN",
  "Infinity",
  "null",
  "%D9%A3", // an Arabic three
  "%EF%BC%93", // a full-width three
  "1000000000000000", // 16 digits
  "0000000000000001",
  "%",
  "x&after=1",
  "&after=1",
];

async function fill(log: MessageStore, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, index) => log.append({ text: `${index + 1}` })));
}

describe("readCursor", () => {
  let log: MessageStore;
  beforeAll(async () => {
    log = await openStore("memory:");
    await fill(log, 250);
  });

  test("takes an id that the log reaches as it is", async () => {
    for (const text of ["0", "1", "249", "250", "007", "000000000000250"]) {
      expect(await readCursor(text, log)).toBe(Number(text));
    }
  });

  test("lies before the newest 100 where there is no cursor, or one beyond the newest id", async () => {
    for (const text of [undefined, "251", "999999999999999"]) expect(await readCursor(text, log)).toBe(150);
    const short = await openStore("memory:");
    for (const text of [undefined, "0", "7"]) expect(await readCursor(text, short)).toBe(0);
    await fill(short, 99);
    for (const text of [undefined, "100"]) expect(await readCursor(text, short)).toBe(0);
  });

  test("refuses anything else with 400", async () => {
    for (const text of ["", " 1", "1\n", "+1", "1e3", "٣", "1234567890123456"]) {
      const error: unknown = await readCursor(text, log).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(HttpError);
      expect(error).toMatchObject({
        status: 400,
        message: expect.stringMatching(/^The cursor must be .*\.$/),
      });
    }
  });

  test("reads a file to its end before a cursor counts as beyond it, and only then", async () => {
    const file = `file:${join(temporaryFolder(), "log.ndjson")}`;
    const [ours, other] = [await openStore(file), await openStore(file)];
    await fill(other, 3);
    expect(await readCursor("3", ours)).toBe(3);
    expect(ours.newest).toBe(3);
    await Promise.all([ours.close(), other.close()]);
    // A closed log cannot be read, and need not be.
    expect(await readCursor("3", ours)).toBe(3);
    expect(await readCursor(undefined, ours)).toBe(0);
    await expect(readCursor("4", ours)).rejects.toThrow();
  });
});

test("a query's first parameter of a name counts, wherever it stands", async () => {
  const port = await serve((request, response) => response.end(JSON.stringify([queryOf(request, "after")])));
  for (const [target, value] of [
    ["/poll", undefined],
    ["/poll?", undefined],
    ["/poll?After=1", undefined],
    ["/poll?before=1", undefined],
    ["/poll?after", ""],
    ["/poll?after=", ""],
    ["/poll?after=1&after=2", "1"],
    ["/poll?a=b&after=%31", "1"],
    ["/poll?a=?&after=1", "1"],
    ["/poll?after=1?after=2", "1?after=2"],
    ["http://localhost/poll?after=1", "1"],
  ] as const) {
    const { body } = await ask(port, `GET ${target}`);
    expect([target, JSON.parse(body)]).toEqual([target, value === undefined ? [null] : [value]]);
  }
});

describe.each([
  ["ch09-polling", "/poll"],
  ["ch10-long-polling", "/longpoll"],
  ["ch11-sse", "/subscribe"],
  ["ch12-websocket", "/"],
] as const)("%s", (name, path) => {
  const chapter = sharedChapter(name);
  const upgrade = {
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  };
  const headers = name === "ch12-websocket" ? upgrade : {};

  test("refuses what is no cursor, with 400", async () => {
    for (const cursor of NOT_CURSORS) {
      const answer = await ask(chapter().port, `GET ${path}?after=${cursor}`, { headers });
      expect([cursor, answer.status]).toEqual([cursor, 400]);
      expectRefusal(answer, 400);
    }
  });
});

describe("GET /poll", () => {
  const COUNT = 2_150;
  let file: string;

  async function start() {
    file = join(temporaryFolder(), "log.ndjson");
    const log = await openStore(`file:${file}`);
    await fill(log, COUNT);
    await log.close();
    return startChapter("ch09-polling", { args: ["--store", `file:${file}`] });
  }

  test("answers with what came after the cursor, oldest first, at most 1,000 at once", async () => {
    const { port } = await start();
    const idsAfter = async (query: string) => {
      const { status, headers, body } = await ask(port, `GET /poll${query}`);
      expect([query, headers.get("cache-control")]).toEqual([query, "no-store"]);
      if (status === 204) return [];
      expect([query, status, headers.get("content-type")]).toEqual([query, 200, "application/json"]);
      const messages: { id: number; text: string }[] = JSON.parse(body);
      for (const { id, text } of messages) expect(text).toBe(String(id));
      return messages.map(({ id }) => id);
    };
    const ids = (from: number, to: number) =>
      Array.from({ length: to - from + 1 }, (_, index) => from + index);
    const newest = ids(COUNT - 99, COUNT);

    // Without a cursor, or with one from before a reset: the newest 100.
    for (const query of ["", "?", "?other=1", `?after=${COUNT + 1}`, "?after=999999999999999"]) {
      expect(await idsAfter(query)).toEqual(newest);
    }
    // With one: what came after it. Nothing after the newest.
    expect(await idsAfter(`?after=${COUNT}`)).toEqual([]);
    expect(await idsAfter(`?after=${COUNT - 1}`)).toEqual([COUNT]);
    expect(await idsAfter(`?after=${COUNT - 1_000}`)).toEqual(ids(COUNT - 999, COUNT));
    expect(await idsAfter(`?after=00000000000${COUNT - 1}`)).toEqual([COUNT]);
    // Further behind: the oldest 1,000, and the client asks again until it has all.
    const read: number[] = [];
    for (
      let more = await idsAfter("?after=0");
      more.length > 0;
      more = await idsAfter(`?after=${read.at(-1)}`)
    ) {
      expect(more.length).toBeLessThanOrEqual(1_000);
      read.push(...more);
    }
    expect(read).toEqual(ids(1, COUNT));
    // Of several the first counts.
    expect(await idsAfter(`?after=${COUNT - 1}&after=0&after=x`)).toEqual([COUNT]);
    expect(await idsAfter(`?x=?&after=${COUNT - 1}`)).toEqual([COUNT]);
    expect(await idsAfter(`?%61fter=${COUNT - 2}`)).toEqual([COUNT - 1, COUNT]);
  });

  test("knows a cursor that another process's answer gave", async () => {
    const one = await start();
    const two = await startChapter("ch10-long-polling", { args: ["--store", `file:${file}`] });
    const { body } = await post(two.port, '{"text":"new"}');
    const { id } = JSON.parse(body);
    expect(id).toBe(COUNT + 1);
    // At once, and not after the next look at the file: or it would be the newest 100.
    expect((await ask(one.port, `GET /poll?after=${id}`)).status).toBe(204);
  });
});
