import { describe, expect, test } from "vitest";
import { type ParsedEvent, streamParser } from "../testing/stream-parser.ts";
import { encodeEvent } from "./encode.ts";

/** What a browser makes of a stream. @param size how many bytes arrive at a time */
function eventsIn(stream: string, size = Number.POSITIVE_INFINITY): ParsedEvent[] {
  const events: ParsedEvent[] = [];
  const parse = streamParser((event) => events.push(event));
  const bytes = Buffer.from(stream);
  for (let at = 0; at < bytes.length; at += size) parse(bytes.subarray(at, at + size));
  return events;
}

describe("an event is exactly this text", () => {
  test.each([
    ["data", { data: "안녕" }, "data: 안녕\n\n"],
    ["no data at all", {}, "\n"],
    ["empty data", { data: "" }, "data: \n\n"],
    ["an id and data", { data: "x", id: "7" }, "id: 7\ndata: x\n\n"],
    ["an empty id, which forgets the last one", { id: "" }, "id: \n\n"],
    ["a name", { event: "left", data: "ann" }, "event: left\ndata: ann\n\n"],
    ["the time to reconnect", { retry: 1_000 }, "retry: 1000\n\n"],
    ["no time at all to reconnect", { retry: 0 }, "retry: 0\n\n"],
    ["a comment", { comment: "still there" }, ": still there\n\n"],
    ["an empty comment", { comment: "" }, ": \n\n"],
    [
      "everything, in one order",
      { data: "x", id: "7", event: "left", retry: 5, comment: "c" },
      ": c\nretry: 5\nevent: left\nid: 7\ndata: x\n\n",
    ],
    ["data of two lines", { data: "one\ntwo" }, "data: one\ndata: two\n\n"],
    ["data with CR", { data: "one\rtwo" }, "data: one\ndata: two\n\n"],
    ["data with CRLF, which is one line end", { data: "one\r\ntwo" }, "data: one\ndata: two\n\n"],
    ["data with LFCR, which is two", { data: "one\n\rtwo" }, "data: one\ndata: \ndata: two\n\n"],
    ["data that ends with a line end", { data: "one\n" }, "data: one\ndata: \n\n"],
    ["data that begins with a blank", { data: " x" }, "data:  x\n\n"],
    [
      "data that looks like a field",
      { data: "id: 9\n\nevent: x" },
      "data: id: 9\ndata: \ndata: event: x\n\n",
    ],
    [
      "line ends of other standards, which are none here",
      { data: "a\u2028b\u2029c\u0085d\u000be" },
      "data: a\u2028b\u2029c\u0085d\u000be\n\n",
    ],
    ["NUL in data, where it is allowed", { data: "a\0b" }, "data: a\0b\n\n"],
  ])("%s", (_, event, text) => {
    expect(encodeEvent(event)).toBe(text);
  });
});

describe("nothing can be forged", () => {
  test.each(["id", "event", "comment"])("a line end or NUL in the %s is refused", (field) => {
    for (const sign of ["\r", "\n", "\r\n", "\0"]) {
      for (const value of [sign, `x${sign}data: forged`, `${sign}x`, `x${sign}`]) {
        expect(() => encodeEvent({ data: "x", [field]: value }), JSON.stringify(value)).toThrow(RangeError);
      }
    }
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    "%s is no time to reconnect",
    (retry) => {
      expect(() => encodeEvent({ retry })).toThrow(RangeError);
    },
  );
});

test.each([1, 2, 3, 1_000])(
  "a browser reads what was written, however it is cut: %i bytes at a time",
  (size) => {
    const texts = [
      "안녕 👋",
      "one\ntwo\n\nthree",
      "",
      " blank ",
      "id: 9\n\ndata: forged",
      "\ufeffmark",
      "a\u2028b\0c",
      ":x",
      "\n\n",
    ];
    const stream = texts.map((data, index) => encodeEvent({ comment: "", data, id: String(index) })).join("");
    const sent = texts.map((data, index) => ({ type: "message", data, lastEventId: String(index) }));
    expect(eventsIn(stream, size)).toEqual(sent);
  },
);

describe("the tests' own reader follows the HTML standard's examples", () => {
  test.each([
    ["the stock ticker", "data: YHOO\ndata: +2\ndata: 10\n\n", [{ data: "YHOO\n+2\n10" }]],
    [
      "comments, ids, an empty id, a third field with a blank",
      ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
      [
        { data: "first event", lastEventId: "1" },
        { data: "second event", lastEventId: "" },
        { data: " third event", lastEventId: "" },
      ],
    ],
    [
      "empty data, and an event that is never ended",
      "data\n\ndata\ndata\n\ndata:",
      [{ data: "" }, { data: "\n" }],
    ],
    ["a blank or none behind the colon", "data:test\n\ndata: test\n\n", [{ data: "test" }, { data: "test" }]],
    [
      "every line end",
      "data: a\r\rdata: b\n\ndata: c\r\n\r\n",
      [{ data: "a" }, { data: "b" }, { data: "c" }],
    ],
    ["a byte order mark and an unknown field", "\ufeffdata: a\nunknown: x\n\n", [{ data: "a" }]],
    [
      "an id with NUL, which does not count",
      "id: 1\n\nid: 2\0\ndata: a\n\n",
      [{ data: "a", lastEventId: "1" }],
    ],
    [
      "a name",
      "event: add\ndata: 1\n\ndata: 2\n\n",
      [
        { type: "add", data: "1" },
        { type: "message", data: "2" },
      ],
    ],
  ])("%s", (_, stream, expected) => {
    for (const size of [1, 2, 1_000]) {
      const events = eventsIn(stream, size);
      expect(events).toMatchObject(expected);
      expect(events).toHaveLength(expected.length);
    }
  });
});
