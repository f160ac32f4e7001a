// An answer that never ends: text/event-stream over HTTP/1.1 chunks (RFC 9112 §7.1).
import type { IncomingMessage, ServerResponse } from "node:http";
import { send } from "../fan-out/fan-out.ts";
import { forgetHeaders, HttpError } from "../http/answer.ts";
import type { Message } from "../message-store/message.ts";
import { encodeEvent } from "./encode.ts";

/** Bytes of a stream, made once for every client: as a chunk, and bare for HTTP/1.0, which knows no chunks. */
export interface StreamBytes {
  readonly chunk: Buffer;
  readonly bare: Buffer;
}

/** @param text one or more encoded events */
export function streamBytes(text: string): StreamBytes {
  const head = `${Buffer.byteLength(text).toString(16)}\r\n`;
  const chunk = Buffer.from(`${head}${text}\r\n`);
  return { chunk, bare: chunk.subarray(head.length, -2) };
}

/** @returns the events of messages that go out together; each message's id is its event's id */
export function eventsOf(messages: readonly Message[]): StreamBytes {
  let text = "";
  for (const message of messages)
    text += encodeEvent({ id: String(message.id), data: JSON.stringify(message) });
  return streamBytes(text);
}

/** A comment, which a page cannot see: it tells proxies, and our own socket, that the stream is alive. */
export const COMMENT = streamBytes(encodeEvent({ comment: "" }));

/** @returns the cursor that a reconnecting EventSource sends; of several the first (HTML, "Last-Event-ID") */
export function lastEventId({ rawHeaders }: IncomingMessage): string | undefined {
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() === "last-event-id") return rawHeaders[at + 1];
  }
  return undefined;
}

/** After which time the browser reconnects, in milliseconds; its own default is several seconds. */
const RETRY = 1_000;

/**
 * Starts the answer that never ends. For as long as it goes on, the request's headers are dropped: read those that are
 * needed before.
 *
 * @throws HttpError 400 where the request was pipelined behind one that is not answered yet
 */
export function openStream(response: ServerResponse): void {
  if (response.socket === null) {
    throw new HttpError(400, "Ask for the stream on a connection of its own, not behind another request.");
  }
  // No limit on silence: the heartbeat keeps it from that, and a clock set anew would be 3 % of the cost of each write.
  response.socket.setTimeout(0);
  forgetHeaders(response.req);
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  response.write(encodeEvent({ retry: RETRY }));
}

/**
 * Writes to an open stream, past `response.write`: that would frame the same chunk anew for every client, in three
 * writes instead of one.
 */
export function sendEvents(response: ServerResponse, { chunk, bare }: StreamBytes): void {
  const { socket, chunkedEncoding } = response; // Not by way of the request, which is in no cache: 0.3 µs.
  if (socket) send(socket, chunkedEncoding ? chunk : bare);
}
