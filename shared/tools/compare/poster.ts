// One who sends, on a connection of its own: a request after the other, each when the one before is answered.
import type { Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { parseConstant } from "./wire.ts";

/** Opens a raw connection. */
export type Open = (read: (bytes: Buffer) => void, onClosed?: () => void) => Socket;

/** What is to be sent. */
export interface Post {
  readonly bytes: Buffer;
  /** Bytes of the draft in it. */
  readonly payload: number;
}

export interface Poster {
  /** @returns when it is answered */
  send(bytes: Buffer, payload: number): Promise<void>;
  end(): void;
}

/** A connection that was idle for longer, in milliseconds, may be closed by the server in this moment; node:http: 5 s. */
const STALE = 4_000;

/** @param answerLength the bytes of the first whole answer; 0 where it has not come whole @param write sends */
export function createPoster(
  answerLength: (bytes: Buffer) => number,
  open: Open,
  write: (socket: Socket, post: Post) => void,
): Poster {
  const waiting: (Post & { readonly resolve: () => void })[] = [];
  let busy: { readonly resolve: () => void } | undefined;
  let rest: Buffer = Buffer.of();
  let socket: Socket | undefined;
  let used = 0;

  const read = (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes]);
    const length = answerLength(rest);
    if (length === 0) return;
    rest = rest.subarray(length);
    const done = busy;
    next();
    done?.resolve();
  };
  const connect = () => {
    const made: Socket = open(read, () => {
      if (socket === made) socket = undefined;
    });
    return made;
  };
  const next = () => {
    const post = waiting.shift();
    busy = post;
    if (!post) return;
    if (performance.now() - used > STALE) {
      socket?.destroy();
      socket = undefined;
    }
    used = performance.now();
    socket ??= connect();
    write(socket, post);
  };
  return {
    send: (bytes, payload) =>
      new Promise((resolve) => {
        waiting.push({ bytes, payload, resolve });
        if (!busy) next();
      }),
    end: () => socket?.destroy(),
  };
}

/** The answer of a floor is a line. */
export const lineLength = (bytes: Buffer) => bytes.indexOf("\n") + 1;

export const httpLength = (bytes: Buffer) => parseConstant(bytes).used;
