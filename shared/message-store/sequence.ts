// This process's copy of the log: what is read and subscribed to, whichever store keeps it.
import { setImmediate as nextTurn } from "node:timers/promises";
import { MAX_ANSWER, type Message, NEWEST } from "./message.ts";
import type { Listener } from "./store.ts";

/** A message before it has a place in the log. The place is its id. */
export type Entry = Omit<Message, "id">;

/**
 * At most about this many bytes are kept and delivered at once: a quarter of what a slow client may have
 * unsent (1 MiB), so that no single batch gets a client disconnected.
 */
export const BATCH_BYTES = 256 * 1024;

/** The messages in order, the map of their keys, and who wants to hear of new ones. */
export class Sequence {
  readonly #messages: Message[] = [];
  // A Map and no object: `__proto__` and `constructor` are keys like any other.
  readonly #byKey = new Map<string, Message>();
  // An object for each subscription, so that one function may subscribe twice.
  readonly #subscriptions = new Set<{ readonly listener: Listener }>();

  get newest(): number {
    return this.#messages.length;
  }

  /** The first message with this key. */
  get(key: string): Message | undefined {
    return this.#byKey.get(key);
  }

  /** See `MessageStore.after`. */
  after(cursor: number | undefined, limit = MAX_ANSWER): readonly Message[] {
    if (cursor !== undefined && cursor <= this.newest) return this.#messages.slice(cursor, cursor + limit);
    return this.#messages.slice(Math.max(0, this.newest - Math.min(NEWEST, limit)));
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
   * Gives each entry the next id and tells every subscriber, all in this turn of the event loop. A listener
   * that throws is reported on standard error; the others hear all the same.
   *
   * @param entries in the log's order
   * @returns for each entry its message; undefined where its key was there already, and nothing was added
   */
  publish(entries: readonly Entry[]): readonly (Message | undefined)[] {
    const published = entries.map((entry) => this.#add(entry));
    const added = published.filter((message) => message !== undefined);
    if (added.length === 0) return published;
    // A copy: who subscribes within a listener finds these messages in `after`, and must not hear them too.
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
    const message = { id: this.#messages.length + 1, author, text, timestamp, key };
    this.#messages.push(message);
    this.#byKey.set(key, message);
    return message;
  }
}

/**
 * Takes from the front of a queue what is to be kept together: at least one, at most about `BATCH_BYTES`.
 *
 * @param queue what waits, oldest first, each with its size in bytes; the taken ones are removed from it
 */
export function takeBatch<Item extends { readonly size: number }>(queue: Item[]): Item[] {
  let bytes = 0;
  let count = 0;
  for (const { size } of queue) {
    bytes += size;
    if (count > 0 && bytes > BATCH_BYTES) break;
    count += 1;
  }
  return queue.splice(0, count);
}

/** Turns of the event loop without another message, after which none is expected: some 10 µs of an idle server. */
const QUIET_TURNS = 2;
/** Turns after which the first message waits no longer, however many come. */
const MOST_TURNS = 10;

/**
 * Lets a queue fill up for as long as turns of the event loop bring more. Those who send at the same time come a few at
 * a time; kept together they cost each client one write, and the file one flush. With eight senders and a hundred
 * clients half as many messages again get through as where each turn's are kept by themselves.
 */
export async function gathered(queue: { readonly length: number }): Promise<void> {
  for (let turn = 0, quiet = 0; quiet < QUIET_TURNS && turn < MOST_TURNS; turn += 1) {
    const before = queue.length;
    await nextTurn();
    quiet = queue.length > before ? 0 : quiet + 1;
  }
}
