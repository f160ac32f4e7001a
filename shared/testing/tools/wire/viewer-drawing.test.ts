// The picture's shapes, from marks: one idea, one shape, whatever the technique.
import { describe, expect, test } from "vitest";
import { DRAWING_WORDS, type DrawnShape, draw, svgText, type View } from "../../../tools/wire/drawing.ts";
import type { ExchangeMark, FaultMark, Mark, TickMark } from "../../../tools/wire/events.ts";
import { placeRows, ROW_GAP } from "../../../tools/wire/rows.ts";

const SOURCE = {
  source: 1,
  name: "ch11-sse",
  to: 3000,
  port: 3100,
  url: "http://localhost:3100",
  framed: true,
};
const VIEW: View = {
  sources: [SOURCE],
  width: 600,
  from: 0,
  to: 30_000,
  pxPerSecond: 24,
  top: 0,
  now: 30_000,
  lostBefore: 27_000,
  words: DRAWING_WORDS.en,
  labels: true,
};

let numbers = 0;

function exchange(shape: ExchangeMark["shape"], at: number, more: Partial<ExchangeMark> = {}): ExchangeMark {
  numbers += 1;
  const mark = { mark: "exchange", number: numbers, source: 1, connection: 1, request: 1 } as const;
  return {
    ...mark,
    shape,
    method: "GET",
    target: "/poll?after=1",
    at,
    asked: at,
    messages: [],
    count: 0,
    ...more,
  };
}

function tick(
  of: ExchangeMark,
  direction: TickMark["direction"],
  at: number,
  more: Partial<TickMark> = {},
): TickMark {
  numbers += 1;
  const mark = {
    mark: "tick",
    number: numbers,
    source: 1,
    connection: 1,
    exchange: of.number,
    event: 1,
  } as const;
  return { ...mark, direction, what: "message", at, passed: at, summary: "TEXT", ...more };
}

/** How many shapes of each class there are, without the invisible ones that take a click. */
function classes(shapes: readonly DrawnShape[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { class: name } of shapes) {
    const own = name.replace(/ of-\S+/, "");
    if (!/^(time|lifeline|hit|label|head)/.test(own)) counts[own] = (counts[own] ?? 0) + 1;
  }
  return counts;
}

function drawn(marks: readonly Mark[], view: Partial<View> = {}): DrawnShape[] {
  return draw(marks, { ...VIEW, ...view });
}

const answered = { status: 204, answered: 1_002, until: 1_003 };
const told = { messages: [{ token: "k", text: "안녕" }], count: 1 };

