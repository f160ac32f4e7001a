// The one interface behind which the log lives. Nothing outside this folder knows which log it is.
import type { Draft, Message } from "./message.ts";

/** What became of a draft. */
export interface Kept {
  readonly message: Message;
  /** False where the log held the draft's key already: `message` is then the first one with that key. */
  readonly added: boolean;
}

/** Called with one or more messages that were kept together, in the log's order, each message once. */
export type Listener = (messages: readonly Message[]) => void;

/**
 * An append-only log. Reading (`after`) and subscribing are synchronous, so that both in one turn of the
 * event loop leave no gap between them.
 */
export interface MessageStore {
  /** The id of the newest message; 0 while the log is empty. */
  readonly newest: number;

  /**
   * Appends a draft, once for each key.
   *
   * @param draft as `parseDraft` returns it; it is not checked again
   * @returns when the message is kept: for a file, written, flushed, and read back from its place in the log
   * @throws StoreError where it cannot be kept (a full disk, say); then nobody has been shown it
   */
  append(draft: Draft): Promise<Kept>;

  /**
   * What came after a cursor, oldest first, from this process's copy of the log.
   *
   * @param cursor an id; undefined for the newest 100. One that is beyond the newest id, after a `refresh`,
   *   is from before the log was reset, and counts as none
   * @param limit how many at most; 1,000 where none is given
   */
  after(cursor: number | undefined, limit?: number): readonly Message[];

  /** @returns a function that ends the subscription */
  subscribe(listener: Listener): () => void;

  /**
   * Reads the log to its end: what other processes wrote before this call is then in this process's copy.
   *
   * @throws StoreError where the log cannot be read
   */
  refresh(): Promise<void>;

  /** Settles the appends under way, then lets go of the log. Later appends are refused; twice is fine. */
  close(): Promise<void>;
}

/** The log's fault, not the sender's: the sentence says what to do about it. */
export class StoreError extends Error {
  override name = "StoreError";
}
