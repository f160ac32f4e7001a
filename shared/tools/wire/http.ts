// HTTP/1.1: heads and bodies, with the section that says so at each byte.
import { createHash } from "node:crypto";
import type { ByteReader, Reading } from "./byte-reader.ts";
import type { Exchange, Headers, Teller, Unit } from "./decoded.ts";
import { FIELDS, METHODS, STATUSES } from "./http-names.ts";
import type { MeaningKey, ProblemKey } from "./words.ts";

/** A head may have so many bytes: four times what Node allows. */
const HEAD_LIMIT = 64 * 1024;

/** A head as it was read. */
export interface Head {
  /** Method, target and version, or version, status and reason. */
  readonly start: readonly [string, string, string];
  readonly headers: Headers;
}

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([^ ]+) (HTTP\/1\.[01])$/;
const STATUS_LINE = /^(HTTP\/1\.[01]) (\d{3})(?: (.*))?$/;

/** Ends a unit: all labels since the last one belong to it. */
export function tell(
  reader: ByteReader,
  { direction, listener }: Teller,
  from: number,
  unit: Pick<Unit, "kind" | "summary" | "payload"> & Partial<Unit>,
): void {
  const { kind, summary, payload, quiet = false, problem, exchange, block, frame } = unit;
  listener.unit({
    kind,
    direction,
    from: reader.placeOf(from),
    to: reader.placeBehind(reader.position),
    at: reader.timeOf(from),
    until: reader.timeOf(reader.position - 1),
    summary,
    quiet,
    problem,
    labels: reader.takeLabels(),
    payload,
    exchange,
    block,
    frame,
  });
  reader.forget();
}

/** A line: what is before its end, and where it is. */
interface Line {
  readonly from: number;
  readonly text: string;
  /** The position of its line end. */
  readonly end: number;
}

/** @returns undefined where no line end comes, or too late, or where a byte is in it that no head may have */
function* readLine(reader: ByteReader, limit: number): Reading<Line | undefined> {
  for (let scanned = 0; ; ) {
    const length = reader.beforeLineFeed(scanned);
    const known = length ?? reader.available;
    for (; scanned < known; scanned += 1) {
      const byte = reader.peek(scanned) ?? 0;
      if (byte < 0x20 && byte !== 0x09 && byte !== 0x0d) return undefined; // RFC 9110 §5.5
    }
    if (known > limit || (length === undefined && reader.ended)) return undefined;
    if (length !== undefined) {
      const from = reader.position;
      const text = reader.take(length + 1).toString("latin1", 0, length);
      // A recipient may take a single LF as the end of a line (RFC 9112 §2.2).
      const withoutReturn = text.endsWith("\r") ? text.slice(0, -1) : text;
      return { from, text: withoutReturn, end: from + withoutReturn.length };
    }
    yield;
  }
}

/**
 * Reads a head, start line and fields, up to and including the empty line.
 *
 * @returns undefined where it is none: what was read of it is labelled, and the rest is still to be taken
 */
export function* readHead(reader: ByteReader, kind: "request" | "response"): Reading<Head | undefined> {
  const begin = reader.position;
  let line = yield* readLine(reader, HEAD_LIMIT);
  while (line?.text === "" && kind === "request") {
    reader.label(line.from, reader.position, "lineEnd", "RFC 9112 §2.2"); // Ignored before a request.
    line = yield* readLine(reader, HEAD_LIMIT);
  }
  if (line === undefined) return undefined;
  const start = labelStart(reader, line, kind);
  if (start === undefined) return undefined;
  const headers = new Map<string, string>();
  return (yield* readFields(reader, headers, begin + HEAD_LIMIT)) ? { start, headers } : undefined;
}

