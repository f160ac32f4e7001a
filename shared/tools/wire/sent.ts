// Which message is which: what one browser sent is found again where it arrives.
import type { Carried, Time } from "./events.ts";
import { type Said, shortened } from "./messages.ts";

/** At least so many names of messages are remembered, the newest, and at most twice as many. */
const REMEMBERED = 5_000;

interface Sent {
  readonly token: string;
  readonly at: Time;
}

/** The newest messages that were sent, by key, and by text for where they arrive without it. */
export class SentMessages {
  // When the young ones are many, they are the old ones, and those are forgotten: in a Map, deleting is dear.
  #young = new Map<string, Sent>();
  #old = new Map<string, Sent>();

  /** @param at when its first byte was read */
  send({ key, text }: Said, at: Time): Carried {
    const token = nameOf(key, text);
    const sent = { token, at };
    this.#young.set(token, sent);
    if (key !== undefined) this.#young.set(nameOf(undefined, text), sent);
    if (this.#young.size >= REMEMBERED) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    return { token, text: shortened(text, 60) };
  }

  /** @returns the message, and when it was sent if that was seen */
  arrive({ key, text }: Said): { readonly message: Carried; readonly sentAt: Time | undefined } {
    const own = nameOf(key, text);
    // A key that nobody was seen to send is the server's own: then the text tells.
    const sent = this.#find(own) ?? this.#find(nameOf(undefined, text));
    const isAnother = key !== undefined && sent?.token.startsWith("key ") && sent.token !== own;
    const found = isAnother ? undefined : sent;
    return { message: { token: found?.token ?? own, text: shortened(text, 60) }, sentAt: found?.at };
  }

  #find(name: string): Sent | undefined {
    return this.#young.get(name) ?? this.#old.get(name);
  }
}

function nameOf(key: string | undefined, text: string): string {
  return key === undefined ? `text ${text}` : `key ${key}`;
}
