import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { answer, KEEP_ALIVE } from "../http/answer.ts";
import { answersIn, requestOf, serve } from "../testing/ask.ts";
import { exchange, rawConnection } from "../testing/raw.ts";
import { answerOf, held, sendAnswer } from "./held.ts";

const messages = [{ id: 1, author: "앤", text: "안녕 👋", timestamp: 1, key: "k" }];
const kept = { keepAliveTimeout: KEEP_ALIVE };
const withoutDate = (text: string) => text.replace(/^Date: .*$/m, "Date: …");

/** What `tell` writes to a request, on a connection that ends with it. */
async function written(tell: (response: ServerResponse) => void, line = "GET /"): Promise<string> {
  const port = await serve((_, response) => tell(response), kept);
  return withoutDate(await exchange(port, requestOf(port, line)));
}

describe("an answer that was prepared for many", () => {
  test("is byte for byte the one that each would be given by itself", async () => {
    const port = await serve((request, response) => {
      if (request.url === "/one") answer(response, 200, messages);
      else sendAnswer(response, answerOf(messages));
    }, kept);
    const connection = rawConnection(port);
    const ask = async (path: string) => {
      const before = connection.received().length;
      connection.socket.write(requestOf(port, `GET ${path}`, { headers: { Connection: undefined } }));
      const read = await connection.until((all) => answersIn(all.slice(before)).length === 1);
      return withoutDate(read.slice(before));
    };
    const one = await ask("/one");
    expect(one).toContain("Keep-Alive: timeout=15\r\n");
    expect(await ask("/many")).toBe(one);
    expect(await ask("/many")).toBe(one); // The connection goes on.
  });

  test.each([
    ["asks for the connection's end", "GET / HTTP/1.1"],
    ["speaks HTTP/1.0", "GET / HTTP/1.0"],
  ])("is the same, too, to a client that %s", async (_, line) => {
    const many = await written((response) => sendAnswer(response, answerOf(messages)), line);
    expect(many).toContain("Connection: close\r\n");
    expect(many).toBe(await written((response) => answer(response, 200, messages), line));
  });

  test("waits for its turn where the client asked for something else before", async () => {
    let first: ServerResponse | undefined;
    const port = await serve((_, response) => {
      if (first) {
        sendAnswer(response, answerOf(messages));
        answer(first, 200, "first");
      } else first = response;
    }, kept);
    const request = requestOf(port, "GET /", { headers: { Connection: undefined } });
    const connection = rawConnection(port, Buffer.concat([request, request]));
    const read = await connection.until((all) => answersIn(all).length === 2);
    expect(answersIn(read).map(({ body }) => body)).toEqual(["first", JSON.stringify(messages)]);
  });

  test("is the first that was given: those that come later are nothing, nor is it something after another", async () => {
    const port = await serve(({ url }, response) => {
      if (url === "/timer-first") answer(response, 204);
      sendAnswer(response, answerOf(messages));
      sendAnswer(response, answerOf(messages));
      answer(response, 204);
    }, kept);
    const open = { headers: { Connection: undefined } };
    const requests = [requestOf(port, "GET /", open), requestOf(port, "GET /timer-first", open)];
    const connection = rawConnection(port, Buffer.concat([...requests, requestOf(port, "GET /")]));
    const answers = answersIn(await connection.ended());
    expect(answers.map(({ status }) => status)).toEqual([200, 204, 200]);
  });
});

test("while a request is held, its headers are let go of", async () => {
  let waiting: ServerResponse | undefined;
  const port = await serve((_, response) => {
    waiting = held(response);
    answer(response, 204);
  });
  await exchange(port, requestOf(port, "GET /", { headers: { Cookie: "x".repeat(1_000) } }));
  expect(waiting?.req.rawHeaders).toEqual([]);
  expect(waiting?.req.headers).toEqual({});
});
