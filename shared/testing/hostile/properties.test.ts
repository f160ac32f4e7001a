// What holds for all input and not for examples only. fast-check makes the input up, and shrinks what fails.
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { HttpError } from "../../http/answer.ts";
import { queryOf, readCursor } from "../../http/request.ts";
import { DraftError, parseDraft } from "../../message-store/draft.ts";
import { formatLine, parseLine } from "../../message-store/line.ts";
import type { Message } from "../../message-store/message.ts";
import { openStore } from "../../message-store/open-store.ts";
import type { MessageStore } from "../../message-store/store.ts";
import { type ParsedEvent, streamParser } from "../../tools/clients/stream-parser.ts";
import { measured } from "../../tools/proof/figures.ts";
import { requestOf } from "../ask.ts";
import { CHAPTERS, startChapter } from "../chapter-process.ts";
import { allHave, enter, logOf, writtenByAnother } from "../promises.ts";
import { rawConnection } from "../raw.ts";

/** A failure prints its seed: PROPERTY_SEED=… repeats it. PROPERTY_RUNS=… tries so many times as much. */
const seed = process.env["PROPERTY_SEED"];
const more = Number(process.env["PROPERTY_RUNS"] ?? 1);
let tried = 0;
let bytesTried = 0;
afterAll(() => {
  measured("made-up inputs for which a property holds", tried);
  measured("bytes of a log at which it was cut or spoiled", bytesTried);
});

/** Runs that are no more, and no fewer, than told. */
const runs = (numRuns: number) => ({
  numRuns: numRuns * more,
  ...(seed === undefined ? {} : { seed: Number(seed) }),
});

/** Text as it may come: anything at all, half surrogates, what streams and lines are made of, blanks, the long. */
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 50 }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
  fc.string({
    unit: fc.constantFrom(
      "\r",
      "\n",
      "\0",
      ":",
      " ",
      "data",
      "id",
      "event",
      "retry",
      "안",
      "\ufeff",
      "\u2028",
    ),
  }),
  fc.string({ unit: fc.constantFrom(" ", "\t", "\u00a0", "\u3000", "\u200b", "\ufeff") }),
  fc.integer({ min: 1_990, max: 2_010 }).map((length) => "x".repeat(length)),
  fc.integer({ min: 995, max: 1_005 }).map((length) => "👋".repeat(length)),
);
const anyKey = fc.oneof(
  fc.string({ maxLength: 70, unit: fc.constantFrom("a", "Z", "0", "-", "_") }),
  fc.string({ maxLength: 5 }),
  fc.constantFrom("__proto__", "constructor", "toString", "hasOwnProperty"),
);
const wellFormed = anyText.map((text) => text.toWellFormed());

/** The contract on drafts, in other words than `parseDraft`'s. */
function allows(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { text, author = "", key = "x" } = { ...Object.fromEntries(Object.entries(value)) };
  const isText = (it: unknown): it is string => {
    if (typeof it !== "string") return false;
    return Buffer.from(it).toString() === it; // A lone surrogate does not come back.
  };
  if (!isText(text) || !isText(author) || !isText(key)) return false;
  if (!/\S/.test(text) || text.length > 2_000 || author.length > 32) return false;
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  return key.length >= 1 && key.length <= 64 && [...key].every((sign) => letters.includes(sign));
}

describe("a draft", () => {
  const field = (good: fc.Arbitrary<string>) => fc.oneof({ arbitrary: good, weight: 8 }, fc.jsonValue());
  const anyJson = fc
    .oneof(
      { arbitrary: fc.jsonValue(), weight: 1 },
      {
        arbitrary: fc.record(
          { text: field(anyText), author: field(anyText), key: field(anyKey), id: fc.jsonValue() },
          { requiredKeys: [] },
        ),
        weight: 9,
      },
      {
        arbitrary: fc.record({ text: wellFormed, author: fc.string({ maxLength: 34 }), key: anyKey }),
        weight: 4,
      },
    )
    .map((value) => JSON.stringify(value))
    // A field may be named as the way to an object's prototype.
    .chain((json) =>
      fc.constantFrom(json, json.replace('"text"', '"__proto__"'), json.replace('"id"', '"__proto__"')),
    );

  test("is taken exactly where the contract allows it, and refused with a sentence everywhere else", () => {
    const verdicts = { taken: 0, refused: 0 };
    fc.assert(
      fc.property(anyJson, (json) => {
        tried += 1;
        const value: unknown = JSON.parse(json);
        const allowed = allows(value);
        verdicts[allowed ? "taken" : "refused"] += 1;
        if (allowed) expect(parseDraft(value).text).toBe(Object(value).text);
        else expect(() => parseDraft(value)).toThrow(DraftError);
      }),
      runs(3_000),
    );
    // Made up, but not so wildly that only one of the two is ever tried.
    expect(Math.min(verdicts.taken, verdicts.refused)).toBeGreaterThan(300);
  });

  test("that is taken comes back from its line in the log as it was sent, to the last sign", () => {
    fc.assert(
      fc.property(anyJson, fc.nat(), fc.string(), (json, timestamp, writer) => {
        tried += 1;
        const value: unknown = JSON.parse(json);
        fc.pre(allows(value));
        const { text, author, key = "made-here" } = parseDraft(value);
        expect(author).toBe(Object(value).author || "anonymous");
        expect(key).toBe(Object(value).key ?? "made-here");
        const line = formatLine({ text, author, key, timestamp, writer });
        expect(line.indexOf("\n")).toBe(line.length - 1);
        expect(parseLine(Buffer.from(line).subarray(0, -1))).toEqual({
          text,
          author,
          key,
          timestamp,
          writer,
        });
      }),
      runs(500),
    );
  });
});

