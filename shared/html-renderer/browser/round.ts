import type { Draft, Message } from "../../message-store/message.ts";

/** One round of a technique: a request and its response, or a connection from its opening to its end. */
export interface Round {
  /** Aborted when the round is to end: nothing came for 35 s, the log was reset, or the reader broke the connection. */
  readonly signal: AbortSignal;
  /** The URL of a path on this server, with the cursor: `http://localhost:3000/poll?after=7`. */
  url(path: string): string;
  /** The request may be held: without an answer, it is a connection as soon as the server is known to be there. */
  held(): void;
  /** How long this round has lasted, in milliseconds. */
  age(): number;
  /** The stream or the socket is open. @param send how a draft is sent on it; drafts that wait are sent at once */
  connected(send?: (draft: Draft) => void): void;
  /** Messages came, oldest first. For a request this is its answer, and an empty list is one too. */
  show(messages: readonly Message[]): void;
  /** A sign of life without a message. */
  heartbeat(): void;
  /** The server refused a draft. */
  refused(key: string | undefined, reason: string): void;
  /** The connection is lost, and the browser itself reconnects. @param reason whatever `reasonOf` takes */
  waiting(reason: unknown): void;
}

/** One round of the chapter's technique: it ends by returning, and fails by rejecting. */
export type Receive = (round: Round) => Promise<unknown>;

/** A connection on which nothing came for so long is given up, in milliseconds: two heartbeats, or a hold, and some. */
const PATIENCE = 35_000;
/** So much of the silence before a round counts at most, in milliseconds: an answer gets the rest of the time. */
const BEFORE = 30_000;

/**
 * Watches for a connection that died without a word.
 *
 * @param onSilence called when nothing came for `PATIENCE`: also as soon as the network is back, or the tab is seen
 *   again, after such a silence, because timers stand still in a sleeping tab
 * @param since when something came last
 */
export function watchSilence(onSilence: () => void, since: number): { heard(): void; end(): void } {
  let last = Math.max(since, Date.now() - BEFORE);
  const over = new AbortController();
  const check = () => {
    if (Date.now() - last >= PATIENCE) onSilence();
  };
  const timer = setInterval(check, 1_000);
  addEventListener("online", check, { signal: over.signal });
  document.addEventListener("visibilitychange", check, { signal: over.signal });
  return {
    heard() {
      last = Date.now();
    },
    end() {
      clearInterval(timer);
      over.abort();
    },
  };
}
