import fc from "fast-check";
import { expect, test } from "vitest";
import { linesOf } from "../../../tools/wire/recording.ts";
import type { TrafficRecord } from "../../../tools/wire/records.ts";
import { type Replayed, replay } from "../../../tools/wire/replay.ts";
import { LIMITS, TrafficStore } from "../../../tools/wire/store.ts";
import { trackTraffic } from "../../../tools/wire/tracker.ts";
import { frameOf } from "../../frames.ts";

const SOURCES = [{ source: 1, name: "ch12-websocket", to: 3000, port: 0, url: "", framed: false }];
const BEGINNING = { sources: SOURCES, began: 1_795_252_800_000 };

const bytes = (
  at: number,
  direction: "upstream" | "downstream",
  said: string | Uint8Array,
): TrafficRecord => ({
  type: "bytes",
  at,
  connection: 1,
  direction,
  bytes: Buffer.from(said),
  late: false,
  skipped: 0,
});

const CHAT: readonly TrafficRecord[] = [
  { type: "open", at: 1, connection: 1, source: 1 },
  bytes(2, "upstream", "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
  bytes(3, "downstream", "HTTP/1.1 101 Switching Protocols\r\n\r\n"),
  bytes(10, "upstream", frameOf('{"text":"안녕"}')),
  { type: "fault", at: 11, source: 1, fault: "delay", on: true, ms: 300 },
  {
    ...bytes(12, "downstream", frameOf('{"id":1,"text":"안녕"}', { mask: undefined })),
    late: true,
  } as TrafficRecord,
  { type: "passed", at: 312, connection: 1, direction: "downstream", to: 60 },
  { type: "end", at: 400, connection: 1, direction: "upstream" },
  { type: "close", at: 401, connection: 1, how: "reset" },
  { type: "refused", at: 500, connection: 2, source: 1 },
];

const saved = (records: Iterable<TrafficRecord>, now = 501) => [...linesOf(BEGINNING, records, now)].join("");
const seen = ({ store, counters }: Pick<Replayed, "store" | "counters">) => {
  const { events, marks } = store.kept;
  return { ...store.read(events, marks), opened: events.map((event) => store.open(event)), counters };
};

function live(records: readonly TrafficRecord[]) {
  const store = new TrafficStore();
  const tracker = trackTraffic([1], store);
  for (const record of records) {
    store.record(record);
    tracker.apply(record);
  }
  return { store, counters: [...tracker.tallies.values()].map((tally) => tally.counters(0)) };
}

test("a recording that was saved and opened shows what was seen live: events, marks, bytes, labels and counters", () => {
  const before = live(CHAT);
  const replayed = replay(saved(before.store.records));
  expect(replayed.problems).toEqual([]);
  expect(replayed).toMatchObject(BEGINNING);
  expect(seen(replayed)).toEqual(seen(before));
  expect(seen(replayed).marks.length).toBeGreaterThan(4);
});

test("it is text: a line for each record, and bytes that are text are written as text", () => {
  const lines = saved(CHAT).trimEnd().split("\n");
  expect(lines).toHaveLength(CHAT.length + 2);
  expect(JSON.parse(lines[2] ?? "")).toEqual({
    type: "bytes",
    at: 2,
    connection: 1,
    direction: "upstream",
    text: "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
  });
  expect(JSON.parse(lines[4] ?? "")).toHaveProperty("base64");
});

test("cut short anywhere, it opens as far as it goes and says that it was cut", () => {
  const whole = saved(CHAT);
  const first = whole.indexOf("\n") + 1;
  const all = seen(replay(whole)).events;
  for (let length = first; length < whole.length; length += 7) {
    const { problems, store } = replay(whole.slice(0, length));
    const line = whole.slice(0, length).split("\n").length;
    expect(problems).toHaveLength(1);
    expect(problems[0]?.line).toBe(line);
    const { events } = store.read(store.kept.events, []);
    expect(events).toEqual(all.slice(0, events.length));
  }
});

test("a line that was edited is named, and what stands before it is shown", () => {
  const lines = saved(CHAT).split("\n");
  const edited: [number, string, string][] = [
    [4, "not JSON", "badLine"],
    [4, '{"type":"bytes","at":3,"connection":1,"direction":"sideways","text":""}', "badLine"],
    [4, '{"type":"bytes","at":3,"connection":1,"direction":"downstream","base64":"?"}', "badLine"],
    [4, '{"type":"fault","at":3,"source":1,"fault":"fire","on":true}', "badLine"],
    [4, '{"type":"end","at":1,"connection":1,"direction":"upstream"}', "badLine"],
    [4, '{"type":"end","at":1e999,"connection":1,"direction":"upstream"}', "badLine"],
    [4, "null", "badLine"],
    [4, '{"type":"end","at":3,"connection":7,"direction":"upstream"}', "misplacedLine"],
    [4, '{"type":"open","at":3,"connection":7,"source":2}', "misplacedLine"],
  ];
  for (const [line, text, key] of edited) {
    const { problems, store } = replay(lines.with(line - 1, text).join("\n"));
    expect(problems).toEqual([{ key, line }]);
    expect(store.kept.events).toHaveLength(2);
  }
});

test("what is no recording is refused in a sentence", () => {
  for (const text of [
    "",
    "{}",
    "null",
    "hello",
    '{"recording":"wire","version":2}',
    '{"recording":"wire","version":1,"sources":[]}',
  ]) {
    expect(() => replay(text)).toThrow(/^The recording|^This is no recording/);
  }
});

test("whatever a recording says, opening it only ever throws a sentence, and its names are names", () => {
  const value = fc.oneof(
    fc.constantFrom("open", "bytes", "upstream", "cut", "__proto__", "saved", 1, 2, -1, 1e300, true),
    fc.jsonValue(),
  );
  const line = fc.dictionary(
    fc.constantFrom(
      "type",
      "at",
      "connection",
      "source",
      "direction",
      "text",
      "base64",
      "to",
      "how",
      "fault",
      "on",
      "ms",
      "skipped",
      "late",
    ),
    value,
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.jsonValue(), (lines, name) => {
      const first = { recording: "wire", version: 1, began: 0, sources: [{ name, to: name }] };
      const { sources, problems } = replay([first, ...lines].map((each) => JSON.stringify(each)).join("\n"));
      expect(sources[0]?.name).toMatch(/^port \d+$|^ch\d\d-/);
      expect(problems.length).toBeLessThan(2);
    }),
    { numRuns: 500 },
  );
});

