// The cursor: how a client says what it has seen.
import type { IncomingMessage } from "node:http";
import { NEWEST } from "../message-store/message.ts";
import type { MessageStore } from "../message-store/store.ts";
import { HttpError } from "./answer.ts";

/** @returns the first value of a query parameter of the request's target; undefined where there is none */
export function queryOf(request: IncomingMessage, name: string): string | undefined {
  const { url = "" } = request;
  const start = url.indexOf("?") + 1; // A query may hold a "?" of its own (RFC 3986 §3.4).
  if (start === 0) return undefined;
  const query = url.slice(start);
  // The usual one needs no parser, which costs 1 µs: a number has no escapes.
  if (query.startsWith(`${name}=`) && /^\w*=[0-9]*$/.test(query)) return query.slice(name.length + 1);
  return new URLSearchParams(query).get(name) ?? undefined;
}

/**
 * Checks a cursor as it was sent.
 *
 * @param text the digits; undefined where the client sent none
 * @returns an id that this process's log reaches. Without a cursor it lies before the newest 100 messages; so does it
 *   for a cursor beyond the newest id, because then the log was reset
 * @throws HttpError 400 where it is anything but 1 to 15 digits
 */
export async function readCursor(text: string | undefined, log: MessageStore): Promise<number> {
  if (text !== undefined && !/^[0-9]{1,15}$/.test(text)) {
    throw new HttpError(
      400,
      "The cursor must be the id of a message: digits only, at most 15, as in ?after=3.",
    );
  }
  const cursor = Number(text ?? Number.POSITIVE_INFINITY);
  // Another process may have written what this one has not read yet, so the log is read to its end first.
  if (text !== undefined && cursor > log.newest) await log.refresh();
  return cursor > log.newest ? Math.max(0, log.newest - NEWEST) : cursor;
}
