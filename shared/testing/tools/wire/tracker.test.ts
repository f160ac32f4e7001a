// From records to marks and counters: what the diagram draws, and what is counted.
import { expect, test } from "vitest";
import type { Counters, Direction, ExchangeMark, Mark, TickMark } from "../../../tools/wire/events.ts";
import type { TrafficRecord } from "../../../tools/wire/records.ts";
import { TrafficStore } from "../../../tools/wire/store.ts";
import { trackTraffic } from "../../../tools/wire/tracker.ts";
import { closing, frameOf, PING } from "../../frames.ts";

/** A source whose traffic a test writes. Times are given with each record. */
function watched() {
  const store = new TrafficStore();
  const tracker = trackTraffic([1], store);
  const bytes = (at: number, direction: Direction, said: string | Uint8Array, late = false, connection = 1) =>
    tracker.apply({ type: "bytes", at, connection, direction, bytes: Buffer.from(said), late, skipped: 0 });
  return {
    store,
    tracker,
    apply: (record: TrafficRecord) => tracker.apply(record),
    open: (at = 0, connection = 1) => tracker.apply({ type: "open", at, connection, source: 1 }),
    close: (at: number, connection = 1) => tracker.apply({ type: "close", at, connection, how: "closed" }),
    up: (at: number, said: string | Uint8Array, late?: boolean, connection?: number) =>
      bytes(at, "upstream", said, late, connection),
    down: (at: number, said: string | Uint8Array, late?: boolean, connection?: number) =>
      bytes(at, "downstream", said, late, connection),
    marks: (): Mark[] => store.read([], store.kept.marks).marks.map((mark) => ({ ...mark })),
    exchanges(): ExchangeMark[] {
      return this.marks().filter((mark) => mark.mark === "exchange");
    },
    ticks(): TickMark[] {
      return this.marks().filter((mark) => mark.mark === "tick");
    },
    counters(): Counters {
      const [tally] = tracker.tallies.values();
      if (!tally) throw new Error("no source");
      return tally.counters(0);
    },
  };
}

const GET = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
const POST = (body: string) =>
  `POST /update HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const OK = (body: string, type = "application/json") =>
  `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const EMPTY = "HTTP/1.1 204 No Content\r\n\r\n";
const STREAM = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
const UPGRADE = "GET /?after=3 HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\n\r\n";

test("an answer at once is a poll, a late one was held, and one that is missing is held still", () => {
  const wire = watched();
  wire.open();
  wire.up(10, GET("/poll?after=0"));
  wire.down(12, EMPTY);
  wire.up(1_010, GET("/longpoll?after=0"));
  wire.down(9_000, OK('[{"id":1,"text":"hi","key":"k"}]'));
  wire.up(9_001, GET("/longpoll?after=1"));
  expect(wire.exchanges()).toMatchObject([
    { shape: "poll", status: 204, at: 10, asked: 10, answered: 12, until: 12, count: 0 },
    {
      shape: "held",
      status: 200,
      at: 1_010,
      answered: 9_000,
      until: 9_000,
      count: 1,
      messages: [{ text: "hi" }],
    },
    { shape: "held", at: 9_001 },
  ]);
  expect(wire.exchanges()[2]).not.toHaveProperty("until");
});

test("a page and its files are no technique, and their bytes are counted apart", () => {
  const wire = watched();
  wire.open();
  wire.up(1, GET("/"));
  wire.down(2, OK("<title>x</title>", "text/html"));
  wire.up(3, GET("/style.css"));
  wire.down(4, "HTTP/1.1 304 Not Modified\r\n\r\n");
  expect(wire.exchanges().map(({ shape }) => shape)).toEqual(["page", "page"]);
  const { upstream, downstream } = wire.counters();
  expect(upstream).toEqual({
    header: 0,
    payload: 0,
    raw: 0,
    page: GET("/").length + GET("/style.css").length,
  });
  expect(downstream).toMatchObject({ header: 0, payload: 0, raw: 0 });
});

test("an event stream is one exchange with a tick for each event, fainter for a heartbeat", () => {
  const wire = watched();
  wire.open();
  wire.up(1, GET("/subscribe?after=0"));
  wire.down(2, `${STREAM}retry: 1000\nevent: heartbeat\nid: 0\ndata:\n\n`);
  wire.down(50, ": keep-alive\n\n");
  wire.down(60, 'id: 1\ndata: {"id":1,"text":"hi"}\n\n');
  expect(wire.exchanges()).toMatchObject([{ shape: "stream", status: 200, count: 1 }]);
  expect(
    wire.ticks().map(({ what, at, direction, message }) => [what, at, direction, message?.text]),
  ).toEqual([
    ["heartbeat", 2, "downstream", undefined],
    ["heartbeat", 50, "downstream", undefined],
    ["message", 60, "downstream", "hi"],
  ]);
  wire.close(70);
  expect(wire.exchanges()).toMatchObject([{ until: 70 }]);
  expect(wire.counters()).toMatchObject({ arrived: 1, sent: 0 });
});

