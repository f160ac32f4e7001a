// TLS records: their five bytes of head are plain, the rest is for the two ends alone.
import type { ByteReader, Reading } from "./byte-reader.ts";
import type { Teller } from "./decoded.ts";
import { tell } from "./http.ts";
import type { ProblemKey } from "./words.ts";

const RECORD = "RFC 8446 §5.1";
const HANDSHAKE = 22;
const TYPES: ReadonlyMap<number, string> = new Map([
  [20, "change_cipher_spec"],
  [21, "alert"],
  [HANDSHAKE, "handshake"],
  [23, "application_data"],
]);

/** Whether these are the first two bytes of a TLS record. */
export function isTls(first: number | undefined, second: number | undefined): boolean {
  return first !== undefined && TYPES.has(first) && second === 3;
}

/** Reads records until the connection ends. @returns what is wrong, where it cannot go on */
export function* decodeTls(reader: ByteReader, teller: Teller): Reading<ProblemKey | undefined> {
  while (yield* reader.more()) {
    const from = reader.position;
    if (!(yield* reader.wait(5))) return "cutRecord";
    if (!isTls(reader.peek(), reader.peek(1))) return "badRecord";
    const head = reader.take(5);
    const type = head[0] ?? 0;
    const length = head.readUInt16BE(3);
    const name = TYPES.get(type) ?? "";
    reader.label(from, from + 1, "tlsType", RECORD, { value: `${type} ${name}` });
    reader.label(from + 1, from + 3, "tlsVersion", RECORD, { value: `0x${head.toString("hex", 1, 3)}` });
    reader.label(from + 3, from + 5, "tlsLength", RECORD, { value: String(length) });
    const end = reader.position + length;
    const key = type === HANDSHAKE ? "tlsHandshake" : "ciphertext";
    while (reader.position < end) {
      if (!(yield* reader.more())) {
        reader.label(from + 5, reader.position, key, RECORD);
        return "cutRecord";
      }
      reader.take(Math.min(reader.available, end - reader.position));
    }
    const spec = type === HANDSHAKE ? "RFC 8446 §4" : "RFC 8446 §5.2";
    reader.label(from + 5, end, key, spec, { value: `${length} B` });
    tell(reader, teller, from, { kind: "tls", summary: `TLS ${name} ${length} B`, payload: 0 });
  }
  return undefined;
}