describe("with the labels covered", () => {
  test("an empty poll is a dot, and one with messages an arrow more", () => {
    const empty = exchange("poll", 1_000, answered);
    const news = exchange("poll", 5_000, { status: 200, answered: 5_002, until: 5_003, ...told });
    expect(classes(drawn([empty], { labels: false }))).toEqual({ poll: 1, "poll line": 1 });
    expect(classes(drawn([news], { labels: false }))).toEqual({
      poll: 1,
      "poll line": 1,
      "answer news": 1,
      news: 1,
    });
  });

  test("a held request is a bar that grows until it is answered", () => {
    const height = (mark: Mark, now: number) => {
      const bar = drawn([mark], { now, labels: false }).find(({ class: name }) => name.startsWith("hold"));
      return Number(bar?.attributes["height"]);
    };
    const held = exchange("held", 1_000);
    expect(height(held, 3_000)).toBeCloseTo(48);
    expect(height(held, 11_000)).toBeCloseTo(240);
    expect(height({ ...held, status: 204, answered: 6_000, until: 6_000 }, 11_000)).toBeCloseTo(120);
  });

  test("a stream is one bar, a tick for each event and a fainter one for each heartbeat, one way only", () => {
    const stream = exchange("stream", 1_000, { status: 200, answered: 1_001 });
    const marks = [
      stream,
      tick(stream, "downstream", 3_000),
      tick(stream, "downstream", 6_000),
      tick(stream, "downstream", 9_000, { what: "heartbeat" }),
    ];
    expect(classes(drawn(marks, { labels: false }))).toEqual({
      stream: 1,
      ask: 1,
      "message downstream": 2,
      heartbeat: 1,
      "heartbeat tip": 1,
    });
  });

  test("a socket is a bar on both sides, with arrows both ways", () => {
    const socket = exchange("socket", 1_000, { status: 101, answered: 1_001 });
    const marks = [socket, tick(socket, "upstream", 3_000), tick(socket, "downstream", 3_001)];
    expect(classes(drawn(marks, { labels: false }))).toEqual({
      tube: 1,
      socket: 2,
      ask: 1,
      "message upstream": 1,
      "message downstream": 1,
    });
  });

  test("a ping and the text that is sent with it are two heartbeats, each by its name", () => {
    const socket = exchange("socket", 1_000, { status: 101, answered: 1_001 });
    const beat = (summary: string) => tick(socket, "downstream", 3_000, { what: "heartbeat", summary });
    const texts = drawn([socket, beat("PING"), beat('TEXT "{}"'), beat("PING")]).map(({ text }) => text);
    expect(texts).toEqual(expect.arrayContaining(["PING ×2", 'TEXT "{}"']));
  });

  test("a connection that failed is a break, and so is the end of one that was cut", () => {
    const stream = exchange("stream", 1_000, { status: 200, answered: 1_001, until: 5_000, broken: true });
    const ended = {
      mark: "connection",
      number: 900,
      source: 1,
      connection: 1,
      at: 900,
      until: 5_000,
    } as const;
    const refused = {
      ...ended,
      number: 901,
      connection: 2,
      at: 6_000,
      until: 6_000,
      end: "refused",
    } as const;
    const shapes = drawn([stream, { ...ended, end: "cut" }, refused], { labels: false });
    expect(classes(shapes)).toEqual({ stream: 1, ask: 1, break: 2, failed: 1, casing: 1 });
  });

  test("no text is left, but how many a row stands for", () => {
    const marks = [
      exchange("poll", 1_000, answered),
      exchange("send", 2_000, told),
      exchange("send", 2_010, told),
    ];
    const texts = drawn(marks, { labels: false }).filter(
      ({ tag, class: name }) => tag === "text" && name !== "time",
    );
    expect(texts.map(({ text }) => text)).toEqual(["×2"]);
  });
});

test("what is cause and what is effect are one under the other, though they come within a millisecond", () => {
  const stream = exchange("stream", 500, { status: 200, answered: 501 });
  const send = exchange("send", 4_000, { method: "POST", target: "/update", status: 201, ...told });
  const event = tick(stream, "downstream", 4_000.6);
  const shapes = drawn([stream, send, event]);
  const y = (mark: Mark) => {
    const hit = shapes.find(
      ({ class: name, marks }) => name.startsWith("hit") && marks?.includes(mark.number),
    );
    return Number(/^M\S+ (\S+)L/.exec(String(hit?.attributes["d"]))?.[1]);
  };
  expect(y(event) - y(send)).toBe(ROW_GAP);
});

test("a line stops on both sides of its label, and is whole where it has none", () => {
  const send = exchange("send", 1_000, told);
  const line = (labels: boolean) =>
    String(drawn([send], { labels }).find(({ class: name }) => name.startsWith("send"))?.attributes["d"]);
  expect(line(false)).toMatch(/^M\S+ \S+H\S+M\S+ \S+l/);
  const [, stop, start] = /^M\S+ \S+H([\d.]+)M(\S+) \S+H/.exec(line(true)) ?? [];
  const label = drawn([send]).find(({ class: name }) => name.startsWith("label"));
  const x = Number(label?.attributes["x"]);
  expect(Number(stop)).toBeLessThan(x);
  // In a monospaced font of 11 px, a Latin letter is at most 0.602 em wide, a Korean one 1 em.
  expect(label?.text).toBe("GET /poll?after=1 “안녕”");
  expect(Number(start)).toBeGreaterThan(x + 11 * (20 * 0.602 + 2));
});

