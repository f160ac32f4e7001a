// Requests of a test, and what it expects of an answer.
import { createServer, type RequestListener, type ServerOptions } from "node:http";
import { expect, onTestFinished } from "vitest";
import { type Answer, type AskOptions, answerIn, requestOf } from "../tools/clients/ask.ts";
import { exchange } from "./raw.ts";

export { type Answer, type AskOptions, answerIn, answersIn, requestOf } from "../tools/clients/ask.ts";

/**
 * Sends one request on a connection of its own and reads to the end.
 *
 * @param line the method and the target, as `GET /`; HTTP/1.1 unless it names a version
 */
export async function ask(port: number, line: string, options: AskOptions = {}): Promise<Answer> {
  return answerIn(await exchange(port, requestOf(port, line, options)));
}

/** Sends a draft as JSON. */
export function post(
  port: number,
  body: string | Uint8Array,
  headers: AskOptions["headers"] = {},
): Promise<Answer> {
  return ask(port, "POST /update", { headers: { "Content-Type": "application/json", ...headers }, body });
}

/** Asserts that an answer refuses: with this status, and with a sentence in JSON that says what to do. */
export function expectRefusal({ status, headers, body }: Answer, expected: number): string {
  expect({ status, type: headers.get("content-type") }).toEqual({
    status: expected,
    type: "application/json",
  });
  const refusal: unknown = JSON.parse(body);
  expect(refusal).toEqual({ error: expect.stringMatching(/^[A-Z].*\w.*[.}]$/) });
  return String(Object(refusal).error);
}

/** Serves in the test's own process, so that a unit can be tried with a real request. @returns the port */
export async function serve(handle: RequestListener, options: ServerOptions = {}): Promise<number> {
  const server = createServer(options, handle);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no address");
  return address.port;
}
