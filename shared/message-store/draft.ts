// The check of what a client sent. Only the server needs it: it is no part of the page.
import { ANONYMOUS, type Draft, MAX_AUTHOR, MAX_TEXT } from "./message.ts";

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
