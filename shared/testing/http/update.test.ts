import { describe, expect, test, vi } from "vitest";
import { answer, HttpError, refuse } from "../../http/answer.ts";
import { inTurn, readJson } from "../../http/update.ts";
import { ask, expectRefusal, requestOf, serve } from "../ask.ts";
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

describe("a body", () => {
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
