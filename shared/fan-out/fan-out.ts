// One message to many open connections: first what a client missed, at its own pace, then what is new, at once.
import type { Duplex } from "node:stream";
import { UNREAD_LIMIT } from "../http/answer.ts";
import type { Message } from "../message-store/message.ts";
import type { MessageStore } from "../message-store/store.ts";

/** Messages a write while a client catches up: few enough that the unsent ones of many slow clients fit in memory. */
const PIECE = 32;

/**
 * Sends live bytes: the same buffer to every client. Who does not read them is disconnected when more than 1 MiB
 * waits unsent; it comes back with its cursor.
 */
export function send(socket: Duplex, bytes: Uint8Array): void {
  socket.write(bytes);
  if (socket.writableLength > UNREAD_LIMIT) socket.destroy();
}

/** How one client is reached. */
export interface Receiver {
  /** Writes messages to the client's socket, in its technique's wire format. */
  send(messages: readonly Message[]): void;
  /** Makes it one of those who are sent live messages. */
  join(): void;
}

/**
 * Sends all that came after a cursor, as fast as the client reads: the next piece waits until the last one is sent.
 * Written in one go, a long log would pass the limit above, and the client would be cut off each time it came back.
 *
 * `join` is called in the turn of the event loop in which nothing is left to send, so that no message falls between
 * the last piece and the first live one. It is not called where the client has gone away.
 *
 * @returns when the client has joined, or is gone
 */
export async function catchUp(
  log: MessageStore,
  cursor: number,
  socket: Duplex,
  { send, join }: Receiver,
): Promise<void> {
  let messages = log.after(cursor, PIECE);
  for (let last = messages.at(-1); last && !socket.destroyed; last = messages.at(-1)) {
    send(messages);
    if (socket.writableNeedDrain) await drained(socket);
    messages = log.after(last.id, PIECE);
  }
  if (!socket.destroyed) join();
}

function drained(socket: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    socket.on("drain", done).on("close", done);
    if (socket.destroyed) done();
  });
}
