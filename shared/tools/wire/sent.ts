// Which message is which: what one browser sent is found again where it arrives.
import type { Carried, ExchangeMark, TickMark, Time } from "./events.ts";
import { type Said, shortened } from "./messages.ts";
import type { Writable } from "./tally.ts";

/** At least so many names of messages are remembered, the newest, and at most twice as many. */
const REMEMBERED = 5_000;
/** A message is sent again so many times at most for all of them to be told that it has arrived. */
const AGAIN = 20;

/** A message that was sent; with a key once or again. */
interface Sent {
  readonly token: string;
  readonly at: Time;
  /** What it was sent by. */
  readonly marks: Writable<ExchangeMark | TickMark>[];
}

/** The newest messages that were sent, by key, and by text for where they arrive without it. */
export class SentMessages {
  // When the young ones are many, they are the old ones, and those are forgotten: in a Map, deleting is dear.
  #young = new Map<string, Sent>();
  #old = new Map<string, Sent>();

  /** @param at when its first byte was read */
  send({ key, text }: Said, at: Time, mark: Sent["marks"][number]): Carried {
    const token = nameOf(key, text);
    const before = key === undefined ? undefined : this.#find(token);
    const sent = before ?? { token, at, marks: [] };
    const arrived = sent.marks[0]?.arrived;
    sent.marks.push(Object.assign(mark, arrived !== undefined && { arrived }));
    sent.marks.splice(0, sent.marks.length - AGAIN);
    this.#young.set(token, sent);
    if (key !== undefined) this.#young.set(nameOf(undefined, text), sent);
    if (this.#young.size >= REMEMBERED) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    return { token, text: shortened(text, 60) };
  }

  /** @returns the message, and what sent it if that was seen */
  arrive({ key, text }: Said): { readonly message: Carried; readonly sent: Sent | undefined } {
    const own = nameOf(key, text);
    // A key that nobody was seen to send is the server's own: then the text tells.
    const sent = this.#find(own) ?? this.#find(nameOf(undefined, text));
    const isAnother = key !== undefined && sent?.token.startsWith("key ") && sent.token !== own;
    const found = isAnother ? undefined : sent;
    return { message: { token: found?.token ?? own, text: shortened(text, 60) }, sent: found };
  }

  /** Forgets them all. */
  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }

  #find(name: string): Sent | undefined {
    return this.#young.get(name) ?? this.#old.get(name);
  }
}

function nameOf(key: string | undefined, text: string): string {
  return key === undefined ? `text ${text}` : `key ${key}`;
}
