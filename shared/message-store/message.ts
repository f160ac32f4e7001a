// What a message is, for the server and the page alike. Nothing here needs Node or a browser.

/** A message as the log holds it and as every client sees it. */
export interface Message {
  /** Position in the log: 1, 2, 3 … with no gap. It is the cursor of all four techniques. */
  readonly id: number;
  /** 1 to 32 UTF-16 units. */
  readonly author: string;
  /** 1 to 2,000 UTF-16 units, exactly as sent. */
  readonly text: string;
  /** Milliseconds since the epoch, by the clock of the server that accepted it. */
  readonly timestamp: number;
  /** The sender's idempotency key: 1 to 64 of `A-Za-z0-9_-`. */
  readonly key: string;
}

/** What a client sends. The server makes the rest. */
export interface Draft {
  readonly text: string;
  readonly author?: string;
  readonly key?: string;
}

export const MAX_TEXT = 2_000;
export const MAX_AUTHOR = 32;
export const ANONYMOUS = "anonymous";

/** A reader without a cursor gets this many of the newest messages. */
export const NEWEST = 100;
/** One answer holds at most this many messages; a reader that is further behind asks again. */
export const MAX_ANSWER = 1_000;
/** And at most so many bytes of JSON, but always one message. */
export const MAX_ANSWER_BYTES = 1024 * 1024;
/** An answer with fewer messages than this was not cut: no message has more than 13 KB of JSON. */
export const CUT_ANSWER = 80;
