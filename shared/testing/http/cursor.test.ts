import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { HttpError } from "../../http/answer.ts";
import { queryOf, readCursor } from "../../http/request.ts";
import { openStore } from "../../message-store/open-store.ts";
import type { MessageStore } from "../../message-store/store.ts";
import { ask, serve } from "../ask.ts";
import { temporaryFolder } from "../chapter-process.ts";

/** What is no cursor. */
const NOT_CURSORS = [
  ..."+1 -1 1+ 0x1 0b1 1e3 1.0 1,2 1;2 1_000 1000000000000000 0000000000000001".split(" "),
  ..."x % NaN Infinity null undefined __proto__ [1] '1' ../1 ٣ １ ² 👋".split(" "),
  ...["", " 1", "1 ", "1\n", "1\0", "1' OR 1=1", "9".repeat(1_000)],
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

  test.each(NOT_CURSORS)("refuses what is no cursor, with 400: %j", async (text) => {
    const error: unknown = await readCursor(text, log).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HttpError);
    expect(error).toMatchObject({ status: 400, message: expect.stringMatching(/^The cursor must be .*\.$/) });
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
