// WebSocket frames, RFC 6455 §5.
import type { ByteReader, Reading } from "./byte-reader.ts";
import { CLOSE_CODES } from "./close-codes.ts";
import type { Exchange, Teller } from "./decoded.ts";
import { tell } from "./http.ts";
import { isSignOfLife, shortened } from "./messages.ts";
import type { MeaningKey, ProblemKey } from "./words.ts";

/** So much of a frame's payload, and of a message's, is kept for its text. */
const KEPT = 64 * 1024;

const FRAMING = "RFC 6455 §5.2";

const OPCODES: ReadonlyMap<number, readonly [name: string, meaning: MeaningKey, spec: string]> = new Map([
  [0x0, ["CONTINUATION", "opcode0", "RFC 6455 §5.4"]],
  [0x1, ["TEXT", "opcode1", "RFC 6455 §5.6"]],
  [0x2, ["BINARY", "opcode2", "RFC 6455 §5.6"]],
  [0x8, ["CLOSE", "opcode8", "RFC 6455 §5.5.1"]],
  [0x9, ["PING", "opcode9", "RFC 6455 §5.5.2"]],
  [0xa, ["PONG", "opcode10", "RFC 6455 §5.5.3"]],
] as const);

const CONTINUATION = 0x0;
const TEXT = 0x1;
const CLOSE = 0x8;

/** The head of a frame. */
interface Head {
  readonly fin: boolean;
  readonly rsv: number;
  readonly opcode: number;
  readonly mask: Buffer | undefined;
  readonly length: number;
  readonly problem: ProblemKey | undefined;
}

/** What of a message has come: several frames may share one (RFC 6455 §5.4). */
interface Message {
  readonly opcode: number;
  readonly parts: Buffer[];
  size: number;
  readonly isCompressed: boolean;
}

/**
 * Reads frames until the connection ends.
 *
 * @param isDeflated permessage-deflate was agreed on: RSV1 marks a compressed message (RFC 7692 §6)
 * @returns what is wrong, where it cannot go on
 */
export function* decodeFrames(
  reader: ByteReader,
  teller: Teller,
  exchange: Exchange | undefined,
  isDeflated: boolean,
): Reading<ProblemKey | undefined> {
  let message: Message | undefined;
  while (yield* reader.more()) {
    const from = reader.position;
    const head = yield* readHead(reader, teller, isDeflated);
    if (typeof head === "string") return head;
    const { opcode, fin, length } = head;
    const isControl = opcode >= CLOSE;
    if (!isControl && opcode !== CONTINUATION) {
      message = { opcode, parts: [], size: 0, isCompressed: isDeflated && (head.rsv & 4) !== 0 };
    }
    const isCompressed = !isControl && message?.isCompressed === true;
    const payload = yield* readPayload(reader, head);
    if (payload === undefined) return "cutFrame";
    let text: string | undefined;
    if (!isControl && message) {
      message.size += length;
      if (message.size <= KEPT) message.parts.push(payload);
      const isText = message.opcode === TEXT && !isCompressed && message.size <= KEPT;
      if (fin && isText) text = Buffer.concat(message.parts).toString();
      if (fin) message = undefined;
    }
    const quiet = (isControl && opcode !== CLOSE) || (text !== undefined && isSignOfLife(text));
    const shown = labelPayload(reader, reader.position - length, head, payload, isCompressed);
    tell(reader, teller, from, {
      kind: "frame",
      summary: shortened([nameOf(opcode), fin ? "" : "…", shown].filter((part) => part !== "").join(" ")),
      payload: quiet || isControl ? 0 : length,
      quiet,
      problem:
        head.problem ?? (text?.includes("\ufffd") && !isWellFormed(payload, fin) ? "badText" : undefined),
      exchange,
      frame: { opcode, message: text },
    });
  }
  return undefined;
}

function nameOf(opcode: number): string {
  return OPCODES.get(opcode)?.[0] ?? `0x${opcode.toString(16)}`;
}

function isWellFormed(payload: Buffer, fin: boolean): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(payload, { stream: !fin });
    return true;
  } catch {
    return false;
  }
}

