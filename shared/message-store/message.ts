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

/** The sender's fault: the sentence says what to do about it. */
export class DraftError extends Error {
  override name = "DraftError";
}

/**
 * Checks what a client sent. Fields that are not known are ignored; only own properties count.
 *
 * @param value the parsed JSON
 * @returns the draft; `author` is `anonymous` if none, or an empty one, was sent
 * @throws DraftError a sentence for each rule that is broken
 */
export function parseDraft(value: unknown): Draft & { readonly author: string } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new DraftError('Send a JSON object such as {"text": "Hello"}.');
  }
  const fields = new Map<string, unknown>(Object.entries(value));
  const text = string(fields, "text");
  const author = string(fields, "author") || ANONYMOUS;
  const key = string(fields, "key");
  if (text === undefined) throw new DraftError('The field "text" is missing: send your words in it.');
  if (text.trim() === "") throw new DraftError('The field "text" is blank: write something.');
  if (text.length > MAX_TEXT) {
    throw new DraftError(`The field "text" is too long: at most ${MAX_TEXT} characters.`);
  }
  if (author.length > MAX_AUTHOR) {
    throw new DraftError(`The field "author" is too long: at most ${MAX_AUTHOR} characters.`);
  }
  if (key === undefined) return { text, author };
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(key)) {
    throw new DraftError('The field "key" must be 1 to 64 characters of A-Z, a-z, 0-9, _ and -.');
  }
  return { text, author, key };
}

function string(fields: ReadonlyMap<string, unknown>, name: string): string | undefined {
  const value = fields.get(name);
  if (value === undefined) return undefined;
  if (typeof value !== "string") throw new DraftError(`The field "${name}" must be a string.`);
  // A lone surrogate has no UTF-8 form, so it could not be kept exactly as sent.
  if (!value.isWellFormed())
    throw new DraftError(`The field "${name}" is not well-formed: a lone surrogate.`);
  return value;
}
