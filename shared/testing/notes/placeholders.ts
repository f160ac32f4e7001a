// What varies from run to run, by name. A name says which form is expected; none of them takes just anything.
import { createHash } from "node:crypto";

/** What a placeholder is compared with. */
export interface Context {
  /** The Sec-WebSocket-Key that the client sent, where it sent one. */
  readonly webSocketKey: string | undefined;
  /** The values so far of the placeholders that have a label, `{key 1}`: the same label, the same value. */
  readonly labelled: Map<string, string>;
  /** The present, in milliseconds since the epoch. */
  readonly now: number;
}

interface Kind {
  readonly form: RegExp;
  /** Says what is wrong with a value of the right form. */
  readonly fault?: (value: string, context: Context) => string | undefined;
}

/** As long as a test may take, and a clock's second. */
const RECENT = 120_000;

const isRecent = (time: number, { now }: Context) =>
  Math.abs(now - time) < RECENT ? undefined : `not the present time (${new Date(now).toUTCString()})`;

const KINDS: Readonly<Record<string, Kind>> = {
  /** An HTTP date (RFC 9110 §5.6.7), of now. */
  date: {
    form: /[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT/,
    fault: (value, context) =>
      new Date(value).toUTCString() === value ? isRecent(Date.parse(value), context) : "no date",
  },
  /** Milliseconds since the epoch, of now. */
  timestamp: { form: /\d{13}/, fault: (value, context) => isRecent(Number(value), context) },
  /** A measured number, or one that depends on the moment. */
  number: { form: /\d[\d,]*(?:\.\d+)?/ },
  /** A key that the server or `npm run say` made. */
  key: { form: /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/ },
  etag: { form: /"[A-Za-z0-9_-]{8,}"/ },
  /** The version of a program, of curl for example. */
  version: { form: /\d+(?:\.\d+)+/ },
  /** A Sec-WebSocket-Key: 16 bytes (RFC 6455 §4.1). */
  "websocket-key": { form: /[A-Za-z0-9+/]{22}==/ },
  /** Its answer (RFC 6455 §4.2.2), computed again from the key that was sent. */
  accept: {
    form: /[A-Za-z0-9+/]{27}=/,
    fault(value, { webSocketKey }) {
      if (webSocketKey === undefined) return "no Sec-WebSocket-Key was sent";
      const hash = createHash("sha1").update(`${webSocketKey}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
      const right = hash.digest("base64");
      return value === right ? undefined : `for that key it is ${right}`;
    },
  },
};

/** `{date}`, or with a label `{key 1}`. JSON's braces are followed by a quotation mark. */
const PLACEHOLDER = /\{([a-z][a-z-]*)(?: ([\w-]+))?\}/g;

/**
 * Compares one line.
 *
 * @param expected the line, with placeholders
 * @returns what is wrong with `actual`; undefined where nothing is
 */
export function faultIn(actual: string, expected: string, context: Context): string | undefined {
  const kinds: { name: string; kind: Kind; label: string | undefined }[] = [];
  let pattern = "";
  let end = 0;
  for (const match of expected.matchAll(PLACEHOLDER)) {
    const [all, name = "", label] = match;
    const kind = KINDS[name];
    if (!kind) throw new Error(`${all} is none of ${Object.keys(KINDS).join(", ")}`);
    pattern += `${literal(expected.slice(end, match.index))}(${kind.form.source})`;
    end = match.index + all.length;
    kinds.push({ name, kind, label });
  }
  const values = new RegExp(`^${pattern}${literal(expected.slice(end))}$`, "u").exec(actual)?.slice(1);
  if (!values) return "another text";
  for (const [index, { name, kind, label }] of kinds.entries()) {
    const value = values[index] ?? "";
    const fault = kind.fault?.(value, context);
    if (fault !== undefined) return `${name} ${value}: ${fault}`;
    if (label === undefined) continue;
    const before = context.labelled.get(`${name} ${label}`) ?? value;
    if (before !== value) return `{${name} ${label}} was ${before}, now it is ${value}`;
    context.labelled.set(`${name} ${label}`, value);
  }
  return undefined;
}

function literal(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