test("a cursor is 1 to 15 digits and nothing else, and leads to a place that the log has", async () => {
  const log = await openStore("memory:");
  await Promise.all(Array.from({ length: 150 }, () => log.append({ text: "x" })));
  const digits = (maxLength: number) => fc.string({ unit: fc.constantFrom(..."0123456789"), maxLength });
  const anyCursor = fc.oneof(
    digits(17),
    fc.integer({ min: 0, max: 300 }).map(String),
    fc.string({ unit: fc.constantFrom(..."0123456789+-. eExX_١²", "\n", "\0"), maxLength: 16 }),
    anyText,
  );
  await fc.assert(
    fc.asyncProperty(anyCursor, fc.array(fc.tuple(anyText, anyText)), async (text, others) => {
      tried += 1;
      // As it comes in a request: the first `after` counts, whatever else is there.
      const pairs = [...others.filter(([name]) => name !== "after"), ["after", text], ["after", "7"]];
      const query = new URLSearchParams(pairs.map(([name = "", value = ""]) => [name, value]));
      const request = Object.assign(new IncomingMessage(new Socket()), { url: `/poll?${query}` });
      const sent = queryOf(request, "after");
      expect(sent).toBe(text.toWellFormed());
      const allowed =
        text.length >= 1 && text.length <= 15 && [...text].every((sign) => "0123456789".includes(sign));
      if (!allowed) {
        await expect(readCursor(text, log)).rejects.toBeInstanceOf(HttpError);
        return;
      }
      const id = Number.parseInt(text, 10);
      expect(await readCursor(text, log)).toBe(id > 150 ? 50 : id);
    }),
    runs(1_500),
  );
});

/** Texts that the contract allows. */
const goodText = wellFormed.filter((text) => text.trim() !== "" && text.length <= 2_000);
const texts = fc.array(goodText, { minLength: 1, maxLength: 20 });

test("any texts, sent in any chapter, reach the clients of all four exactly as they were sent, once and in one order", async () => {
  const store = logOf(0);
  const clients = await Promise.all(
    CHAPTERS.map(async (chapter) => {
      const { url } = await startChapter(chapter, { args: ["--store", store] });
      return enter(chapter, url, { after: 0 });
    }),
  );
  const sent: Message[] = [];
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 3 }), texts, async (sender, list) => {
      tried += 1;
      const answers = await Promise.all(list.map((text) => clients[sender]?.send({ text })));
      expect(answers.map((message) => message?.text)).toEqual(list);
      sent.push(...answers.filter((message) => message !== undefined).sort((one, two) => one.id - two.id));
      await allHave(sent.length, clients);
      for (const { messages } of clients) {
        expect(messages.slice(-list.length)).toEqual(sent.slice(-list.length));
        expect(messages).toHaveLength(sent.length);
      }
    }),
    runs(60),
  );
});

test("the stream of any texts, cut anywhere, is one event for each message: no text can forge another field or event", async () => {
  const store = logOf(0);
  const { port } = await startChapter("ch11-sse", { args: ["--store", store] });
  // HTTP/1.0 knows no chunks: what follows the head is the stream itself.
  const { until } = rawConnection(port, requestOf(port, "GET /subscribe HTTP/1.0"));
  const beginning = await until((received) => received.endsWith("data:\n\n"));
  let end = beginning.length;
  let newest = 0;
  await fc.assert(
    fc.asyncProperty(texts, fc.array(fc.nat({ max: 2_000 }), { maxLength: 8 }), async (list, cuts) => {
      tried += 1;
      const first = newest + 1;
      newest += list.length;
      writtenByAnother(store, ...list);
      const received = await until(
        (text) => text.endsWith("\n\n") && text.includes(`\nid: ${newest}\ndata: {`, end - 2),
      );
      const bytes = Buffer.from(received.slice(end), "latin1");
      end = received.length;
      const events: ParsedEvent[] = [];
      const parse = streamParser((event) => events.push(event));
      const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
      for (const [index, at] of ends.entries()) parse(bytes.subarray(ends[index - 1] ?? 0, at));
      expect(
        events.map(({ type, lastEventId, data }) => ({ type, lastEventId, ...JSON.parse(data) })),
      ).toMatchObject(
        list.map((text, index) => ({
          type: "message",
          lastEventId: String(first + index),
          id: first + index,
          text,
        })),
      );
      expect(events).toHaveLength(list.length);
    }),
    runs(60),
  );
});