function* readHead(
  reader: ByteReader,
  { direction }: Teller,
  isDeflated: boolean,
): Reading<Head | ProblemKey> {
  const from = reader.position;
  if (!(yield* reader.wait(2))) return "cutFrame";
  const [first = 0, second = 0] = reader.take(2);
  const head = { fin: first >= 0x80, rsv: (first >> 4) & 7, opcode: first & 0xf, isMasked: second >= 0x80 };
  const short = second & 0x7f;
  const known = OPCODES.get(head.opcode);
  reader.label(from, from + 1, "fin", FRAMING, {
    bits: [7, 7],
    value: head.fin ? "1" : "0",
    meaning: head.fin ? "finLast" : "finMore",
  });
  reader.label(from, from + 1, "rsv", head.rsv === 0 ? FRAMING : "RFC 7692 §6", {
    bits: [6, 4],
    value: head.rsv.toString(2).padStart(3, "0"),
    meaning: head.rsv === 0 ? "rsvNone" : isDeflated && head.rsv === 4 ? "rsvDeflate" : "rsvUnknown",
  });
  reader.label(from, from + 1, "opcode", known?.[2] ?? FRAMING, {
    bits: [3, 0],
    value: `${head.opcode} ${nameOf(head.opcode)}`,
    meaning: known?.[1] ?? "opcodeReserved",
  });
  reader.label(from + 1, from + 2, "masked", "RFC 6455 §5.1", {
    bits: [7, 7],
    value: head.isMasked ? "1" : "0",
    meaning: head.isMasked ? "maskedYes" : "maskedNo",
  });
  reader.label(from + 1, from + 2, "length7", FRAMING, {
    bits: [6, 0],
    value: String(short),
    meaning: short === 126 ? "length126" : short === 127 ? "length127" : undefined,
  });
  let length = short;
  if (short > 125) {
    const size = short === 126 ? 2 : 8;
    if (!(yield* reader.wait(size))) return "cutFrame";
    const at = reader.position;
    const bytes = reader.take(size);
    length = size === 2 ? bytes.readUInt16BE() : Number(bytes.readBigUInt64BE());
    reader.label(at, at + size, size === 2 ? "length16" : "length64", FRAMING, { value: String(length) });
    if (!Number.isSafeInteger(length)) return "badLength";
  }
  let mask: Buffer | undefined;
  if (head.isMasked) {
    if (!(yield* reader.wait(4))) return "cutFrame";
    const at = reader.position;
    mask = Buffer.from(reader.take(4));
    reader.label(at, at + 4, "maskKey", "RFC 6455 §5.3", { value: mask.toString("hex") });
  }
  const isLong = (short === 126 && length < 126) || (short === 127 && length < 0x1_0000);
  const problem =
    problemOf(head, length, direction === "upstream", isDeflated) ?? (isLong ? "longLength" : undefined);
  return { fin: head.fin, rsv: head.rsv, opcode: head.opcode, mask, length, problem };
}

function problemOf(
  { fin, rsv, opcode, isMasked }: { fin: boolean; rsv: number; opcode: number; isMasked: boolean },
  length: number,
  isClient: boolean,
  isDeflated: boolean,
): ProblemKey | undefined {
  if (!OPCODES.has(opcode)) return "reservedOpcode";
  if (opcode >= CLOSE && (!fin || length > 125)) return "badControl";
  if (rsv !== 0 && !(isDeflated && rsv === 4)) return "reservedBit";
  if (isClient !== isMasked) return isClient ? "notMasked" : "masked";
  return undefined;
}

/** @returns the first `KEPT` bytes, unmasked; undefined where the end comes first */
function* readPayload(reader: ByteReader, { length, mask }: Head): Reading<Buffer | undefined> {
  const kept = Buffer.alloc(Math.min(length, KEPT));
  for (let at = 0; at < length; ) {
    const from = reader.position;
    if (!(yield* reader.more())) {
      reader.label(from - at, from, mask ? "maskedPayload" : "payload", FRAMING, {
        value: `${at} of ${length} B`,
      });
      return undefined;
    }
    const bytes = reader.take(Math.min(reader.available, length - at));
    for (let index = 0; index < bytes.length && at + index < kept.length; index += 1) {
      kept[at + index] = (bytes[index] ?? 0) ^ (mask?.[(at + index) % 4] ?? 0);
    }
    at += bytes.length;
  }
  return kept;
}

/** @returns what it says, for the summary */
function labelPayload(
  reader: ByteReader,
  from: number,
  { opcode, mask, length }: Head,
  payload: Buffer,
  isCompressed: boolean,
): string {
  const to = from + length;
  if (opcode === CLOSE && length >= 2) {
    const code = payload.readUInt16BE();
    const reason = payload.toString("utf8", 2);
    const [meaning, spec] = CLOSE_CODES.get(code) ?? ["closeUnknown", "RFC 6455 §7.4.2"];
    reader.label(from, from + 2, "closeCode", spec, { value: String(code), meaning });
    reader.label(from + 2, to, "closeReason", "RFC 6455 §5.5.1", { value: reason });
    return `${code}${reason === "" ? "" : ` ${reason}`}`;
  }
  const isText = !isCompressed && (opcode === TEXT || opcode === CONTINUATION);
  const isPlain = isText || (opcode > CLOSE && /^[\x20-\x7e]*$/.test(payload.toString("latin1")));
  const value = isPlain
    ? payload.toString()
    : isCompressed
      ? "permessage-deflate"
      : payload.toString("hex", 0, 64);
  reader.label(from, to, mask ? "maskedPayload" : "payload", mask ? "RFC 6455 §5.3" : FRAMING, {
    value: shortened(value, 2_000),
    meaning: isCompressed ? "compressed" : undefined,
  });
  // Line ends and the like are escaped; the quotation marks of JSON are easier to read as they are.
  if (isText) return JSON.stringify(shortened(value)).replaceAll('\\"', '"');
  return opcode === 0x2 || isCompressed ? `${length} B` : value;
}
