import { describe, expect, test } from "vitest";
import { answersIn, ask, post, requestOf } from "../../shared/testing/ask.ts";
import { sharedChapter, startChapter } from "../../shared/testing/chapter-process.ts";
import { idsFrom, idsOf, keepsPromises, logOf } from "../../shared/testing/promises.ts";
import { rawConnection } from "../../shared/testing/raw.ts";

const chapter = "ch09-polling";

keepsPromises(chapter);

describe("the poll", () => {
  const shared = sharedChapter(chapter);

  test("where nothing is new the answer is 204, at once, with no body, and no cache may keep it", async () => {
    const { port } = shared();
    const { body: json } = await post(port, '{"text": "안녕"}');
    const { status, headers, body } = await ask(port, `GET /poll?after=${JSON.parse(json).id}`);
    expect({ status, body }).toEqual({ status: 204, body: "" });
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.has("content-length")).toBe(false); // RFC 9110 §8.6
  });

  test("what is new is a list of messages, exactly as their senders were answered, and no cache may keep it", async () => {
    const { port } = shared();
    const first = (await post(port, '{"author": "ann", "text": "하나"}')).body;
    const second = (await post(port, '{"text": "둘", "key": "k-2"}')).body;
    const { status, headers, body } = await ask(port, `GET /poll?after=${JSON.parse(first).id - 1}`);
    expect({ status, body }).toEqual({ status: 200, body: `[${first},${second}]` });
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("content-type")).toBe("application/json");
  });

  test("polls and sends take turns on one connection, and each is answered in its turn", async () => {
    const { port } = await startChapter(chapter);
    const json = { "Content-Type": "application/json", Connection: undefined };
    const requests = [
      requestOf(port, "GET /poll?after=0", { headers: { Connection: undefined } }),
      requestOf(port, "POST /update", { headers: json, body: '{"text": "하나"}' }),
      requestOf(port, "GET /poll?after=0"),
    ];
    const { socket, until, ended } = rawConnection(port);
    for (const [index, request] of requests.entries()) {
      socket.write(request);
      await until((received) => answersIn(received).length === index + 1);
    }
    expect(answersIn(await ended()).map(({ status }) => status)).toEqual([204, 201, 200]);
  });
});

test("an answer holds at most 1,000 messages, the oldest, and the next one goes on behind them", async () => {
  const { port } = await startChapter(chapter, { args: ["--store", logOf(2_500)] });
  const answer = async (after: string) => idsOf(JSON.parse((await ask(port, `GET /poll${after}`)).body));
  expect(await answer("?after=0")).toEqual(idsFrom(1, 1_000));
  expect(await answer("?after=1000")).toEqual(idsFrom(1_001, 2_000));
  expect(await answer("?after=2000")).toEqual(idsFrom(2_001, 2_500));
  expect(await answer("")).toEqual(idsFrom(2_401, 2_500));
});

test.each([
  ["no flag", 1000, []],
  ["--poll-interval 250", 250, ["--poll-interval", "250"]],
])("the page is told how often to ask: with %s every %s ms", async (_, interval, args) => {
  const { port } = await startChapter(chapter, { args });
  const { body } = await ask(port, "GET /");
  expect(body).toMatch(new RegExp(`<html [^>]*\\bdata-poll-interval="${interval}"`));
});
