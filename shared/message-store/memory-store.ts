// The log in memory: `--store memory:`. It keeps nothing when the process ends.
import { randomUUID } from "node:crypto";
import { ANONYMOUS, type Draft, type Message } from "./message.ts";
import { type Entry, gathered, jsonBytes, Sequence, takeBatch, turnFor } from "./sequence.ts";
import { type Kept, type Listener, type MessageStore, StoreError } from "./store.ts";

interface Waiting {
  readonly entry: Entry;
  /** Bytes of its JSON. */
  readonly size: number;
  readonly resolve: (kept: Kept) => void;
}

/** @see MessageStore */
export class MemoryStore implements MessageStore {
  readonly #sequence = new Sequence();
  readonly #waiting: Waiting[] = [];
  #closed = false;

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
    if (this.#closed) throw new StoreError("The log is closed: start the chapter again.");
    const { text, key = randomUUID() } = draft;
    const author = draft.author || ANONYMOUS;
    const first = this.#sequence.get(key);
    if (first !== undefined) return { message: first, added: false };
    const entry = { author, text, timestamp: Date.now(), key };
    return new Promise((resolve) => {
      this.#waiting.push({ entry, size: jsonBytes(entry), resolve });
      // What comes at the same time is delivered together: one write a client, not one a message.
      if (this.#waiting.length === 1) void gathered(this.#waiting).then(() => this.#keep());
    });
  }

  async refresh(): Promise<void> {
    // Nobody else writes here.
  }

  async close(): Promise<void> {
    this.#closed = true;
    while (this.#waiting.length > 0) this.#keep();
  }

  #keep(): void {
    const batch = takeBatch(this.#waiting);
    if (this.#waiting.length > 0) setImmediate(() => this.#keep());
    const published = this.#sequence.publish(batch.map(({ entry }) => entry));
    for (const [index, { entry, resolve }] of batch.entries()) {
      const added = published[index];
      const message = added ?? this.#sequence.get(entry.key);
      if (message !== undefined) resolve({ message, added: added !== undefined });
    }
  }
}