test("only the newest bytes are kept; a connection that began before them says how much is missing", () => {
  const store = new TrafficStore({ ...LIMITS, bytes: 10 * 472 });
  const records: TrafficRecord[] = [{ type: "open", at: 0, connection: 1, source: 1 }];
  for (let at = 1; at <= 100; at += 1) records.push(bytes(at, "upstream", "x".repeat(72)));
  for (const record of records) store.record(record);
  const kept = store.records;
  expect(kept[0]).toEqual({ type: "open", at: kept[1]?.at, connection: 1, source: 1 });
  const size = kept.reduce((sum, record) => sum + (record.type === "bytes" ? record.bytes.length : 0), 0);
  expect(size).toBe(10 * 72);
  expect(kept[1]).toMatchObject({ skipped: 90 * 72 });
  expect(kept.slice(2).every((record) => record.type === "bytes" && record.skipped === 0)).toBe(true);
  const replayed = replay(saved(kept));
  expect(replayed.problems).toEqual([]);
  const { events } = replayed.store.read(replayed.store.kept.events, []);
  expect(events[1]).toMatchObject({ kind: "raw", problem: "torn", from: 90 * 72 });
  expect(replayed.store.open(2)).toMatchObject({ from: 90 * 72, missing: 0 });
});

test("only the newest events and marks are kept, what still goes on too, and the others are counted", () => {
  const store = new TrafficStore({ ...LIMITS, events: 50, marks: 20 });
  const tracker = trackTraffic([1], store);
  const apply = (record: TrafficRecord) => {
    store.record(record);
    expect(tracker.apply(record)).toBe(true);
  };
  for (const record of CHAT.slice(0, 3)) apply(record);
  for (let at = 10; at < 200; at += 1) apply(bytes(at, "upstream", frameOf(`${at}`)));
  const { events, marks } = store.kept;
  expect(events.length).toBeGreaterThan(46);
  expect(events.length).toBeLessThanOrEqual(50);
  expect(store.open(events.at(-1) ?? 0)?.event.summary).toBe('TEXT "199"');
  expect(store.open((events[0] ?? 0) - 1)).toBe(undefined);
  expect(store.forgotten.get(1)).toBe(193 - events.length);
  const kept = store.read([], marks).marks;
  expect(kept.length).toBeGreaterThan(18);
  expect(kept.length).toBeLessThanOrEqual(20);
  expect(kept.map(({ mark }) => mark)).toEqual(expect.arrayContaining(["connection", "exchange", "tick"]));
});

test("labels have a limit of their own", () => {
  const store = new TrafficStore({ ...LIMITS, labels: 10_000 });
  const tracker = trackTraffic([1], store);
  for (const record of CHAT.slice(0, 3)) tracker.apply(record);
  for (let at = 10; at < 60; at += 1) tracker.apply(bytes(at, "upstream", frameOf("x".repeat(1_000))));
  expect(store.kept.events.length).toBeLessThan(8);
  expect(store.kept.events.length).toBeGreaterThan(3);
});
