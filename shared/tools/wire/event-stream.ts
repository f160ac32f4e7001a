// text/event-stream, as the HTML standard reads it: lines, fields, blocks.
import type { ByteReader, Decoder, Reading } from "./byte-reader.ts";
import type { Exchange, Teller } from "./decoded.ts";
import { tell } from "./http.ts";
import { shortened } from "./messages.ts";
import type { LabelKey } from "./words.ts";

/** A line may be so long; what is behind is read as another one. */
const LINE_LIMIT = 1024 * 1024;

const PARSING = "HTML §9.2.5";
const INTERPRETING = "HTML §9.2.6";
const CR = 0x0d;
const LF = 0x0a;
const COLON = 0x3a;
const SPACE = 0x20;

const FIELDS: ReadonlyMap<string, LabelKey> = new Map([
  ["id", "eventId"],
  ["event", "eventType"],
  ["data", "eventData"],
  ["retry", "eventRetry"],
]);

/** What a block says so far. */
interface Fields {
  type: string;
  id: string | undefined;
  retry: string | undefined;
  comment: string | undefined;
  readonly data: string[];
  /** The bytes of the values of `data`. */
  payload: number;
}

/** Reads blocks until the stream ends. */
export function* decodeEventStream(
  reader: ByteReader,
  teller: Teller,
  exchange: Exchange | undefined,
): Decoder {
  if ((yield* reader.more()) && reader.peek() === 0xef && (yield* reader.wait(3))) {
    if (reader.peek(1) === 0xbb && reader.peek(2) === 0xbf) {
      reader.take(3);
      reader.label(0, 3, "bom", PARSING);
    }
  }
  for (;;) {
    const from = reader.unitFrom;
    const fields: Fields = {
      type: "",
      id: undefined,
      retry: undefined,
      comment: undefined,
      data: [],
      payload: 0,
    };
    const isWhole = yield* readBlock(reader, fields);
    if (reader.position === from) return;
    const data = isWhole && fields.data.length > 0 ? fields.data.join("\n") : undefined;
    // Data that is empty, or an event of such a name, says no more than that the connection is alive.
    const quiet = !data || /^(heartbeat|ping|keep-?alive)$/i.test(fields.type);
    tell(reader, teller, from, {
      kind: "sse",
      summary: summaryOf(fields),
      payload: quiet ? 0 : fields.payload,
      quiet,
      exchange,
      problem: isWhole ? undefined : "cutBlock",
      block: { type: fields.type || "message", id: fields.id, data },
    });
    if (!isWhole) return;
  }
}

/** @returns whether its empty line came */
function* readBlock(reader: ByteReader, fields: Fields): Reading<boolean> {
  for (;;) {
    const from = reader.position;
    const length = yield* lengthOfLine(reader);
    const line = reader.take(length ?? reader.available);
    if (length === undefined) {
      reader.label(from, reader.position, "raw", PARSING, { value: shortened(line.toString()) });
      return false;
    }
    if (length > 0) labelLine(reader, from, line, fields);
    const end = reader.position;
    const lineEnd = yield* readLineEnd(reader);
    reader.label(end, reader.position, length === 0 ? "dispatch" : "lineEnd", PARSING, { value: lineEnd });
    if (length === 0) return true;
  }
}

/** @returns undefined where the stream ends first */
function* lengthOfLine(reader: ByteReader): Reading<number | undefined> {
  for (let scanned = 0; ; ) {
    const length = reader.beforeLineEnd(scanned);
    scanned = reader.available;
    if (length !== undefined) return Math.min(length, LINE_LIMIT);
    if (scanned > LINE_LIMIT) return LINE_LIMIT;
    if (reader.ended) return undefined;
    yield;
  }
}

/** CRLF, LF or CR. To tell CR from CRLF the next byte has to be there. @returns its name, empty where there is none */
function* readLineEnd(reader: ByteReader): Reading<string> {
  if (reader.peek() === CR) {
    const isCrLf = (yield* reader.wait(2)) && reader.peek(1) === LF;
    reader.take(isCrLf ? 2 : 1);
    return isCrLf ? "CRLF" : "CR";
  }
  if (reader.peek() !== LF) return "";
  reader.take(1);
  return "LF";
}

function labelLine(reader: ByteReader, from: number, line: Buffer, fields: Fields): void {
  const colon = line.indexOf(COLON);
  if (colon === 0) {
    fields.comment = line.toString("utf8", 1);
    reader.label(from, from + line.length, "comment", PARSING, { value: shortened(fields.comment.trim()) });
    return;
  }
  const nameEnd = colon === -1 ? line.length : colon;
  const valueFrom = colon === -1 ? line.length : colon + (line[colon + 1] === SPACE ? 2 : 1);
  const name = line.toString("utf8", 0, nameEnd);
  const value = line.toString("utf8", valueFrom);
  const key = FIELDS.get(name);
  reader.label(from, from + nameEnd, "eventField", PARSING, { value: shortened(name) });
  reader.label(from + nameEnd, from + valueFrom, "separator", PARSING);
  const said = { value: shortened(value) };
  reader.label(from + valueFrom, from + line.length, key ?? "eventUnknown", INTERPRETING, said);
  if (name === "event") fields.type = value;
  if (name === "id" && !value.includes("\0")) fields.id = value;
  if (name === "retry") fields.retry = value;
  if (name !== "data") return;
  fields.data.push(value);
  fields.payload += line.length - valueFrom;
}

function summaryOf({ type, id, retry, comment, data }: Fields): string {
  const said = [
    ...(type === "" ? [] : [`event ${type}`]),
    ...(id === undefined ? [] : [`id ${id}`]),
    ...(retry === undefined ? [] : [`retry ${retry}`]),
    ...(data.length === 0 ? [] : [`data ${data.join("\\n")}`]),
    ...(comment === undefined ? [] : [`: ${comment.trim()}`]),
  ];
  return shortened(said.join(" · ") || "\\n");
}
