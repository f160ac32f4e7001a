// The one interface behind which the log lives. Nothing outside this folder knows which log it is.
import type { Draft, Message } from "./message.ts";

/** What became of a draft. */
export interface Kept {
  readonly message: Message;
  /** False if the log already had the draft's key: `message` is then the first one with that key. */
  readonly added: boolean;
}

/**
 * Called with one or more messages that were kept together, in log order, each message once. At most 1,000, and about
 * 256 KiB of JSON: what is more follows in another turn of the event loop.
 */
export type Listener = (messages: readonly Message[]) => void;

/**
 * An append-only log.
 *
 * A client that has everything up to `cursor` joins without a gap by a comparison, `cursor === log.newest`, and the
 * step after it, with no `await` in between: `newest` and the listeners change in one turn of the event loop.
 */
export interface MessageStore {
  /** The id of the newest message that this process knows; 0 while the log is empty. */
  readonly newest: number;

  /**
   * Appends a draft, once for each key.
   *
   * @param draft as `parseDraft` returns it; it is not checked again
   * @returns resolves when the message is kept: for a file, written, flushed, and read back from its place in the log
   * @throws StoreError if it cannot be kept (a full disk, for example); then no client has seen it
   */
  append(draft: Draft): Promise<Kept>;

  /**
   * Reads what came after a cursor, oldest first. Resolves in another turn of the event loop, so that a reader that
   * catches up on a long log keeps nobody else waiting.
   *
   * @param cursor an id from 0 to `newest`
   * @param limit how many messages at most; 1,000 if none is given
   * @returns the oldest that fit into the limit and into 1 MiB of JSON: at least one if `cursor` is below `newest`
   */
  after(cursor: number, limit?: number): Promise<readonly Message[]>;

  /** @returns a function that ends the subscription */
  subscribe(listener: Listener): () => void;

  /**
   * Reads the log to its end: what other processes wrote before this call is then in this process's copy.
   *
   * @throws StoreError if the log cannot be read
   */
  refresh(): Promise<void>;

  /** Settles the pending appends, then releases the log. Later appends are refused; calling it twice is fine. */
  close(): Promise<void>;
}

/** The log's fault, not the sender's: the sentence says what to do about it. */
export class StoreError extends Error {
  override name = "StoreError";
}
