// This process's copy of the log: what is read and subscribed to, whichever store keeps it.
import { setImmediate as nextTurn } from "node:timers/promises";
import { MAX_ANSWER, MAX_ANSWER_BYTES, type Message } from "./message.ts";
import type { Listener } from "./store.ts";

/** A message before it has a position in the log, which becomes its id. */
export type Entry = Omit<Message, "id">;

/**
 * At most about this many bytes of JSON are kept and delivered together: a quarter of what a slow client may have
 * unsent (1 MiB), so that no single batch gets a client disconnected.
 */
export const BATCH_BYTES = 256 * 1024;

/** The messages in order, the map of their keys, and the subscribers. */
export class Sequence {
  readonly #most: number;
  /** The ids up to this one are not in memory: never read, or dropped. */
  #base = 0;
  readonly #messages: Message[] = [];
  // A Map and no object: `__proto__` and `constructor` are keys like any other.
  readonly #byKey = new Map<string, Message>();
  // An object for each subscription, so that one function may subscribe twice.
  readonly #subscriptions = new Set<{ readonly listener: Listener }>();

  /** @param most about how many messages to keep in memory: the newest; all of them unless told */
  constructor(most = Number.POSITIVE_INFINITY) {
    this.#most = most;
  }

  get newest(): number {
    return this.#base + this.#messages.length;
  }

  /** The smallest cursor that can be answered from memory. */
  get base(): number {
    return this.#base;
  }

  /** The first message with this key, of those in memory. */
  get(key: string): Message | undefined {
    return this.#byKey.get(key);
  }

  /** The message with this id, if it is in memory. */
  at(id: number): Message | undefined {
    return this.#messages[id - 1 - this.#base];
  }

  /**
   * See `MessageStore.after`.
   *
   * @param cursor an id from `base` to `newest`
   */
  after(cursor: number, limit = MAX_ANSWER): readonly Message[] {
    const start = cursor - this.#base;
    return fitting(this.#messages.slice(start, start + limit));
  }

  /** Forgets all messages and goes on behind this id: those up to it are not to be had, or not wanted. */
  startAfter(id: number): void {
    this.#base = id;
    this.#messages.length = 0;
    this.#byKey.clear();
  }

  /** See `MessageStore.subscribe`. */
  subscribe(listener: Listener): () => void {
    const subscription = { listener };
    this.#subscriptions.add(subscription);
    return () => {
      this.#subscriptions.delete(subscription);
    };
  }

  /**
   * Gives each entry the next id and calls every subscriber, all in this turn of the event loop. A listener
   * that throws is reported on standard error; the others are called all the same.
   *
   * @param entries in the log's order
   * @returns for each entry its message; undefined if its key was there already, so that nothing was added
   */
  publish(entries: readonly Entry[]): readonly (Message | undefined)[] {
    const published = entries.map((entry) => this.#add(entry));
    const added = published.filter((message) => message !== undefined);
    if (added.length === 0) return published;
    this.#dropOldest();
    // A copy: a listener that is added now finds these messages in `after`, and must not get them twice.
    for (const subscription of [...this.#subscriptions]) {
      if (!this.#subscriptions.has(subscription)) continue;
      try {
        subscription.listener(added);
      } catch (error) {
        console.error("A listener of the message store failed:", error);
      }
    }
    return published;
  }

  #add({ author, text, timestamp, key }: Entry): Message | undefined {
    if (this.#byKey.has(key)) return undefined;
    const message = { id: this.newest + 1, author, text, timestamp, key };
    this.#messages.push(message);
    this.#byKey.set(key, message);
    return message;
  }

  /** Many at a time, because each time moves all that stay. */
  #dropOldest(): void {
    if (this.#messages.length <= this.#most + MAX_ANSWER) return;
    const dropped = this.#messages.splice(0, this.#messages.length - this.#most);
    for (const { key } of dropped) this.#byKey.delete(key);
    this.#base += dropped.length;
  }
}

/** An answer of more messages than this waits for a turn of its own. */
const FEW = 32;

let turns: Promise<unknown> = Promise.resolve();

/**
 * Waits for another turn of the event loop before messages are read. What may become a large answer gets a turn of its
 * own: if fifty clients catch up at once, everybody else is served between any two of them.
 *
 * @param behind how many messages there are after the reader's cursor
 */
export function turnFor(behind: number): Promise<unknown> {
  if (behind <= FEW) return nextTurn();
  turns = turns.then(() => nextTurn());
  return turns;
}

/** @returns the first messages, as many as fit into 1 MiB of JSON: at least one, if there is one */
export function fitting(messages: readonly Message[]): readonly Message[] {
  let bytes = 1; // The list's brackets, and a comma for each message but the first.
  const end = messages.findIndex((message, index) => {
    bytes += jsonBytes(message) + 1;
    return index > 0 && bytes > MAX_ANSWER_BYTES;
  });
  return end < 0 ? messages : messages.slice(0, end);
}

/** @returns the size of a value's JSON, in bytes */
export function jsonBytes(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/**
 * Takes from the front of a queue what is to be kept together: at least one, at most 1,000 and about `BATCH_BYTES`.
 *
 * @param queue the oldest first, each with the size of its JSON in bytes; what is taken is removed from it
 */
export function takeBatch<Item extends { readonly size: number }>(queue: Item[]): Item[] {
  let bytes = 0;
  let count = 0;
  for (const { size } of queue) {
    bytes += size;
    if (count === MAX_ANSWER || (count > 0 && bytes > BATCH_BYTES)) break;
    count += 1;
  }
  return queue.splice(0, count);
}

/** After so many turns of the event loop without another message none is expected: some 10 µs of an idle server. */
const QUIET_TURNS = 2;
/** After so many turns the first message waits no longer, however many follow it. */
const MOST_TURNS = 10;

/**
 * Waits while each turn of the event loop brings more. Messages that are sent at the same time arrive a few at a time;
 * kept together, they cost each client one write and the file one flush. With eight senders and a hundred clients,
 * half as many messages again get through.
 */
export async function gathered(queue: { readonly length: number }): Promise<void> {
  for (let turn = 0, quiet = 0; quiet < QUIET_TURNS && turn < MOST_TURNS; turn += 1) {
    const before = queue.length;
    await nextTurn();
    quiet = queue.length > before ? 0 : quiet + 1;
  }
}
