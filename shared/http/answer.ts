// Answering: JSON out, errors as sentences, and a bound on answers that nobody reads.
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { DraftError } from "../message-store/message.ts";
import { StoreError } from "../message-store/store.ts";

/** Unread answers, or unsent live data, of one connection: more than this many bytes and it is disconnected. */
export const UNREAD_LIMIT = 1024 * 1024;

/** How long a connection waits for its next request, in milliseconds. */
export const KEEP_ALIVE = 15_000;

/** How long a refused request may go on sending before its connection is closed, in milliseconds. */
const LINGER = 1_000;

/** A refusal: its status (RFC 9110 §15) and a sentence that tells the client what to do. */
export class HttpError extends Error {
  override name = "HttpError";
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;

  constructor(status: number, message: string, headers: OutgoingHttpHeaders = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/**
 * Answers and ends the request. JSON that must not be kept by a cache, unless `headers` say otherwise: a 200, and a
 * 204 too, may be cached where nothing forbids it (RFC 9110 §15.3.5, RFC 6202 §5.6).
 *
 * Only the first answer counts: a held request may be given one by a message and, in the same turn, by its timer.
 *
 * @param body a string or bytes go out as they are, anything else as its JSON, undefined as no body
 */
export function answer(
  response: ServerResponse,
  status: number,
  body?: unknown,
  headers: OutgoingHttpHeaders = {},
): void {
  // A client that was cut off for what it left unread may have hundreds of requests more: their answers are not made.
  if (wasAnswered(response) || response.req.socket.destroyed) return;
  const all: OutgoingHttpHeaders = { "Cache-Control": "no-store", ...headers };
  if (body === undefined) {
    response.writeHead(status, all).end();
    return;
  }
  const content = typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const length = Buffer.byteLength(content);
  all["Content-Type"] ??= "application/json";
  all["Content-Length"] = length;
  all["X-Content-Type-Options"] = "nosniff";
  response.writeHead(status, all).end(content);
  if (response.socket === null) countUnread(response, length);
}

/** Whether there was an answer, or its head. `headersSent` would not know of one that was written past it. */
export function wasAnswered(response: ServerResponse): boolean {
  return response.statusMessage !== undefined;
}

/** Bytes of the answers that wait behind an earlier answer of their connection. */
const unread = new WeakMap<Socket, number>();

/**
 * A client that pipelines requests and reads nothing queues answers outside of the socket's own counter: node:http
 * keeps them until the answer before them is sent. So they are counted here.
 */
function countUnread(response: ServerResponse, length: number): void {
  const { socket } = response.req;
  const total = (unread.get(socket) ?? 0) + length;
  unread.set(socket, total);
  if (total > UNREAD_LIMIT) socket.destroy();
  else response.once("finish", () => unread.set(socket, (unread.get(socket) ?? 0) - length));
}

/** Requests of one connection that wait behind an earlier one. No browser pipelines; a script may, within reason. */
const MAX_PIPELINED = 256;
const pipelined = new WeakMap<Socket, number>();

/** Bounds what a client can have waiting without reading: ask it of every request, before its handler. */
export function limitPipelining(request: IncomingMessage, response: ServerResponse): void {
  if (response.socket !== null) return; // It is the first in its line, as ever but for a pipelining client.
  const { socket } = request;
  const count = (pipelined.get(socket) ?? 0) + 1;
  pipelined.set(socket, count);
  if (count > MAX_PIPELINED) socket.destroy();
  request.once("close", () => pipelined.set(socket, (pipelined.get(socket) ?? 0) - 1));
}

/** Answers an error: a refusal with its own status, anything that was not foreseen with 500 and a line on stderr. */
export function refuse(response: ServerResponse, error: unknown): void {
  if (wasAnswered(response) || response.req.socket.destroyed) {
    response.destroy(); // Too late for a status, or nobody is there to read it.
    return;
  }
  const { status, message, headers } = asHttpError(error);
  const { "content-length": length = "0", "transfer-encoding": coding } = response.req.headers;
  const bodyIsUnread = !response.req.complete && (coding !== undefined || Number(length) > 0);
  if (!bodyIsUnread) {
    answer(response, status, { error: message }, headers);
    return;
  }
  // The rest of the body is thrown away, for LINGER at most. Were the connection closed at once, the client's unread
  // bytes would turn the close into a reset, and a reset wipes out the answer (RFC 9112 §9.6). node:http closes on
  // end(), so the whole answer is written now and end() comes later.
  const content = JSON.stringify({ error: message });
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(content),
    "Cache-Control": "no-store",
    ...headers,
    Connection: "close",
  });
  response.write(content);
  const timer = setTimeout(() => response.end(), LINGER);
  response.once("close", () => clearTimeout(timer));
  response.req.once("end", () => response.end());
  response.req.resume();
}

/** What the client is told of an error. */
export function asHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof DraftError) return new HttpError(400, error.message);
  if (error instanceof StoreError) return new HttpError(503, error.message);
  console.error(error);
  return new HttpError(500, "The server failed on this request: its own output says why.");
}

// The same two for all requests: nobody writes into them.
const NO_HEADERS: IncomingMessage["headers"] = {};
const NO_LINES: string[] = [];

/**
 * Lets go of a request's headers, when all was read in them that is needed. As long as the request is held, or its
 * answer goes on, a browser's would take 1.5 KiB: a tenth of a client's memory, and much of what the garbage collector
 * has to move.
 */
export function forgetHeaders(request: IncomingMessage): void {
  request.headers = NO_HEADERS;
  request.rawHeaders = NO_LINES;
}