test("a socket has ticks both ways; after a close frame it is not broken off, and without one it is", () => {
  for (const isClosedWell of [true, false]) {
    const wire = watched();
    wire.open();
    wire.up(1, UPGRADE);
    wire.down(2, SWITCHED);
    wire.up(10, frameOf('{"text":"hi","key":"k1"}'));
    wire.down(13, frameOf('{"id":1,"text":"hi","key":"k1"}', { mask: undefined }));
    wire.down(20, frameOf("", { mask: undefined, opcode: PING }));
    if (isClosedWell) wire.down(30, frameOf(closing(1001), { mask: undefined, opcode: 8 }));
    wire.close(31);
    expect(
      wire.ticks().map(({ what, direction, summary }) => [what, direction, summary.slice(0, 5)]),
    ).toEqual([
      ["message", "upstream", "TEXT "],
      ["message", "downstream", "TEXT "],
      ["heartbeat", "downstream", "PING"],
      ...(isClosedWell ? [["close", "downstream", "CLOSE"]] : []),
    ]);
    const [up, down] = wire.ticks();
    expect(up?.message?.token).toBe(down?.message?.token);
    expect(wire.exchanges()).toMatchObject([{ shape: "socket", status: 101, count: 2, until: 31 }]);
    expect(wire.exchanges()[0]?.broken).toBe(isClosedWell ? undefined : true);
    expect(wire.counters()).toMatchObject({ sent: 1, arrived: 1, delay: 3 });
  }
});

test("a message is known again where it arrives: by its key, or by its text where the server makes the key", () => {
  const cases = [
    ['{"text":"hi","key":"mine"}', '[{"id":1,"text":"hi","key":"mine"}]', true],
    ['{"text":"hi"}', '[{"id":1,"text":"hi","key":"the server\'s"}]', true],
    ["hi", '["hi"]', true],
    ['{"text":"hi","key":"mine"}', '[{"id":1,"text":"hi","key":"another"}]', false],
    ['{"text":"hi"}', '[{"id":1,"text":"ho"}]', false],
  ] as const;
  for (const [sent, arrived, isKnown] of cases) {
    const wire = watched();
    wire.open(0, 1);
    wire.open(0, 2);
    wire.up(5, GET("/longpoll"));
    wire.up(1_000, POST(sent), false, 2);
    wire.down(1_020, OK(arrived));
    const [held, post] = wire.exchanges();
    expect(post).toMatchObject({ shape: "send", count: 1 });
    expect(held?.messages[0]?.token === post?.messages[0]?.token).toBe(isKnown);
    expect(wire.counters().delay).toBe(isKnown ? 20 : undefined);
  }
});

test("the answer to a sender is no arrival, and an error is no message", () => {
  const wire = watched();
  wire.open();
  wire.up(1, POST('{"text":"hi"}'));
  wire.down(2, OK('{"id":1,"text":"hi"}'));
  wire.up(3, GET("/poll"));
  wire.down(4, 'HTTP/1.1 400 Bad Request\r\nContent-Length: 13\r\n\r\n{"error":"x"}');
  expect(wire.counters()).toMatchObject({ requests: 2, sent: 1, arrived: 0 });
});

test("what has sent a message is told when that has arrived, each time that it was sent", () => {
  const draft = '{"text":"hi","key":"k"}';
  const news = OK('[{"id":1,"text":"hi","key":"k"}]');
  const wire = watched();
  wire.open();
  wire.up(1, POST(draft));
  wire.down(2, OK("{}"));
  const arrived = () => wire.exchanges().flatMap((mark) => (mark.shape === "send" ? [mark.arrived] : []));
  expect(arrived()).toEqual([undefined]);
  wire.up(3, POST(draft));
  wire.down(4, OK("{}"));
  wire.up(5, GET("/poll"));
  wire.down(6, news, true);
  expect(arrived()).toEqual([undefined, undefined]);
  wire.apply({
    type: "passed",
    at: 9,
    connection: 1,
    direction: "downstream",
    to: 2 * OK("{}").length + Buffer.byteLength(news),
  });
  wire.up(10, POST(draft));
  expect(arrived()).toEqual([9, 9, 9]);
});

test("what is held up on its way has passed when it has, and never where the connection ended first", () => {
  const wire = watched();
  wire.open();
  wire.up(1, GET("/subscribe"), true);
  expect(wire.exchanges()).toMatchObject([{ at: 1, asked: undefined }]);
  wire.apply({ type: "passed", at: 301, connection: 1, direction: "upstream", to: GET("/subscribe").length });
  wire.down(302, STREAM);
  expect(wire.exchanges()).toMatchObject([{ at: 1, asked: 301, answered: 302, shape: "stream" }]);
  const [first, second] = ["data: one\n\n", "data: two\n\n"];
  wire.down(400, first, true);
  wire.down(401, second, true);
  expect(wire.ticks().map(({ passed }) => passed)).toEqual([undefined, undefined]);
  wire.apply({
    type: "passed",
    at: 700,
    connection: 1,
    direction: "downstream",
    to: STREAM.length + first.length,
  });
  wire.apply({ type: "close", at: 701, connection: 1, how: "cut" });
  expect(wire.ticks().map(({ passed }) => passed)).toEqual([700, undefined]);
  expect(wire.counters()).toMatchObject({ arrived: 1 });
  expect(wire.exchanges()).toMatchObject([{ broken: true, until: 701 }]);
});

