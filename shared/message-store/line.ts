// A message as a line of the log file, and back.
import { isUtf8 } from "node:buffer";
import { parseDraft } from "./draft.ts";
import type { Entry } from "./sequence.ts";

/** A line of the log file. It holds no id: the id is the line's place among the whole lines. */
export interface Line extends Entry {
  /**
   * Which opened store wrote the line. Two processes may write one draft in the same millisecond; only one of
   * the two lines counts, and only its writer may say that it added a message.
   */
  readonly writer: string | undefined;
}

/** A longer line is no message. The longest one is a fifth of this: 2,000 characters escaped as `\u0000`. */
export const MAX_LINE_BYTES = 64 * 1024;

/** @returns the line with its line end */
export function formatLine({ author, text, timestamp, key, writer }: Line): string {
  return `${JSON.stringify({ author, text, timestamp, key, writer })}\n`;
}

/**
 * @param bytes a line without its line end
 * @returns undefined if it is not a whole message: cut, not UTF-8, a field missing, too long, of a wrong type
 */
export function parseLine(bytes: Uint8Array): Line | undefined {
  if (bytes.length > MAX_LINE_BYTES || !isUtf8(bytes)) return undefined;
  try {
    return parseEntry(JSON.parse(bytes.toString()));
  } catch {
    return undefined; // Not JSON.
  }
}

/**
 * @param value an object with the fields of a line; others are ignored
 * @returns undefined if it is not a whole message: a field missing, too long, of a wrong type
 */
export function parseEntry(value: unknown): Line | undefined {
  try {
    if (typeof value !== "object" || value === null) return undefined;
    if (!("author" in value && "timestamp" in value)) return undefined;
    const { text, author, key } = parseDraft(value);
    const { timestamp } = value;
    // `parseDraft` fills in what a client may leave out. In the log all of it has to be there.
    if (key === undefined || author !== value.author) return undefined;
    if (typeof timestamp !== "number" || !Number.isSafeInteger(timestamp) || timestamp < 0) return undefined;
    const writer = "writer" in value && typeof value.writer === "string" ? value.writer : undefined;
    return { author, text, timestamp, key, writer };
  } catch {
    return undefined; // A DraftError.
  }
}

/**
 * The beginning of a line, safe to show on a terminal: whatever is not visible is escaped, as in JSON.
 *
 * @param bytes any bytes at all
 */
export function quoteLine(bytes: Buffer): string {
  const beginning = bytes.toString("utf8", 0, 60);
  const quoted = JSON.stringify(bytes.length > 60 ? `${beginning}…` : beginning);
  // JSON leaves alone DEL, the C1 control characters, and what turns the direction of text or ends its line.
  return quoted.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (sign) => `\\u{${sign.codePointAt(0)?.toString(16)}}`);
}
