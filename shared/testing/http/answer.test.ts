import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { answer, HttpError, refuse } from "../../http/answer.ts";
import { answerIn, ask, expectRefusal, requestOf, serve } from "../ask.ts";
import { rawConnection } from "../raw.ts";

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

async function answerOf(handle: Handle, line = "GET /") {
  const { headers, ...rest } = await ask(await serve(handle), line);
  const { date, ...others } = Object.fromEntries(headers);
  expect(date).toBeDefined();
  return { ...rest, headers: others };
}

describe("an answer", () => {
  const json = {
    "cache-control": "no-store",
    connection: "close",
    "content-type": "application/json",
    "x-content-type-options": "nosniff",
  };

  test("is JSON that no cache may keep", async () => {
    expect(await answerOf((_, response) => answer(response, 201, { text: "안녕" }))).toEqual({
      status: 201,
      headers: { ...json, "content-length": "17" },
      body: '{"text":"안녕"}',
    });
    expect(await answerOf((_, response) => answer(response, 200, null))).toMatchObject({ body: "null" });
  });

  test("is the first that was given: those that come later are nothing, and no error", async () => {
    const later = vi.fn();
    const { status, body } = await answerOf((_, response) => {
      answer(response, 200, 1);
      try {
        answer(response, 204);
        answer(response, 200, 2);
      } catch (error) {
        later(error);
      }
    });
    expect([status, body]).toEqual([200, "1"]);
    expect(later).not.toHaveBeenCalled();
  });
});

describe("an error", () => {
  test("that nobody foresaw is 500, without its details, which are said on standard error", async () => {
    const stderr = vi.spyOn(console, "error").mockImplementation(() => {});
    onTestFinished(() => stderr.mockRestore());
    const error = new Error("secret");
    const port = await serve((_, response) => refuse(response, error));
    const sentence = expectRefusal(await ask(port, "GET /"), 500);
    expect(sentence).toBe("The server failed on this request: see its own output.");
    expect(stderr.mock.calls).toEqual([[error]]);
  });

  test("that comes after the answer has begun ends the connection", async () => {
    const port = await serve((_, response) => {
      response
        .writeHead(200, { "Content-Length": 10 })
        .write("begun", () => refuse(response, new HttpError(400, "No.")));
    });
    const connection = rawConnection(port, requestOf(port, "GET /"));
    expect(answerIn(await connection.ended()).body).toBe("begun");
  });

  test("of a client that has gone away is not even looked at", async () => {
    const stderr = vi.spyOn(console, "error").mockImplementation(() => {});
    onTestFinished(() => stderr.mockRestore());
    let over = () => {};
    const done = new Promise<void>((resolve) => {
      over = resolve;
    });
    const port = await serve(async (request, response) => {
      connection.socket.destroy();
      await once(request.socket, "close");
      refuse(response, new Error("aborted"));
      expect(response.headersSent).toBe(false);
      over();
    });
    const connection = rawConnection(port, requestOf(port, "GET /"));
    await done;
    expect(stderr).not.toHaveBeenCalled();
  });
});

describe("a refusal of a request whose body is not read yet", () => {
  const tooLarge = new HttpError(413, "Too large.", { "X-More": "more" });
  const head = (port: number, headers: Record<string, string>) =>
    requestOf(port, "POST /", { headers: { Connection: undefined, ...headers } });

  /** A server that refuses, with timers that only the test moves: node:http's own are others. */
  async function serveRefusal(onClose = () => {}): Promise<number> {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    return serve((_, response) => {
      refuse(response, tooLarge);
      response.once("close", onClose);
    });
  }

  test.each([{ "Content-Length": "9" }, { "Transfer-Encoding": "chunked" }])(
    "is whole at once, and the connection ends a second later: %o",
    async (headers) => {
      const port = await serveRefusal();
      const connection = rawConnection(port, head(port, headers));
      const read = await connection.until((text) => text.endsWith("}"));
      const refusal = answerIn(read);
      expectRefusal(refusal, 413);
      expect(Object.fromEntries(refusal.headers)).toMatchObject({
        connection: "close",
        "cache-control": "no-store",
        "content-length": "22",
        "x-more": "more",
      });
      expect(vi.getTimerCount()).toBe(1);
      vi.advanceTimersByTime(999);
      // Another request is served meanwhile, and this connection is still open.
      expect((await ask(port, "GET /")).status).toBe(413);
      expect(connection.socket.readableEnded).toBe(false);
      vi.advanceTimersByTime(1);
      await connection.ended();
      expect(vi.getTimerCount()).toBe(0);
    },
  );

  test("ends when the body does, and leaves no timer behind", async () => {
    let tell = () => {};
    const closed = new Promise<void>((resolve) => {
      tell = resolve;
    });
    const port = await serveRefusal(() => tell());
    const connection = rawConnection(port, head(port, { "Content-Length": "9" }));
    await connection.until((text) => text.endsWith("}"));
    expect(vi.getTimerCount()).toBe(1);
    connection.socket.write("123456789");
    await connection.ended();
    await closed;
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is the same where there is no body to come: then the connection stays", async () => {
    const port = await serveRefusal();
    for (const headers of [{}, { "Content-Length": "0" }]) {
      const connection = rawConnection(port, head(port, headers));
      const { headers: got } = answerIn(await connection.until((text) => text.endsWith("}")));
      expect(got.get("connection")).toBe("keep-alive");
    }
  });
});
