// The chat's messages in what goes over the wire, whoever wrote the server: JSON with a `text`, or plain text.

/** What says which message it is. */
export interface Said {
  /** The idempotency key, where it has one. */
  readonly key: string | undefined;
  readonly text: string;
}

/** Cuts a text that is too long to be shown. @param limit in UTF-16 units */
export function shortened(text: string, limit = 200): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1).toWellFormed()}…`;
}

/** Whether a text message says only that its sender is alive, as in `{"heartbeat": 15000}`. */
export function isSignOfLife(text: string): boolean {
  if (text.length > 200) return false;
  if (/^\s*(heartbeat|ping|pong|keep-?alive)?\s*$/i.test(text)) return true;
  const value = parsed(text);
  return isObject(value) && "heartbeat" in value && !("text" in value);
}

/**
 * @param content a body, the data of an event, or a text message: JSON of one message or of several, or plain text
 * @returns the messages in it, in order; none where it only says what is wrong
 */
export function messagesIn(content: string): Said[] {
  if (content.trim() === "") return [];
  const value = parsed(content);
  if (value === undefined) return [{ key: undefined, text: content }];
  const found: Said[] = [];
  for (const each of Array.isArray(value) ? value : [value]) {
    const said = messageOf(each);
    if (said) found.push(said);
  }
  return found;
}

function messageOf(value: unknown): Said | undefined {
  if (typeof value === "string") return { key: undefined, text: value };
  if (!isObject(value)) return value === null ? undefined : { key: undefined, text: String(value) };
  if (typeof value["text"] !== "string") {
    return "error" in value || "heartbeat" in value
      ? undefined
      : { key: undefined, text: JSON.stringify(value) };
  }
  const key = typeof value["key"] === "string" ? value["key"] : undefined;
  return { key, text: value["text"] };
}

/** @returns undefined for what is no JSON */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
