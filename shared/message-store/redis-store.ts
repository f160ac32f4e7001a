// The log in a Redis Stream: `--store redis://HOST`. Several machines may append to one.
//
// Every message takes the same path, as with a file:
//
//   wait → script (XADD) → follow (XREAD) → publish → answer
//
// The id is the entry's place in the stream, so that all servers count alike. What comes while one batch is on the way is
// the next batch.
//
// A draft is answered within `PATIENCE`, or refused; after that Redis does not keep it any more (see the script). Only
// where the connection breaks while Redis keeps it is nothing known of it: it is then sent once more, and its key makes
// sure that it is kept once. The newest messages are in memory, the older ones are read when somebody asks.
import { randomUUID } from "node:crypto";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Line } from "./line.ts";
import { ANONYMOUS, type Draft, MAX_ANSWER, type Message, NEWEST } from "./message.ts";
import { parseAddress } from "./redis-address.ts";
import { AnotherLog, Away, cannotOpen, type Entry, type Known, RedisLog, type State } from "./redis-log.ts";
import { fitting, gathered, jsonBytes, Sequence, takeBatch, turnFor } from "./sequence.ts";
import { type Kept, type Listener, type MessageStore, StoreError } from "./store.ts";

/** So many of the newest messages are in memory, about. */
const IN_MEMORY = 10_000;
/** So many are read at the start: what most clients that come back have missed. */
const AT_START = 1_000;
/** So many are read at once where older ones are asked for. */
const PAGE = 250;
/** A draft is answered or refused within this time, in milliseconds; the contract allows two seconds. */
const PATIENCE = 1_500;
/** How often to look for drafts whose time is up, in milliseconds. */
const LOOK_INTERVAL = 200;
/** Between two tries while Redis is away, in milliseconds. */
const RETRY = 50;

interface Waiting {
  readonly line: Line;
  /** Bytes of its JSON. */
  readonly size: number;
  /** By `performance.now()`. */
  readonly deadline: number;
  readonly resolve: (kept: Kept) => void;
  readonly reject: (error: StoreError) => void;
}

interface Reader {
  /** The reader waits for this message. */
  readonly id: number;
  readonly deadline: number;
  readonly resolve: () => void;
  readonly reject: (error: StoreError) => void;
}

/** @see MessageStore */
export class RedisStore implements MessageStore {
  readonly #log: RedisLog;
  readonly #sequence = new Sequence(IN_MEMORY);
  readonly #writer = randomUUID().slice(0, 8);
  /** In the order of their deadlines. */
  readonly #waiting: Waiting[] = [];
  /** By key: those that wait, that are on the way, and that are to come with the follower. */
  readonly #pending = new Map<string, Waiting & { readonly kept: Promise<Kept> }>();
  readonly #readers = new Set<Reader>();
  readonly #timer: NodeJS.Timeout;
  /** The newest message that was read. */
  #known: Known = { place: "0-0", key: "" };
  /** The newest entry that was read, be it a message or not. */
  #place = "0-0";
  #pumping: Promise<void> | undefined;
  #following: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #closed = false;
  #fault: StoreError | undefined; // Set once, for good: it is another log.
  readonly #said = new Set<string>();

  private constructor(log: RedisLog) {
    this.#log = log;
    this.#timer = setInterval(() => this.#giveUp(), LOOK_INTERVAL).unref();
  }

  /**
   * Opens a log, and says on standard error what is not safe about it.
   *
   * @param spec see `parseAddress`
   * @throws StoreError if it cannot be opened; no password is in it
   */
  static async open(spec: string): Promise<RedisStore> {
    const log = await RedisLog.open(parseAddress(spec));
    const store = new RedisStore(log);
    try {
      await store.#begin();
      const risk = await log.risk();
      if (risk !== undefined) console.error(risk);
    } catch (error) {
      await store.close();
      throw cannotOpen(log.shown, error);
    }
    return store;
  }

  get newest(): number {
    return this.#sequence.newest;
  }

