import { describe, expect, test, vi } from "vitest";
import { answer, HttpError, refuse } from "../../http/answer.ts";
import { inTurn, MAX_BODY, parseJson, readJson, updateText } from "../../http/update.ts";
import { openStore } from "../../message-store/open-store.ts";
import { answerIn, ask, expectRefusal, requestOf, serve } from "../ask.ts";
import { rawConnection } from "../raw.ts";

/** A server that answers with the JSON that it read. */
function serveJson(): Promise<number> {
  return serve(async (request, response) => {
    try {
      answer(response, 200, { read: await readJson(request) });
    } catch (error) {
      refuse(response, error);
    }
  });
}

const JSON_TYPE = { "Content-Type": "application/json" };
const text = (bytes: number) => JSON.stringify("x".repeat(bytes - 2));

describe("a body", () => {
  test("is read as JSON, whatever JSON it is", async () => {
    const port = await serveJson();
    for (const body of ["1", "null", '"한"', '[{"a":1}]', " {} ", text(MAX_BODY)]) {
      const { status, body: read } = await ask(port, "POST /", { headers: JSON_TYPE, body });
      expect([status, read]).toEqual([200, `{"read":${body.trim()}}`]);
    }
  });

  test("is JSON by its content type, parameters or not", async () => {
    const port = await serveJson();
    for (const type of ["application/json", "APPLICATION/json;charset=x", "application/json \t; a=b"]) {
      expect((await ask(port, "POST /", { headers: { "Content-Type": type }, body: "1" })).status).toBe(200);
    }
    for (const type of [
      undefined,
      "",
      "text/plain",
      "text/plain; application/json",
      "application/x-www-form-urlencoded",
      "application/jsonp",
      "application/json, text/plain",
      "application/ld+json",
      "x/application/json",
      "application/json x",
    ]) {
      const sentence = expectRefusal(
        await ask(port, "POST /", { headers: { "Content-Type": type }, body: "1" }),
        415,
      );
      expect(sentence).toContain("Content-Type: application/json");
    }
  });

  test("is refused at one byte more than 16 KiB, by its length or by its chunks, wherever they are cut", async () => {
    const port = await serveJson();
    expect(MAX_BODY).toBe(16_384);
    const body = text(MAX_BODY + 1);
    expect(expectRefusal(await ask(port, "POST /", { headers: JSON_TYPE, body }), 413)).toContain(
      "16384 bytes",
    );
    for (const cut of [1, 8_000, MAX_BODY]) {
      const chunk = (piece: string) => `${piece.length.toString(16)}\r\n${piece}\r\n`;
      const chunks = `${chunk(body.slice(0, cut))}${chunk(body.slice(cut))}0\r\n\r\n`;
      const headers = { ...JSON_TYPE, "Transfer-Encoding": "chunked", "Content-Length": undefined };
      expectRefusal(await ask(port, "POST /", { headers, body: chunks }), 413);
    }
  });

  test("is refused by its length before it is there", async () => {
    const port = await serveJson();
    const headers = { ...JSON_TYPE, "Content-Length": String(MAX_BODY + 1) };
    const connection = rawConnection(port, requestOf(port, "POST /", { headers }));
    expectRefusal(answerIn(await connection.until((read) => read.endsWith("}"))), 413);
  });

  test("that is not JSON, or not UTF-8, is refused", () => {
    for (const bytes of ["", "{", "x", "1 2", "\xff", '"\xed\x95"']) {
      expect(() => parseJson(Buffer.from(bytes, "latin1"))).toThrow(
        expect.objectContaining({
          name: "HttpError",
          status: 400,
          message: expect.stringContaining('{"text": "Hello"}'),
        }),
      );
    }
    expect(parseJson(Buffer.from('{"text":"한"}'))).toEqual({ text: "한" });
  });

  test("whose client goes away in the middle is given up", async () => {
    let tell = (_: unknown) => {};
    const failed = new Promise<unknown>((resolve) => {
      tell = resolve;
    });
    const port = await serve((request) => {
      readJson(request).catch(tell);
      connection.socket.destroy();
    });
    const connection = rawConnection(
      port,
      requestOf(port, "POST /", { headers: { ...JSON_TYPE, "Content-Length": "9" } }),
    );
    expect(await failed).toBeInstanceOf(Error);
    expect(await failed).not.toBeInstanceOf(HttpError);
  });
});

describe("a text message of a socket", () => {
  test("is the JSON of a draft, or the text of one where it is no JSON object", async () => {
    const log = await openStore("memory:");
    const texts = [
      '{"text":"한","author":"ann","key":"k"}',
      "Hello",
      "",
      "[1]",
      "null",
      '"x"',
      "5",
      "{",
      '{"text"',
    ];
    for (const text of texts) {
      const reply = await updateText(text, log);
      if (text === "") expect(reply).toEqual({ error: expect.stringMatching(/blank/), key: undefined });
      else expect([text, reply]).toEqual([text, undefined]);
    }
    const [first, ...others] = await log.after(0);
    expect(first).toMatchObject({ text: "한", author: "ann", key: "k" });
    expect(others.map(({ text }) => text)).toEqual(["Hello", "[1]", "null", '"x"', "5", "{", '{"text"']);
  });

  test("whose key the log has already is answered with the first message", async () => {
    const log = await openStore("memory:");
    const { message } = await log.append({ text: "first", key: "k" });
    expect(await updateText('{"text":"second","key":"k"}', log)).toEqual(message);
  });

  test("that is refused is answered with a sentence, and with its key where it has one", async () => {
    const log = await openStore("memory:");
    for (const [text, key] of [
      ['{"text":" ","key":"k"}', "k"],
      ['{"text":"x","key":"a b"}', "a b"],
      ['{"text":"x","key":5}', undefined],
      ["{}", undefined],
    ] as const) {
      expect(await updateText(text, log)).toEqual({ error: expect.stringMatching(/^The field .*\.$/), key });
    }
    await log.close();
    expect(await updateText('{"text":"x","key":"k"}', log)).toEqual({
      error: expect.stringMatching(/^The log is closed.*\.$/),
      key: "k",
    });
  });
});

test("a connection's tasks run one after another, and it is read again after the last, whether it failed or not", async () => {
  const connection = { pause: vi.fn(), resume: vi.fn() };
  const began: string[] = [];
  let keep = (_: string) => {};
  const one = inTurn(connection, () => {
    began.push("one");
    return new Promise<string>((resolve) => {
      keep = resolve;
    });
  });
  const two = inTurn(connection, async () => {
    began.push("two");
    throw new Error("two");
  });
  const three = inTurn(connection, async () => began.push("three"));
  await new Promise((resolve) => setImmediate(resolve));
  expect(began).toEqual(["one"]);
  expect(connection.pause).toHaveBeenCalled();
  keep("one");
  expect(await one).toBe("one");
  await expect(two).rejects.toThrow("two");
  await three;
  expect(began).toEqual(["one", "two", "three"]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(connection.resume).toHaveBeenCalledTimes(1);
});
