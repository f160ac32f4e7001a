// What this page's technique does on the network, as it happens: for the strip and the numbers in the left column.

/** One thing that happened. */
export type WireEvent =
  /** A request was sent, or a connection is being opened; `url` with its cursor. */
  | { readonly type: "request"; readonly url: string }
  /** The request was answered: with so many messages, or none. */
  | { readonly type: "answer"; readonly messages: number }
  /** The stream or the socket is open. */
  | { readonly type: "open" }
  /** Messages came on the open stream or socket. */
  | { readonly type: "message"; readonly messages: number }
  /** A sign of life without a message. */
  | { readonly type: "heartbeat" }
  /** A draft was sent: by a request of its own (`POST`), or on the open socket. */
  | { readonly type: "sent"; readonly by: "request" | "socket" }
  /** A message is shown: so many milliseconds after it was sent, by the clock of whoever sent it. */
  | { readonly type: "shown"; readonly delay: number }
  /** The connection was lost, or the request failed. */
  | { readonly type: "break" }
  /** The page now has everything up to this id. */
  | { readonly type: "cursor"; readonly cursor: number };

/** An event, and when it happened: `performance.now()`, in milliseconds. */
export type WireRecord = WireEvent & { readonly at: number };

/** The page's own record of what its technique does. */
export interface Wire {
  record(event: WireEvent): void;
  /** Calls the listener with each event from now on, at once. */
  subscribe(listener: (record: WireRecord) => void): void;
}

/** @returns an empty record */
export function openWire(): Wire {
  const listeners: ((record: WireRecord) => void)[] = [];
  return {
    record(event) {
      const record = { ...event, at: performance.now() };
      for (const listener of listeners) listener(record);
    },
    subscribe(listener) {
      listeners.push(listener);
    },
  };
}
