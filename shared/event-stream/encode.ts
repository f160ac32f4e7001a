// One event of a text/event-stream, as text (HTML, "Server-sent events").

/** One event. Its shape is the HTML standard's, "Interpreting an event stream". */
export interface StreamEvent {
  /** May hold any text; each line of it becomes a `data` field. */
  readonly data?: string;
  /** The event's name; `message` where there is none. */
  readonly event?: string;
  /** What the browser sends back as `Last-Event-ID`. */
  readonly id?: string;
  /** After which time the browser reconnects, in milliseconds. */
  readonly retry?: number;
  /** Read by nobody: it keeps the connection busy. */
  readonly comment?: string;
}

/**
 * Encodes one event.
 *
 * @throws RangeError where a field of one line holds a line break or NUL, which would forge another field or event,
 *   or where `retry` is no whole number
 */
export function encodeEvent({ comment, retry, event, id, data }: StreamEvent): string {
  let text = "";
  if (comment !== undefined) text += `: ${oneLine("comment", comment)}\n`;
  if (retry !== undefined) {
    if (!Number.isSafeInteger(retry) || retry < 0) throw new RangeError("retry must be a whole number of ms");
    text += `retry: ${retry}\n`;
  }
  if (event !== undefined) text += `event: ${oneLine("event", event)}\n`;
  if (id !== undefined) text += `id: ${oneLine("id", id)}\n`;
  // CRLF, CR and LF all end a line of the stream, so each of them starts another data field.
  if (data !== undefined) for (const line of data.split(/\r\n|\r|\n/)) text += `data: ${line}\n`;
  return `${text}\n`;
}

function oneLine(field: string, value: string): string {
  if (/[\r\n\0]/.test(value)) throw new RangeError(`${field} must hold no line break and no NUL`);
  return value;
}