describe("the log file", () => {
  const folder = mkdtempSync(join(tmpdir(), "properties-"));
  let files = 0;
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => {}));
  afterEach(() => void vi.restoreAllMocks());

  /** What a log holds, read by the contract's words alone: whole lines count, each key once, the place is the id. */
  function messagesIn(bytes: Buffer): Message[] {
    const messages: Message[] = [];
    for (const line of linesOf(bytes)) {
      let value: unknown;
      try {
        value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(line));
      } catch {
        continue;
      }
      const { author, text, timestamp, key } = Object(value);
      if (!allows(value) || !author || key === undefined) continue;
      if (!Number.isSafeInteger(timestamp) || timestamp < 0) continue;
      if (messages.some((message) => message.key === key)) continue;
      messages.push({ id: messages.length + 1, author, text, timestamp, key });
    }
    return messages;
  }

  function linesOf(bytes: Buffer): Buffer[] {
    const lines: Buffer[] = [];
    let start = 0;
    for (const [at, byte] of bytes.entries()) {
      if (byte !== 0x0a) continue;
      lines.push(bytes.subarray(start, at));
      start = at + 1;
    }
    return [...lines, bytes.subarray(start)];
  }

  const held = (store: MessageStore) => store.after(0, Number.POSITIVE_INFINITY);

  /** Opens the file again and expects that it holds what its bytes say. */
  async function expectModel(path: string): Promise<void> {
    const model = messagesIn(readFileSync(path));
    const store = await openStore(`file:${path}`);
    await store.close();
    expect(await held(store)).toEqual(model);
  }

  const drafts = fc.record({
    text: goodText,
    key: fc.constantFrom("a", "b", "__proto__", ..."0123456789"),
  });
  const noise = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc
      .constantFrom('{"author":"ann","text":"to', "\r", "{}", "null", "[]", '"', "\xef\xbb\xbf")
      .map((it) => Buffer.from(it)),
    drafts.map(({ text, key }) => Buffer.from(JSON.stringify({ author: "bob", text, timestamp: 7, key }))),
  );
  const steps = fc.oneof(
    { weight: 5, arbitrary: fc.record({ step: fc.constant("append"), draft: drafts }) },
    { weight: 2, arbitrary: fc.record({ step: fc.constant("torn"), bytes: noise }) },
    { weight: 2, arbitrary: fc.record({ step: fc.constant("line"), bytes: noise }) },
    {
      weight: 1,
      arbitrary: fc.record({ step: fc.constant("cut"), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
    },
    { weight: 1, arbitrary: fc.record({ step: fc.constant("reopen") }) },
  );

  test("after any appends, torn bytes, foreign lines, cuts and restarts holds what its whole lines say, and all that was answered", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 12 }), async (list) => {
        tried += 1;
        const path = join(folder, `${++files}.ndjson`);
        let store = await openStore(`file:${path}`);
        let answered: Message[] = [];
        for (const step of list) {
          if ("draft" in step) {
            answered.push((await store.append(step.draft)).message); // Even where its line met a torn one.
          } else if ("bytes" in step) {
            appendFileSync(path, step.bytes);
            if (step.step === "line") appendFileSync(path, "\n");
          } else {
            await store.close();
            if ("share" in step) {
              const size = Math.floor(readFileSync(path).length * step.share);
              truncateSync(path, size);
              bytesTried += 1;
              answered = answered.filter(({ id }) => id <= messagesIn(readFileSync(path)).length);
            }
            const model = messagesIn(readFileSync(path));
            store = await openStore(`file:${path}`);
            expect(await held(store)).toEqual(model);
          }
        }
        await store.close();
        const model = messagesIn(readFileSync(path));
        for (const message of answered) expect(model[message.id - 1]).toEqual(message);
        await expectModel(path);
        rmSync(path);
      }),
      runs(60),
    );
  });

  test("cut at any byte, or with a bit turned at any byte, opens, keeps the whole lines, and takes more", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(drafts, { minLength: 2, maxLength: 2 }),
        fc.nat({ max: 7 }),
        async (list, bit) => {
          const path = join(folder, `${++files}.ndjson`);
          const line = ({ text, key }: { text: string; key: string }) =>
            formatLine({
              author: "앤",
              text: text.slice(0, 20).toWellFormed(),
              timestamp: 1,
              key,
              writer: "w",
            });
          const all = Buffer.from(list.map(line).join(""));
          for (let at = 0; at < all.length; at += 1) {
            bytesTried += 2;
            const turned = Buffer.from(all);
            turned.writeUInt8(turned.readUInt8(at) ^ (1 << bit), at);
            for (const bytes of [all.subarray(0, at), turned]) {
              writeFileSync(path, bytes);
              const model = messagesIn(bytes);
              const store = await openStore(`file:${path}`);
              expect(await held(store), `byte ${at}`).toEqual(model);
              // Flushing is what takes the time: one append in so many will do.
              if (at % 16 === 0)
                expect((await store.append({ text: "next" })).message.id).toBe(model.length + 1);
              await store.close();
            }
          }
          rmSync(path);
        },
      ),
      runs(2),
    );
  });
});
