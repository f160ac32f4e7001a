import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Answer, ask, post } from "../ask.ts";
import { sharedChapter, startChapter, temporaryFolder } from "../chapter-process.ts";

/** The message in an answer. */
function messageIn({ status, headers, body }: Answer, expected = 201): Record<string, unknown> {
  expect([status, body]).toEqual([expected, expect.any(String)]);
  expect(headers.get("content-type")).toBe("application/json");
  expect(headers.get("cache-control")).toBe("no-store");
  return JSON.parse(body);
}

// What a draft may be, and what it becomes, the chapters' promises try. Here is how it is answered.
const polling = sharedChapter("ch09-polling");

test("a new message is answered with 201, one whose key is known with 200 and the first message", async () => {
  const { port } = polling();
  const first = messageIn(await post(port, '{"text":"first","author":"ann","key":"constructor"}'));
  expect(first).toMatchObject({ text: "first", author: "ann", key: "constructor" });
  expect(messageIn(await post(port, '{"text":"second","key":"constructor"}'), 200)).toEqual(first);
});

test("of what is sent no field is taken but text, author and key", async () => {
  const sent = '{"text":"x","id":99,"timestamp":1,"__proto__":{"author":"eve"},"constructor":null,"a":[{}]}';
  const message = messageIn(await post(polling().port, sent));
  expect(Object.keys(message)).toEqual(["id", "author", "text", "timestamp", "key"]);
  expect(message).toMatchObject({ text: "x", author: "anonymous" });
  expect(message["id"]).not.toBe(99);
  expect(message["timestamp"]).not.toBe(1);
});

test("who sends while another program has begun a line in the file is answered 201, each time", async () => {
  const file = join(temporaryFolder(), "log.ndjson");
  const { port } = await startChapter("ch09-polling", { args: ["--store", `file:${file}`] });
  for (let id = 1; id <= 20; id += 1) {
    appendFileSync(file, '{"half');
    expect(messageIn(await post(port, JSON.stringify({ text: `${id}` })))).toMatchObject({
      id,
      text: `${id}`,
    });
  }
  const { body } = await ask(port, "GET /poll?after=0");
  expect(JSON.parse(body)).toHaveLength(20);
});