function labelStart(reader: ByteReader, line: Line, kind: "request" | "response"): Head["start"] | undefined {
  const { from, text, end } = line;
  const [, one = "", two = "", three = ""] =
    (kind === "request" ? REQUEST_LINE : STATUS_LINE).exec(text) ?? [];
  if (one === "") {
    reader.label(from, reader.position, "raw", "", { value: text });
    return undefined;
  }
  const second = from + one.length + 1;
  const third = second + two.length + 1;
  if (kind === "request") {
    reader.label(from, from + one.length, "method", "RFC 9112 §3.1", {
      value: one,
      meaning: METHODS.get(one),
    });
    reader.label(second, third - 1, "target", "RFC 9112 §3.2", { value: two });
    reader.label(third, end, "version", "RFC 9112 §2.3", { value: three });
  } else {
    const meaning = STATUSES.get(two);
    reader.label(from, second - 1, "version", "RFC 9112 §2.3", { value: one });
    reader.label(second, third - 1, "status", meaning?.[1] ?? "RFC 9110 §15", {
      value: two,
      meaning: meaning?.[0],
    });
    reader.label(third, end, "reason", "RFC 9112 §4", { value: three });
  }
  reader.label(second - 1, second, "separator", "RFC 9112 §3");
  reader.label(third - 1, Math.min(third, end), "separator", "RFC 9112 §3");
  reader.label(end, reader.position, "lineEnd", "RFC 9112 §2.2");
  return [one, two, three];
}

/** Reads fields up to and including the empty line. @param limit the position that it must not be behind */
function* readFields(
  reader: ByteReader,
  headers: Map<string, string>,
  limit: number,
  endKey: "headEnd" | "bodyEnd" = "headEnd",
): Reading<boolean> {
  let last = "";
  for (;;) {
    const line = yield* readLine(reader, limit - reader.position);
    if (line === undefined) return false;
    const { from, text, end } = line;
    if (text === "") {
      reader.label(from, reader.position, endKey, endKey === "headEnd" ? "RFC 9112 §2.1" : "RFC 9112 §7.1");
      return true;
    }
    const value = text.replace(/^[ \t]+/, "").trimEnd();
    const colon = text.indexOf(":");
    if (/^[ \t]/.test(text) && last !== "") {
      reader.label(from, end, "folded", "RFC 9112 §5.2", { value });
      headers.set(last, `${headers.get(last)} ${value}`);
    } else if (colon < 1) {
      reader.label(from, end, "raw", "RFC 9112 §5.1", { value: text });
    } else {
      last = labelField(reader, line, colon, headers);
    }
    reader.label(end, reader.position, "lineEnd", "RFC 9112 §2.2");
  }
}

function labelField(reader: ByteReader, line: Line, colon: number, headers: Map<string, string>): string {
  const { from, text, end } = line;
  const name = text.slice(0, colon).toLowerCase().trimEnd();
  const value = text.slice(colon + 1).trim();
  const start = from + colon + 1 + (text.slice(colon + 1).length - text.slice(colon + 1).trimStart().length);
  const known = FIELDS.get(name);
  const spec = known?.[1] ?? "RFC 9110 §5";
  reader.label(from, from + colon, "fieldName", spec, { value: text.slice(0, colon), meaning: known?.[0] });
  reader.label(from + colon, start, "separator", "RFC 9112 §5");
  reader.label(start, start + value.length, "fieldValue", spec, { value, meaning: meaningOf(name, value) });
  reader.label(start + value.length, end, "separator", "RFC 9112 §5");
  const before = headers.get(name);
  headers.set(name, before === undefined ? value : `${before}, ${value}`);
  return name;
}

function meaningOf(name: string, value: string): MeaningKey | undefined {
  if (name === "content-type" && /^text\/event-stream\b/i.test(value)) return "eventStream";
  if (name === "transfer-encoding" && isChunked(value)) return "chunked";
  return undefined;
}

function isChunked(coding: string): boolean {
  return /(^|,)[ \t]*chunked$/i.test(coding);
}

/** The token that answers a key: proof that the server speaks WebSocket (RFC 6455 §4.2.2, 5.4). */
export function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** How a body ends (RFC 9112 §6.3). */
export type BodyLength = { readonly bytes: number } | "chunked" | "until close" | "unknown";

export function lengthOfRequest(headers: Headers): BodyLength {
  const coding = headers.get("transfer-encoding");
  if (coding !== undefined) return isChunked(coding) ? "chunked" : "unknown";
  return contentLength(headers) ?? { bytes: 0 };
}

export function lengthOfResponse(
  exchange: Exchange | undefined,
  status: number,
  headers: Headers,
): BodyLength {
  if (exchange?.method === "HEAD" || status < 200 || status === 204 || status === 304) return { bytes: 0 };
  const coding = headers.get("transfer-encoding");
  if (coding !== undefined) return isChunked(coding) ? "chunked" : "until close";
  return contentLength(headers) ?? "until close";
}