test("a delay slopes: the arrow ends as much later as the bytes did", () => {
  const send = exchange("send", 1_000, { asked: 2_000, ...told });
  const hit = drawn([send]).find(({ class: name }) => name.startsWith("hit"));
  const [, from, to] = /^M\S+ (\S+)L\S+ (\S+)$/.exec(String(hit?.attributes["d"])) ?? [];
  expect(Number(to) - Number(from)).toBe(24);
});

test("what a fault holds up ends halfway, and crosses when it is let through", () => {
  const socket = exchange("socket", 500, { status: 101, answered: 501 });
  const { passed, ...held } = tick(socket, "downstream", 2_000);
  expect(passed).toBe(2_000);
  expect(classes(drawn([socket, held]))).toMatchObject({ "message downstream stuck": 1 });
  expect(classes(drawn([socket, { ...held, passed: 4_000 }]))).toMatchObject({ "message downstream": 1 });
});

test("a request that a fault holds up is held by nobody yet, and an answer that it cut has not arrived", () => {
  const asked = exchange("held", 1_000, { asked: undefined });
  expect(classes(drawn([asked]))).toEqual({ "ask stuck": 1 });
  const cut = { ...told, status: 200, answered: 3_000, until: 5_000, broken: true } as const;
  for (const shape of ["held", "poll"] as const) {
    expect(classes(drawn([exchange(shape, 1_000, cut)]))).toMatchObject({ "answer news stuck": 1 });
  }
});

test("a message that was sent and did not arrive is lost; not at once, and no longer when it arrives", () => {
  const heard = exchange("send", 100, { ...told, arrived: 110 });
  const said = (mark: Mark, view?: Partial<View>) => {
    const shapes = drawn([mark, heard], view);
    const label = shapes.find(
      ({ class: name, marks }) => name.startsWith("label") && marks?.[0] === mark.number,
    );
    return [classes(shapes)["break"] ?? 0, label?.text];
  };
  const send = exchange("send", 1_000, { ...told, target: "/update", status: 201 });
  expect(said(send)).toEqual([1, "GET /update “안녕” · not arrived"]);
  expect(said(send, { labels: false })).toEqual([1, undefined]);
  const socket = exchange("socket", 500, { status: 101, answered: 501 });
  const frame = tick(socket, "upstream", 1_000, { message: told.messages[0] });
  expect(said(frame)).toEqual([1, "“안녕” · not arrived"]);
  for (const fine of [
    { ...send, arrived: 9_000 },
    { ...frame, arrived: 9_000 },
    { ...send, status: 400 },
  ]) {
    expect(said(fine)[0]).toBe(0);
  }
  expect(said(send, { lostBefore: 1_000 })[0]).toBe(0);
  // What is no chat loses no message.
  expect(classes(drawn([send]))["break"]).toBe(undefined);
});

test("a fault is a band for as long as it lasts", () => {
  const fault: FaultMark = {
    mark: "fault",
    number: 950,
    source: 1,
    fault: "delay",
    ms: 500,
    at: 2_000,
    until: 7_000,
  };
  const shapes = drawn([fault]);
  const band = shapes.find(({ class: name }) => name.startsWith("fault delay"));
  expect(band?.attributes).toMatchObject({ y: 48, height: 120 });
  expect(shapes.find(({ tag, class: name }) => tag === "text" && name.startsWith("fault"))?.text).toBe(
    "delay 500 ms",
  );
});

test("two streams at a time have a lane each, the next one takes the lane that is free", () => {
  const until = { status: 200, answered: 1_001, until: 5_000 };
  const marks = [
    exchange("stream", 1_000, until),
    exchange("stream", 2_000, { status: 200, answered: 2_001 }),
    exchange("stream", 6_000, { status: 200, answered: 6_001 }),
  ];
  const bars = drawn(marks).filter(({ class: name }) => name.startsWith("stream"));
  const [first, second, third] = bars.map(({ attributes }) => Number(attributes["x"]));
  expect(second).toBeLessThan(first ?? 0);
  expect(third).toBe(first);
});

