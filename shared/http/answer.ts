// Answering: JSON out, errors as sentences.
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import { DraftError } from "../message-store/draft.ts";
import { StoreError } from "../message-store/store.ts";

/** A client with more unsent bytes than this is disconnected. */
export const UNREAD_LIMIT = 1024 * 1024;

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
 * Sends a whole response. A cache must not store it, unless `headers` say otherwise: a 200, and a 204 too, may be
 * cached where nothing forbids it (RFC 9110 §15.3.5, RFC 6202 §5.6).
 *
 * Only the first answer counts: a held request may get one from a message and, in the same turn, from its timer.
 *
 * @param body a string or bytes are sent as they are, anything else as JSON, undefined as no body
 */
export function answer(
  response: ServerResponse,
  status: number,
  body?: unknown,
  headers?: OutgoingHttpHeaders,
): void {
  if (response.headersSent || response.req.socket.destroyed) return;
  if (body === undefined) {
    response.writeHead(status, { "Cache-Control": "no-store", ...headers }).end();
    return;
  }
  const content = typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  response.writeHead(status, {
    "Cache-Control": "no-store",
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(content),
    "X-Content-Type-Options": "nosniff",
    ...headers,
  });
  response.end(content);
}

/** Answers an error: a refusal with its own status, anything unexpected with 500 and a line on standard error. */
export function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.req.socket.destroyed) {
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
  // The rest of the body is discarded, for LINGER at most. If the connection were closed at once, the client's unread
  // bytes would turn the close into a reset, and a reset can erase the answer (RFC 9112 §9.6). node:http closes on
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

/** What the client is told about an error. */
export function asHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error;
  if (error instanceof DraftError) return new HttpError(400, error.message);
  if (error instanceof StoreError) return new HttpError(503, error.message);
  console.error(error);
  return new HttpError(500, "The server failed on this request: see its own output.");
}
