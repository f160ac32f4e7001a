// One HTTP request, as exact as a test writes it, and its answer taken apart.
import { createServer, type RequestListener, type ServerOptions } from "node:http";
import { expect, onTestFinished } from "vitest";
import { exchange } from "./raw.ts";

/** An answer as it was on the wire. */
export interface Answer {
  readonly status: number;
  /** The header lines, by name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** The body, decoded from UTF-8. */
  readonly body: string;
}

export interface AskOptions {
  /** Lines besides `Host`, `Connection: close` and a body's `Content-Length`; undefined leaves one of these out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | Uint8Array;
}

/**
 * Sends one request on a connection of its own and reads to the end.
 *
 * @param line the method and the target, as `GET /`; HTTP/1.1 unless it names a version
 */
export async function ask(port: number, line: string, options: AskOptions = {}): Promise<Answer> {
  return answerIn(await exchange(port, requestOf(port, line, options)));
}

/** The bytes of a request. */
export function requestOf(port: number, line: string, { headers = {}, body }: AskOptions = {}): Buffer {
  const all = {
    Host: `localhost:${port}`,
    Connection: "close",
    "Content-Length": body === undefined ? undefined : String(Buffer.byteLength(body)),
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}: ${value}\r\n`,
  );
  const start = line.includes(" HTTP/") ? line : `${line} HTTP/1.1`;
  return Buffer.concat([Buffer.from(`${start}\r\n${lines.join("")}\r\n`, "latin1"), Buffer.from(body ?? "")]);
}

/** Sends a draft as JSON. */
export function post(
  port: number,
  body: string | Uint8Array,
  headers: AskOptions["headers"] = {},
): Promise<Answer> {
  return ask(port, "POST /update", { headers: { "Content-Type": "application/json", ...headers }, body });
}

/**
 * Takes one answer apart.
 *
 * @param text what was read, as Latin-1, one character a byte; from the status line to the end of the body
 */
export function answerIn(text: string): Answer {
  const end = text.indexOf("\r\n\r\n");
  const [start = "", ...lines] = text.slice(0, end).split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(start)?.[1]);
  if (end === -1 || Number.isNaN(status)) throw new Error(`no HTTP answer: ${JSON.stringify(text)}`);
  const headers = lines.map((line): [string, string] => {
    const [, name = "", value = ""] = /^([^:]*): *(.*)$/.exec(line) ?? [];
    return [name.toLowerCase(), value];
  });
  return {
    status,
    headers: new Map(headers),
    body: Buffer.from(text.slice(end + 4), "latin1").toString("utf8"),
  };
}

/** Takes apart the answers that came one behind the other on one connection, each with its Content-Length. */
export function answersIn(text: string): Answer[] {
  const answers: Answer[] = [];
  for (let rest = text; rest.includes("\r\n\r\n"); ) {
    const length = Number(answerIn(rest).headers.get("content-length") ?? 0);
    const end = rest.indexOf("\r\n\r\n") + 4 + length;
    if (rest.length < end) break;
    answers.push(answerIn(rest.slice(0, end)));
    rest = rest.slice(end);
  }
  return answers;
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