test("two hundred sockets are drawn as no more bars than have room, and one that was cut is still seen", () => {
  const sockets = Array.from({ length: 200 }, (_, at) =>
    exchange("socket", at, { status: 101, answered: at }),
  );
  const { tube = 0 } = classes(drawn(sockets));
  expect(tube).toBeGreaterThan(5);
  expect(tube).toBeLessThan(20);
  const cut = exchange("socket", 500, { status: 101, answered: 501, until: 900, broken: true });
  expect(classes(drawn([...sockets, cut]))).toMatchObject({ tube: tube + 1, "break soft": 2 });
});

test("twenty thousand ticks are drawn as no more rows than have room", () => {
  const stream = exchange("stream", 0, { status: 200, answered: 1 });
  const ticks = Array.from({ length: 20_000 }, (_, index) => tick(stream, "downstream", index));
  const shapes = drawn([stream, ...ticks], { to: 20_000, now: 20_000 });
  const rows = shapes.filter(({ class: name }) => name.startsWith("hit"));
  expect(rows.length).toBeLessThanOrEqual(Math.ceil((20 * 24) / ROW_GAP) + 2);
  const told = rows.flatMap(({ marks = [] }) => marks).filter((number) => number !== stream.number);
  expect(new Set(told).size).toBe(20_000);
});

test("the same thing has the same key and the same place, wherever the view begins", () => {
  const stream = exchange("stream", 500, { status: 200, answered: 501 });
  const polls = Array.from({ length: 30 }, (_, index) => {
    const at = 1_000 * index;
    return exchange("poll", at, { status: 204, answered: at + 2, until: at + 3 });
  });
  const burst = [exchange("send", 10_000, told), tick(stream, "downstream", 10_000.5)];
  const placed = (from: number) => {
    const shapes = drawn([stream, ...polls, ...burst], { from, to: from + 10_000 });
    const hits = shapes.filter(({ class: name }) => name.startsWith("hit"));
    return new Map(
      hits.map(({ key, attributes }) => {
        const [, y] = /^M\S+ (\S+)L/.exec(String(attributes["d"])) ?? [];
        return [key, Math.round(Number(y) + (from * VIEW.pxPerSecond) / 1_000)];
      }),
    );
  };
  const [early, late] = [placed(5_000), placed(10_301)];
  const common = [...late].filter(([key]) => early.has(key));
  expect(common.length).toBeGreaterThan(5);
  for (const [key, y] of common) expect(early.get(key)).toBe(y);
  // What was moved down into the view is in it, though its moment is before.
  expect(late.has(`1 ${burst[1]?.number} message hit`)).toBe(true);
});

test("rows of one kind that come close together become one; nothing is left out", () => {
  const crossings = [1, 2, 3, 40, 41].map((y, index) => ({ kind: "a", y, marks: [index] }));
  const rows = placeRows(crossings);
  expect(rows.map(({ y, marks }) => ({ y, marks }))).toEqual([
    { y: 1, marks: [0, 1, 2] },
    { y: 40, marks: [3, 4] },
  ]);
});

test("as a file, texts from others are text, and XML has a character for all of them", () => {
  const text = "<script>&\u0001\ud800\uffff안녕";
  const shapes = drawn([exchange("send", 1_000, { messages: [{ token: "k", text }], count: 1 })]);
  const about = { width: 600, height: 720, title: "T & T", description: "", style: "" };
  const svg = svgText(shapes, about);
  expect(svg).toContain("&#60;script&#62;&#38;\ufffd안녕");
  expect(svg).toContain("T &#38; T");
  expect(svg).not.toContain("<script");
  expect(svg).not.toContain("\u0001");
});
