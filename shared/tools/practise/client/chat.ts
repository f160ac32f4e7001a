// Stands in for the page's `openChat`: it takes what a client gives to `receive`, and a trial calls it.

import type { Receive } from "../../../html-renderer/browser/round.ts";
import type { Draft, Message } from "../../../message-store/message.ts";

/** What the page is told as its `poll-interval`, in milliseconds: a number that nobody would write by chance. */
export const INTERVAL = 12_345;

let take: (technique: Receive) => void = () => {};

/** What the client gave to `receive`, once it is loaded. */
export const taken = new Promise<Receive>((resolve) => {
  take = resolve;
});

/** @param _post is the page's own, and not a client's to write */
export function openChat(_post?: (draft: Draft) => Promise<Message>) {
  return {
    setting: () => INTERVAL,
    receive(technique: Receive): Promise<never> {
      take(technique);
      return new Promise(() => {});
    },
  };
}