function contentLength(headers: Headers): BodyLength | undefined {
  const text = headers.get("content-length");
  if (text === undefined) return undefined;
  const [first = "", ...others] = text.split(/[ \t]*,[ \t]*/);
  const isOne = /^\d{1,15}$/.test(first) && others.every((other) => other === first);
  return isOne ? { bytes: Number(first) } : "unknown";
}

/** Told of a body's content as it comes. @param from the reader's position of its first byte */
export type ContentListener = (bytes: Buffer, from: number) => void;

/**
 * Reads a body to its end.
 *
 * @param isEvents its content is an event stream, whose blocks say themselves what is payload
 * @returns what is wrong with it; undefined where it is whole
 */
export function* readBody(
  reader: ByteReader,
  teller: Teller,
  exchange: Exchange | undefined,
  length: Exclude<BodyLength, "unknown">,
  isEvents: boolean,
  onContent: ContentListener,
): Reading<ProblemKey | undefined> {
  if (length === "chunked") return yield* readChunks(reader, teller, exchange, isEvents, onContent);
  const end = length === "until close" ? Number.POSITIVE_INFINITY : reader.position + length.bytes;
  while (reader.position < end) {
    if (!(yield* reader.more())) return length === "until close" && reader.isClean ? undefined : "cutBody";
    const from = reader.position;
    const bytes = reader.take(Math.min(reader.available, end - from));
    reader.label(from, reader.position, "body", "RFC 9112 §6.3", { value: `${bytes.length} B` });
    onContent(bytes, from);
    const payload = isEvents ? 0 : bytes.length;
    tell(reader, teller, from, { kind: "body", summary: `${bytes.length} B`, payload, exchange });
  }
  return undefined;
}

function* readChunks(
  reader: ByteReader,
  teller: Teller,
  exchange: Exchange | undefined,
  isEvents: boolean,
  onContent: ContentListener,
): Reading<ProblemKey | undefined> {
  for (;;) {
    const from = reader.position;
    const line = yield* readLine(reader, HEAD_LIMIT);
    if (line === undefined) return reader.ended ? "cutBody" : "badChunk";
    const [, digits = "", extension = ""] = /^([0-9A-Fa-f]{1,13})[ \t]*(;.*)?$/.exec(line.text) ?? [];
    if (digits === "") {
      reader.label(from, reader.position, "raw", "RFC 9112 §7.1", { value: line.text });
      return "badChunk";
    }
    const size = Number.parseInt(digits, 16);
    const sizeEnd = from + digits.length;
    const key = size === 0 ? "lastChunk" : "chunkSize";
    reader.label(from, sizeEnd, key, "RFC 9112 §7.1", { value: `${digits} = ${size}` });
    const extensionAt = line.end - extension.length;
    reader.label(sizeEnd, extensionAt, "separator", "RFC 9112 §7.1.1");
    reader.label(extensionAt, line.end, "chunkExtension", "RFC 9112 §7.1.1", { value: extension });
    reader.label(line.end, reader.position, "lineEnd", "RFC 9112 §7.1");
    if (size === 0) {
      if (!(yield* readFields(reader, new Map(), reader.position + HEAD_LIMIT, "bodyEnd"))) return "cutBody";
      tell(reader, teller, from, { kind: "trailer", summary: "0", payload: 0, exchange });
      return undefined;
    }
    const dataFrom = reader.position;
    for (let left = size; left > 0; ) {
      if (!(yield* reader.more())) {
        const value = `${size - left} of ${size} B`;
        reader.label(dataFrom, reader.position, "chunkData", "RFC 9112 §7.1", { value });
        return "cutBody";
      }
      const at = reader.position;
      const bytes = reader.take(Math.min(reader.available, left));
      left -= bytes.length;
      onContent(bytes, at);
    }
    const dataEnd = reader.position;
    reader.label(dataFrom, dataEnd, "chunkData", "RFC 9112 §7.1", { value: `${size} B` });
    const end = yield* readLine(reader, 2);
    if (end?.text !== "") return reader.ended ? "cutBody" : "badChunk";
    reader.label(dataEnd, reader.position, "chunkEnd", "RFC 9112 §7.1");
    const payload = isEvents ? 0 : size;
    tell(reader, teller, from, { kind: "chunk", summary: `${digits} = ${size} B`, payload, exchange });
  }
}
