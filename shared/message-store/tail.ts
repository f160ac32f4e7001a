// Reads a growing file of lines, each line once.
import { readSync } from "node:fs";
import { type Line, MAX_LINE_BYTES, parseLine, quoteLine } from "./line.ts";
import { BATCH_BYTES } from "./sequence.ts";

const NEWLINE = 0x0a;
/** So many lines that are no message are shown of one reading; the others are counted. */
const SHOWN = 3;

/** Where the reading of a log file has come to. Memory is bounded, whatever the file holds. */
export class Tail {
  readonly #path: string;
  readonly #fd: number;
  readonly #buffer = Buffer.allocUnsafe(BATCH_BYTES);
  #offset = 0; // The start of the first line that is not processed yet.
  #seen = 0; // How far the file was read: from the offset to here is an unfinished line.
  #skipping = false; // Inside a line that is too long to be a message: on to its end.

  constructor(path: string, fd: number) {
    this.#path = path;
    this.#fd = fd;
  }

  /** How many bytes of the file were read. */
  get seen(): number {
    return this.#seen;
  }

  /** Whether the bytes read do not end with a line end: a write that was cut, or that is still going on. */
  get unfinished(): boolean {
    return this.#skipping || this.#offset < this.#seen;
  }

  /**
   * Reads on. The reads are synchronous: these bytes were written or flushed a moment ago and are in the page
   * cache, where going through the thread pool would cost more than the read.
   *
   * @param size read to here, in bytes from the beginning of the file
   * @yields the messages of the next `BATCH_BYTES` of the file; lines that are no message are reported on stderr at the end
   * @throws Error if the file cannot be read, or ends before `size`
   */
  *read(size: number): Generator<readonly Line[], void> {
    const bad: string[] = [];
    let more = 0;
    const report = (bytes: Buffer, at: number) => {
      if (bad.length === SHOWN) more += 1;
      else bad.push(`${this.#path}: skipped at byte ${at}, no whole message: ${quoteLine(bytes)}`);
    };
    try {
      while (this.#seen < size) {
        const length = Math.min(this.#buffer.length, size - this.#offset);
        const chunk = this.#buffer.subarray(0, readSync(this.#fd, this.#buffer, 0, length, this.#offset));
        const end = this.#offset + chunk.length;
        if (end <= this.#seen) throw new Error("it is shorter than it was");
        this.#seen = end;
        yield this.#lines(chunk, report);
      }
    } finally {
      if (more > 0) bad.push(`${this.#path}: … and ${more} more`);
      if (bad.length > 0) console.error(bad.join("\n"));
    }
  }

  /** The chunk begins at the offset; the offset moves behind its last line end. */
  #lines(chunk: Buffer, report: (bytes: Buffer, at: number) => void): Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      if (end > start && !this.#skipping) {
        const line = parseLine(chunk.subarray(start, end));
        if (line !== undefined) lines.push(line);
        else report(chunk.subarray(start, end), this.#offset + start);
      }
      this.#skipping = false;
      start = end + 1;
    }
    if (start === 0 && (this.#skipping || chunk.length > MAX_LINE_BYTES)) {
      if (!this.#skipping) report(chunk, this.#offset);
      this.#skipping = true;
      start = chunk.length;
    }
    this.#offset += start;
    return lines;
  }
}
