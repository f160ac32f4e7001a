import type { Draft, Message } from "../../message-store/message.ts";
import type { Entries, OwnDraft } from "./entries.ts";
import { reasonOf } from "./reason.ts";
import type { Wire } from "./wire.ts";

/** How this page's drafts are sent: one after another, so that they arrive in the order in which they were written. */
export interface Sending {
  /** Shows a draft as being sent, and sends it. */
  send(draft: OwnDraft): Promise<void>;
  /** Sends drafts that were being sent when the page was left. */
  restore(drafts: readonly OwnDraft[]): void;
  /** Sends a draft that failed again. */
  retry(draft: OwnDraft): void;
  /** Sends the draft that was sent last once more, with its key. @returns false if there is none */
  repeat(): boolean;
  /** A connection is open: drafts are sent on it from now on, those that wait at once. */
  open(send: ((draft: Draft) => void) | undefined): void;
  /** The connection is closed. */
  close(): void;
}

/**
 * @param post sends a draft by a request of its own; without it, drafts are sent on the connection
 */
export function createSending(
  entries: Entries,
  wire: Wire,
  post: ((draft: Draft) => Promise<Message>) | undefined,
): Sending {
  let last: OwnDraft | undefined;
  let onConnection: ((draft: Draft) => void) | undefined;
  /** Settles when all drafts before are answered. */
  let before: Promise<void> = Promise.resolve();

  async function byRequest(draft: OwnDraft, send: (draft: Draft) => Promise<Message>): Promise<void> {
    try {
      wire.record({ type: "sent", by: "request" });
      entries.kept(await send(draft));
    } catch (error) {
      entries.failed(draft.key, reasonOf(error));
    }
  }

  function dispatch(draft: OwnDraft): Promise<void> {
    last = draft;
    if (post !== undefined) {
      before = before.then(() => byRequest(draft, post));
      return before;
    }
    if (onConnection !== undefined) {
      wire.record({ type: "sent", by: "socket" });
      onConnection(draft);
    }
    return Promise.resolve(); // Without a connection, the draft waits for `open`.
  }

  function send(draft: OwnDraft): Promise<void> {
    entries.sending(draft);
    return dispatch(draft);
  }

  return {
    send,
    restore(drafts) {
      for (const draft of drafts) void send(draft);
    },
    retry: (draft) => void send(draft),
    repeat() {
      if (last === undefined) return false;
      void dispatch(last);
      return true;
    },
    open(next) {
      onConnection = next;
      // Perhaps for the second time: the key makes that harmless.
      if (next !== undefined) for (const draft of entries.unseen()) void dispatch(draft);
    },
    close() {
      onConnection = undefined;
    },
  };
}
