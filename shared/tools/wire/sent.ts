// Which message is which: what one browser sent is found again where it arrives.
import type { Carried, Time } from "./events.ts";
import { type Said, shortened } from "./messages.ts";

/** So many names of messages are remembered, and so many where they were too many. */
const MOST = 10_000;
const SPARED = 9_000;

interface Sent {
  readonly token: string;
  readonly at: Time;
}

/** The newest messages that were sent, by key, and by text for where they arrive without it. */
export class SentMessages {
  readonly #byName = new Map<string, Sent>();

  /** @param at when its first byte was read */
  send({ key, text }: Said, at: Time): Carried {
    const token = nameOf({ key, text });
    for (const name of new Set([token, nameOf({ key: undefined, text })])) {
      this.#byName.delete(name); // So that it becomes the newest.
      this.#byName.set(name, { token, at });
    }
    if (this.#byName.size > MOST) {
      for (const oldest of this.#byName.keys()) {
        if (this.#byName.size <= SPARED) break;
        this.#byName.delete(oldest);
      }
    }
    return { token, text: shortened(text, 60) };
  }

  /** @returns the message, and when it was sent if that was seen */
  arrive({ key, text }: Said): { readonly message: Carried; readonly sentAt: Time | undefined } {
    // A key that nobody was seen to send is the server's own: then the text tells.
    const sent =
      this.#byName.get(nameOf({ key, text })) ?? this.#byName.get(nameOf({ key: undefined, text }));
    const isAnother = key !== undefined && sent?.token.startsWith("key ") && sent.token !== `key ${key}`;
    const found = isAnother ? undefined : sent;
    const token = found?.token ?? nameOf({ key, text });
    return { message: { token, text: shortened(text, 60) }, sentAt: found?.at };
  }
}

function nameOf({ key, text }: Said): string {
  return key === undefined ? `text ${text}` : `key ${key}`;
}
