// The log in a file of one JSON line a message: `--store file:PATH`. Several processes may append to one.
//
// Every message takes the same path:
//
//   wait → write → flush → read back → publish → answer
//
// The id is the line's place in the file, so that all processes count alike. Nobody is shown or answered a
// message that a power cut could still take back. What comes while one batch is flushed is the next batch.
import { randomUUID } from "node:crypto";
import { fstatSync, statSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { formatLine } from "./line.ts";
import { ANONYMOUS, type Draft, MAX_ANSWER, type Message } from "./message.ts";
import { cannotOpen, openFile, reason } from "./open-file.ts";
import { gathered, Sequence, takeBatch, turnFor } from "./sequence.ts";
import { type Kept, type Listener, type MessageStore, StoreError } from "./store.ts";
import { Tail } from "./tail.ts";

/**
 * How often to check for what other processes wrote, in milliseconds. It costs one `fstat`, about 2 µs.
 * `fs.watch` would notice sooner, but not on every file system, and it does not say on which.
 */
const LOOK_INTERVAL = 25;

interface Waiting {
  readonly key: string;
  readonly line: string;
  /** Bytes of the line. */
  readonly size: number;
  readonly resolve: (kept: Kept) => void;
  readonly reject: (error: StoreError) => void;
}

/** @see MessageStore */
export class FileStore implements MessageStore {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #tail: Tail;
  readonly #sequence = new Sequence();
  readonly #writer = randomUUID().slice(0, 8);
  readonly #waiting: Waiting[] = [];
  readonly #pending = new Map<string, Promise<Kept>>();
  readonly #readers: (() => void)[] = []; // Called at the end of a cycle.
  #pumping: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;
  #fault: StoreError | undefined; // Set once, for good: the file is not to be trusted until a restart.

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
    this.#tail = new Tail(path, file.fd);
  }

  /**
   * Opens a log: creates the file and its folders if they are missing, reads it, ends an unfinished line.
   *
   * @param path a file on a local disk; a device works as far as it does, a folder or a pipe does not
   * @throws StoreError if it cannot be opened
   */
  static async open(path: string): Promise<FileStore> {
    const store = new FileStore(path, await openFile(path));
    try {
      await store.#readOn();
      if (store.#tail.unfinished && (await store.#write([{ line: "" }])) === undefined) await store.#readOn();
    } catch (error) {
      await store.#file.close();
      throw cannotOpen(path, error);
    }
    store.#timer = setInterval(() => store.#look(), LOOK_INTERVAL).unref();
    return store;
  }

  get newest(): number {
    return this.#sequence.newest;
  }

  async after(cursor: number, limit?: number): Promise<readonly Message[]> {
    await turnFor(this.newest - cursor);
    return this.#sequence.after(cursor, limit);
  }

  subscribe(listener: Listener): () => void {
    return this.#sequence.subscribe(listener);
  }

  async append(draft: Draft): Promise<Kept> {
    this.#refuse();
    const { text, key = randomUUID() } = draft;
    const first = this.#sequence.get(key);
    if (first !== undefined) return { message: first, added: false };
    const pending = this.#pending.get(key);
    if (pending !== undefined) return { message: (await pending).message, added: false };
    const author = draft.author || ANONYMOUS;
    const line = formatLine({ author, text, timestamp: Date.now(), key, writer: this.#writer });
    const kept = new Promise<Kept>((resolve, reject) => {
      this.#waiting.push({ key, line, size: Buffer.byteLength(line), resolve, reject });
    });
    this.#pending.set(key, kept);
    void this.#pump();
    return kept;
  }

  async refresh(): Promise<void> {
    const size = this.#look();
    this.#refuse();
    while (this.#tail.seen < size) {
      // For a cycle and not for the pump, which does not rest as long as there are messages.
      const cycle = new Promise<void>((resolve) => this.#readers.push(resolve));
      void this.#pump();
      await cycle;
      if (this.#tail.seen < size) this.#refuse();
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#release();
    return this.#closing;
  }

  async #release(): Promise<void> {
    clearInterval(this.#timer);
    await this.#pumping;
    await this.#file.close();
  }

  /** Runs cycles, one at a time: at least one more, and until nothing waits. Never rejects. */
  #pump(): Promise<void> {
    this.#pumping ??= this.#run();
    return this.#pumping;
  }

  async #run(): Promise<void> {
    do {
      await gathered(this.#waiting); // What comes at the same time is kept together.
      await this.#cycle(takeBatch(this.#waiting));
    } while (this.#waiting.length > 0 || this.#readers.length > 0);
    // No `await` between the last check of the queue and this line: a draft could come in between and wait forever.
    this.#pumping = undefined;
  }

  /** Keeps a batch, which may be empty, and reads to the end of the file. Settles the batch; never throws. */
  async #cycle(batch: readonly Waiting[]): Promise<void> {
    try {
      if (this.#fault !== undefined) throw this.#fault;
      this.#size(); // A deleted file accepts writes like any other.
      const isMissing = ({ key }: Waiting) => this.#sequence.get(key) === undefined;
      let problem = await this.#write(batch);
      const ours = new Set(await this.#readOn());
      // A line that was glued to another program's unfinished one is no message: it is written once more.
      if (problem === undefined && batch.some(isMissing)) {
        problem = await this.#write(batch.filter(isMissing));
        for (const message of await this.#readOn()) ours.add(message);
      }
      // What was read back decides, whatever the write returned: a full disk may have taken the first lines.
      for (const { key, resolve, reject } of batch) {
        const message = this.#sequence.get(key);
        if (message !== undefined) resolve({ message, added: ours.has(message) });
        else reject(notKept(problem ?? "its line did not reach the file"));
      }
    } catch (error) {
      const fault = this.#fail(error);
      for (const { reject } of batch) reject(fault);
    }
    for (const { key } of batch) this.#pending.delete(key);
    for (const resolve of this.#readers.splice(0)) resolve();
  }

  /**
   * Writes the lines of drafts; first it ends an unfinished line.
   *
   * @returns what went wrong; undefined if all of it was written
   */
  async #write(batch: readonly Pick<Waiting, "line">[]): Promise<string | undefined> {
    if (batch.length === 0) return undefined;
    const lines = batch.map(({ line }) => line).join("");
    const bytes = Buffer.from(this.#tail.unfinished ? `\n${lines}` : lines);
    try {
      // One write to a file opened with O_APPEND: no other process's lines come in between.
      const { bytesWritten } = await this.#file.write(bytes);
      return bytesWritten === bytes.length ? undefined : "only a part was written";
    } catch (error) {
      return reason(error);
    }
  }

  /**
   * Flushes and publishes what the file has grown by. The flush comes first for others' messages too: one may
   * be seen here while its writer has yet to flush it.
   *
   * @returns the messages that this store wrote
   * @throws Error if the flush or the read fails
   */
  async #readOn(): Promise<ReadonlySet<Message>> {
    const ours = new Set<Message>();
    const size = this.#size();
    if (size === this.#tail.seen) return ours;
    await this.#file.datasync();
    for (const lines of this.#tail.read(size)) {
      for (let start = 0; start < lines.length; start += MAX_ANSWER) {
        if (start > 0) await nextTurn(); // Subscribers' sockets get a turn between two batches.
        const batch = lines.slice(start, start + MAX_ANSWER);
        for (const [index, message] of this.#sequence.publish(batch).entries()) {
          if (message !== undefined && batch[index]?.writer === this.#writer) ours.add(message);
        }
      }
      if (this.#tail.seen < size) await nextTurn();
    }
    return ours;
  }

  /** Notices what other processes wrote. @returns the size of the file in bytes; 0 after a fault */
  #look(): number {
    try {
      const size = this.#fault === undefined && this.#closing === undefined ? this.#size() : 0;
      if (size > this.#tail.seen) void this.#pump();
      return size;
    } catch (error) {
      this.#fail(error);
      return 0;
    }
  }

  #size(): number {
    const { size, dev, ino } = fstatSync(this.#file.fd);
    const there = statSync(this.#path, { throwIfNoEntry: false });
    if (there?.dev === dev && there.ino === ino && size >= this.#tail.seen) return size;
    throw new StoreError(
      `The log file ${this.#path} was deleted, moved or cut: stop all chapters and start them again.`,
    );
  }

  #refuse(): void {
    if (this.#fault !== undefined) throw this.#fault;
    if (this.#closing !== undefined) throw new StoreError("The log is closed: start the chapter again.");
  }

  /**
   * Ends all appending and reading, and says so once. When a flush fails the system may drop the bytes, and
   * the next flush succeeds all the same (fsyncgate, 2018): going on would be guessing.
   */
  #fail(error: unknown): StoreError {
    if (this.#fault !== undefined) return this.#fault;
    clearInterval(this.#timer);
    const sentence = `The log file ${this.#path} failed (${reason(error)}): check the disk and start again.`;
    this.#fault = error instanceof StoreError ? error : new StoreError(sentence);
    console.error(this.#fault.message);
    return this.#fault;
  }
}

function notKept(problem: string): StoreError {
  return new StoreError(
    `The message could not be kept (${problem}): free some disk space and send it again.`,
  );
}
