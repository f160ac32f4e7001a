import type { WireRecord } from "./wire.ts";

/** Something on the strip. Times are those of the records; what has not ended yet ends at `Infinity`. */
export type Mark =
  /** A request: answered at once it is a tick, later a bar. `messages` is undefined if there was no answer. */
  | { readonly kind: "request"; readonly from: number; to: number; messages: number | undefined }
  /** An open stream or socket. */
  | { readonly kind: "stream"; readonly from: number; to: number }
  /** So many messages that came on a stream or socket. */
  | { readonly kind: "message"; readonly from: number; to: number; messages: number }
  | { readonly kind: "heartbeat"; readonly from: number; to: number }
  /** So many drafts that were sent, on the socket or by requests of their own. */
  | {
      readonly kind: "sent";
      readonly from: number;
      to: number;
      messages: number;
      readonly by: "request" | "socket";
    }
  /** From the moment the connection was lost to the next request or connection. */
  | { readonly kind: "break"; readonly from: number; to: number };

/** How much time the strip shows, in milliseconds. */
export const SPAN = 60_000;
/** With more marks than this, what the strip does not show any more is dropped. */
const MOST = 1_000;
/** A request that takes longer than this was held, in milliseconds. */
const HELD = 300;
/** What comes within so many milliseconds is one mark, so that a busy strip stays readable. */
const TOGETHER = 250;

/** @returns whether the request was held, or has been held up to now */
export function isHeld({ from, to }: Mark, now: number): boolean {
  return Math.min(to, now) - from > HELD;
}

/** Makes marks of records. */
export interface Marks {
  add(record: WireRecord): void;
  /** @returns what lasted until `start` or began later, oldest first; what is older is forgotten */
  since(start: number): readonly Mark[];
}

/** @returns an empty strip */
export function createMarks(): Marks {
  let marks: Mark[] = [];

  /** The newest mark of a kind. */
  function last<K extends Mark["kind"]>(kind: K): Extract<Mark, { kind: K }> | undefined {
    return marks.findLast((mark): mark is Extract<Mark, { kind: K }> => mark.kind === kind);
  }

  function end(kind: "request" | "stream" | "break", at: number): void {
    const mark = last(kind);
    if (mark?.to === Infinity) mark.to = at;
  }

  function begin(at: number): void {
    for (const kind of ["request", "stream", "break"] as const) end(kind, at);
  }

  function since(start: number): readonly Mark[] {
    marks = marks.filter(({ to }) => to >= start);
    return marks;
  }

  return {
    add(record) {
      const { at } = record;
      if (marks.length > MOST) since(at - SPAN); // Nobody may be looking.
      switch (record.type) {
        case "request":
          begin(at);
          marks.push({ kind: "request", from: at, to: Infinity, messages: undefined });
          break;
        case "answer": {
          const request = last("request");
          if (request?.to !== Infinity) break;
          request.to = at;
          request.messages = record.messages;
          break;
        }
        case "open": {
          // The connection is drawn instead of the request that opened it.
          const request = last("request");
          if (request?.to === Infinity) marks.splice(marks.indexOf(request), 1);
          begin(at);
          marks.push({ kind: "stream", from: at, to: Infinity });
          break;
        }
        case "message": {
          const message = last("message");
          if (message !== undefined && at - message.from < TOGETHER) message.messages += record.messages;
          else marks.push({ kind: "message", from: at, to: at, messages: record.messages });
          break;
        }
        case "sent": {
          const sent = last("sent");
          if (sent !== undefined && at - sent.from < TOGETHER) sent.messages += 1;
          else marks.push({ kind: "sent", from: at, to: at, messages: 1, by: record.by });
          break;
        }
        case "heartbeat":
          marks.push({ kind: "heartbeat", from: at, to: at });
          break;
        case "break":
          begin(at);
          marks.push({ kind: "break", from: at, to: Infinity });
          break;
      }
    },
    since,
  };
}