test("a slow network makes no poll a held request: held is counted from when the server had the question", () => {
  const wire = watched();
  wire.open();
  wire.up(1, GET("/poll"), true);
  wire.apply({ type: "passed", at: 501, connection: 1, direction: "upstream", to: GET("/poll").length });
  wire.down(503, EMPTY, true);
  wire.apply({ type: "passed", at: 1_003, connection: 1, direction: "downstream", to: EMPTY.length });
  expect(wire.exchanges()).toMatchObject([{ shape: "poll", at: 1, asked: 501, answered: 503, until: 1_003 }]);
});

test("connections: open, closed, cut, refused; a fault has a beginning and an end", () => {
  const wire = watched();
  wire.open(1, 1);
  wire.apply({ type: "fault", at: 5, source: 1, fault: "cut", on: true });
  wire.apply({ type: "close", at: 6, connection: 1, how: "cut" });
  wire.apply({ type: "fault", at: 7, source: 1, fault: "refuse", on: true });
  wire.apply({ type: "refused", at: 8, connection: 2, source: 1 });
  wire.apply({ type: "fault", at: 9, source: 1, fault: "refuse", on: false });
  wire.apply({ type: "fault", at: 10, source: 1, fault: "delay", on: true, ms: 100 });
  wire.apply({ type: "fault", at: 11, source: 1, fault: "delay", on: true, ms: 200 });
  expect(wire.marks()).toEqual([
    { mark: "connection", number: 1, source: 1, connection: 1, at: 1, until: 6, end: "cut" },
    { mark: "fault", number: 2, source: 1, fault: "cut", at: 5, until: 5 },
    { mark: "fault", number: 3, source: 1, fault: "refuse", at: 7, until: 9 },
    { mark: "connection", number: 4, source: 1, connection: 2, at: 8, until: 8, end: "refused" },
    { mark: "fault", number: 5, source: 1, fault: "delay", ms: 100, at: 10, until: 11 },
    { mark: "fault", number: 6, source: 1, fault: "delay", ms: 200, at: 11 },
  ]);
  expect(wire.counters()).toMatchObject({ connections: 1, open: 0, refused: 1 });
});

test("each byte is counted once: as header, payload, page or raw", () => {
  const wire = watched();
  const streamed = 'id: 1\ndata: {"text":"안녕"}\n\n: beat\n\n';
  const chunked = `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n${Buffer.byteLength(streamed).toString(16)}\r\n${streamed}\r\n0\r\n\r\n`;
  const said = [
    [GET("/"), OK("<p>", "text/html")],
    [POST('{"text":"안녕"}'), OK('{"id":1}')],
    [GET("/subscribe"), chunked],
    [UPGRADE, SWITCHED],
    [frameOf("안녕"), frameOf('{"heartbeat":1}', { mask: undefined })],
    [Buffer.of(0xff, 0xff), Buffer.of()],
  ] as const;
  wire.open();
  const lengths = { upstream: 0, downstream: 0 };
  for (const [index, [asked, answered]] of said.entries()) {
    wire.up(index, asked);
    wire.down(index, answered);
    lengths.upstream += Buffer.byteLength(asked);
    lengths.downstream += Buffer.byteLength(answered);
  }
  wire.close(99);
  const { upstream, downstream } = wire.counters();
  const sum = (bytes: Counters["upstream"]) => bytes.header + bytes.payload + bytes.page + bytes.raw;
  expect({ upstream: sum(upstream), downstream: sum(downstream) }).toEqual(lengths);
  expect(upstream).toMatchObject({ payload: Buffer.byteLength('{"text":"안녕"}') + 6, raw: 2 });
  expect(downstream).toMatchObject({
    payload: '{"id":1}'.length + Buffer.byteLength('{"text":"안녕"}'),
    raw: 0,
  });
});

test("after a clear it counts from 0 again, and what is open goes on", () => {
  const wire = watched();
  wire.open();
  wire.up(1, GET("/subscribe"));
  wire.down(2, `${STREAM}data: one\n\n`);
  wire.tracker.clear();
  wire.store.clear();
  wire.down(3, "data: two\n\n");
  expect(wire.marks().map(({ mark }) => mark)).toEqual(["connection", "exchange", "tick"]);
  expect(wire.counters()).toMatchObject({ connections: 1, open: 1, requests: 0, arrived: 1, events: 2 });
});

test("a record that does not fit what was before is refused, and changes nothing", () => {
  const wire = watched();
  expect(wire.up(1, GET("/"))).toBe(false);
  expect(wire.close(1)).toBe(false);
  expect(wire.apply({ type: "open", at: 1, connection: 1, source: 2 })).toBe(false);
  expect(wire.apply({ type: "fault", at: 1, source: 9, fault: "cut", on: true })).toBe(false);
  expect(wire.open()).toBe(true);
  expect(wire.open()).toBe(false);
  expect(wire.marks()).toHaveLength(1);
});