  async after(cursor: number, limit = MAX_ANSWER): Promise<readonly Message[]> {
    await turnFor(this.newest - cursor);
    if (cursor >= this.#sequence.base) return this.#sequence.after(cursor, limit);
    if (this.#fault !== undefined) throw this.#fault;
    const messages: Message[] = [];
    let next = cursor + 1;
    while (messages.length < limit && next <= this.#sequence.base) {
      const entries = await this.#log.read(next, Math.min(PAGE, limit - messages.length));
      messages.push(...entries.flatMap(messageOf));
      next = (messages.at(-1)?.id ?? Number.POSITIVE_INFINITY) + 1;
      if (entries.length === 0 || fitting(messages).length < messages.length) break;
    }
    // Not yet published ones are heard, too.
    const known = fitting(messages.filter(({ id }) => id <= this.newest));
    const first = known[0]?.id ?? this.#sequence.base + 1;
    // Trimmed: what comes next is not there, and so it is as if there were no cursor.
    const start = this.newest - NEWEST;
    if (first > cursor + 1 && start >= first) return this.after(start, limit);
    return known.length > 0 ? known : this.#sequence.after(this.#sequence.base, limit);
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
    if (pending !== undefined) return { message: (await pending.kept).message, added: false };
    const line = {
      author: draft.author || ANONYMOUS,
      text,
      timestamp: Date.now(),
      key,
      writer: this.#writer,
    };
    const deadline = performance.now() + PATIENCE;
    const kept = new Promise<Kept>((resolve, reject) => {
      this.#waiting.push({ line, size: jsonBytes(line), deadline, resolve, reject });
    });
    const [waiting] = this.#waiting.slice(-1);
    if (waiting !== undefined) this.#pending.set(key, { ...waiting, kept });
    void this.#pump();
    return kept;
  }

  async refresh(): Promise<void> {
    this.#refuse();
    const { count } = await this.#ask(this.#log.state(this.#known));
    if (this.newest >= count) return;
    await new Promise<void>((resolve, reject) => {
      this.#readers.add({ id: count, deadline: performance.now() + PATIENCE, resolve, reject });
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#release();
    return this.#closing;
  }

  async #release(): Promise<void> {
    await Promise.allSettled([...this.#pending.values()].map(({ kept }) => kept));
    await this.#pumping;
    this.#closed = true;
    clearInterval(this.#timer);
    this.#log.close();
    await this.#following;
  }

  /** Reads the newest messages, and follows from there on. */
  async #begin(): Promise<void> {
    const { count } = await this.#log.state(this.#known);
    const entries: Entry[] = [];
    let next = Math.max(1, count - AT_START + 1);
    for (;;) {
      const page = await this.#log.read(next, PAGE);
      const newest = page.flatMap(messageOf).at(-1);
      if (newest === undefined) break;
      entries.push(...page);
      next = newest.id + 1;
      if (next > count) break;
    }
    if (count > 0 && entries.length === 0) {
      throw new Error("its stream is empty, but not its keys, which have to be deleted too");
    }
    await this.#publish(entries);
    this.#notice(await this.#log.state(this.#known));
    this.#following = this.#follow();
  }

  /** Publishes what is added to the log, by whomever. Never rejects. */
  async #follow(): Promise<void> {
    let isAway = false;
    while (!this.#closed && this.#fault === undefined) {
      try {
        const { entries, ...state } = await this.#log.next(this.#place, this.#known, MAX_ANSWER);
        if (isAway) console.error(`${this.#log.shown} is back.`);
        isAway = false;
        this.#notice(state);
        await this.#publish(entries);
      } catch (error) {
        if (this.#closed) return;
        if (error instanceof AnotherLog) this.#fail(error);
        else if (!isAway) console.error(error instanceof Error ? error.message : error);
        isAway = true;
        await sleep(RETRY);
      }
    }
  }

  /** Publishes entries, in batches, and settles who waits for them. */
  async #publish(entries: readonly Entry[]): Promise<void> {
    const queue: (Line & { place: string; size: number })[] = [];
    const flush = async () => {
      while (queue.length > 0) {
        const batch = takeBatch(queue);
        const last = batch.at(-1);
        if (last !== undefined) this.#known = { place: last.place, key: last.key };
        const published = this.#sequence.publish(batch);
        for (const [index, message] of published.entries()) {
          if (message !== undefined) this.#settle(message, batch[index]?.writer === this.#writer);
        }
        for (const reader of this.#readers) if (reader.id <= this.newest) this.#leave(reader).resolve();
        if (queue.length > 0) await nextTurn(); // Subscribers' sockets get a turn between two batches.
      }
    };
    for (const { place, id, line } of entries) {
      this.#place = place;
      const expected = this.newest + queue.length + 1;
      if (line === undefined || id < expected) {
        this.#say("holds entries that are no messages", `the first seen is ${place}: they are skipped`);
        continue;
      }
      if (id > expected) {
        await flush();
        // Before the first message that was read there may be others; later on they were trimmed.
        if (this.newest > 0) this.#say("was trimmed", `messages before ${id} are gone`);
        this.#sequence.startAfter(id - 1);
      }
      queue.push({ ...line, place, size: jsonBytes(line) });
    }
    await flush();
  }

  #settle(message: Message, added: boolean): void {
    const pending = this.#pending.get(message.key);
    this.#pending.delete(message.key);
    pending?.resolve({ message, added });
  }

  #leave(reader: Reader): Reader {
    this.#readers.delete(reader);
    return reader;
  }

  /** Sends what waits, one batch at a time. Never rejects. */
  #pump(): Promise<void> {
    this.#pumping ??= this.#run();
    return this.#pumping;
  }

  async #run(): Promise<void> {
    do {
      await gathered(this.#waiting); // What comes at the same time is kept together.
      await this.#cycle();
    } while (this.#waiting.length > 0);
    // No `await` between the last check of the queue and this line: a draft could come in between and wait forever.
    this.#pumping = undefined;
  }

  async #cycle(): Promise<void> {
    const isPending = ({ line: { key }, deadline }: Waiting) =>
      this.#pending.has(key) && deadline > performance.now();
    const batch = takeBatch(this.#waiting).filter(isPending);
    const [first] = batch;
    if (first === undefined) return;
    try {
      const patience = first.deadline - performance.now();
      const lines = batch.map(({ line }) => line);
      const ids = await this.#ask(this.#log.append(this.#known, lines, patience));
      if (ids.length < batch.length) throw new Away("Redis stood still.");
      for (const [index, { line }] of batch.entries()) {
        const id = ids[index] ?? 0;
        // What is new comes with the follower. If it came already, nobody waits any more; or else the key is not new.
        if (id <= this.newest && this.#pending.has(line.key)) void this.#answerFirst(id, line.key);
      }
    } catch (error) {
      if (error instanceof Away) {
        this.#waiting.unshift(...batch.filter(isPending));
        await sleep(RETRY);
      } else for (const { line } of batch) this.#reject(line.key, error);
    }
  }

  /** Answers a draft whose key the log had already. */
  async #answerFirst(id: number, key: string): Promise<void> {
    try {
      const message = this.#sequence.at(id) ?? (await this.#log.read(id, 1)).flatMap(messageOf)[0];
      if (message?.key === key) this.#settle(message, false);
      else throw new StoreError("The log no longer has the message with this key: send it with another one.");
    } catch (error) {
      this.#reject(key, error);
    }
  }

  #reject(key: string, error: unknown): void {
    const pending = this.#pending.get(key);
    this.#pending.delete(key);
    pending?.reject(error instanceof StoreError ? error : new StoreError(String(error)));
  }

  /** Refuses the drafts and readers whose time is up. */
  #giveUp(now = performance.now()): void {
    const error = new StoreError(
      `${this.#log.shown} does not answer: nothing was kept; send it again when Redis is back.`,
    );
    while (this.#waiting[0] !== undefined && this.#waiting[0].deadline <= now) this.#waiting.shift();
    for (const [key, { deadline }] of this.#pending) {
      if (deadline > now) break; // They are in the order of their deadlines.
      this.#reject(key, this.#fault ?? error);
    }
    for (const reader of this.#readers) {
      if (reader.deadline <= now) this.#leave(reader).reject(this.#fault ?? error);
    }
  }

  #refuse(): void {
    if (this.#fault !== undefined) throw this.#fault;
    if (this.#closing !== undefined) throw new StoreError("The log is closed: start the chapter again.");
  }

  async #ask<Value>(answer: Promise<Value>): Promise<Value> {
    try {
      return await answer;
    } catch (error) {
      throw error instanceof AnotherLog ? this.#fail(error) : error;
    }
  }

  /** Ends all appending and following, and says so once: what is read from now on would be another conversation. */
  #fail(error: StoreError): StoreError {
    if (this.#fault !== undefined) return this.#fault;
    this.#fault = error;
    console.error(error.message);
    this.#giveUp(Number.POSITIVE_INFINITY);
    return error;
  }

  /** Notices that the log begins later than it did. */
  #notice({ first, count }: State): void {
    const [, id] = first === "" ? ["0", count + 1] : first.split("-");
    if (count > 0 && Number(id) > 1) {
      this.#say("was trimmed", `messages before ${id} are gone`);
    }
  }

  #say(what: string, more: string): void {
    if (this.#said.has(what)) return;
    this.#said.add(what);
    console.error(`${this.#log.shown} ${what}: ${more}.`);
  }
}

/** The message of an entry, if it is one. */
function messageOf({ id, line }: Entry): [] | [Message] {
  if (line === undefined) return [];
  const { author, text, timestamp, key } = line;
  return [{ id, author, text, timestamp, key }];
}
