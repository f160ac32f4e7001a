// One request at a time: what a client pipelines on a connection waits for its turn.
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** So many requests of one connection may wait behind another. No browser pipelines; a script may, within reason. */
const MAX_WAITING = 256;

interface Line {
  last: ServerResponse;
  waiting: number;
}

const lines = new WeakMap<Duplex, Line>();

/**
 * Waits until the requests before this one on its connection are answered: responses have to be sent in the order of
 * the requests, and requests that change something must not be handled side by side (RFC 9112 §9.3.2). So there is
 * never more than one response of a connection in memory.
 *
 * @throws Error if the connection failed while the request waited
 */
export async function waitTurn(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const line = lines.get(request.socket);
  if (line === undefined) {
    lines.set(request.socket, { last: response, waiting: 0 });
    return;
  }
  const { last } = line;
  line.last = response;
  if (last.writableFinished) return;
  line.waiting += 1;
  if (line.waiting > MAX_WAITING) request.socket.destroy();
  await once(last, "close");
  line.waiting -= 1;
}

/** Whether a response of this connection is still being sent. */
export function isAnswering(socket: Duplex): boolean {
  return lines.get(socket)?.last.writableFinished === false;
}
