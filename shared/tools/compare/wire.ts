// Reading what servers send, with as little work as possible: the measured machine runs the clients too. Only what
// these servers really send is understood; anything else is an error, never a guess.

/** A message as it arrived. */
export interface Arrived {
  readonly id: number;
  readonly key: string;
  readonly text: string;
}

/** What a piece of bytes holds. */
export interface Heard {
  /** Bytes of whole units; what follows is the beginning of the next one. */
  readonly used: number;
  readonly messages: readonly Arrived[];
  /** Bytes of the messages' own JSON. All other bytes are headers: heads, frames, chunks, commas. */
  readonly payload: number;
  /** Whole HTTP answers, with news or without. */
  readonly answers: number;
  /** What the server wants an answer to: payloads of WebSocket pings, pings of Engine.IO. */
  readonly pings: readonly Buffer[];
  /** Text of Engine.IO's own packets, which open a connection. */
  readonly opening: readonly string[];
}

export type Parse = (bytes: Buffer) => Heard;

const HEAD_END = "\r\n\r\n";

/** @returns the length of an HTTP head with its blank line; 0 where it has not come whole. @throws unless 101 or 2xx */
export function headLength(bytes: Buffer): number {
  const end = bytes.indexOf(HEAD_END);
  if (end === -1) return 0;
  if (!/^HTTP\/1\.1 (101|2\d\d) /.test(bytes.toString("latin1", 0, 16))) {
    throw new Error(`refused: ${bytes.toString("utf8", 0, 500)}`);
  }
  return end + HEAD_END.length;
}

/** HTTP answers, each with its Content-Length. @param read takes a body apart */
export function httpParser(read: (body: Buffer) => Partial<Heard>): Parse {
  return (bytes) => {
    const heard = collector();
    for (let head = headLength(bytes); head > 0; head = headLength(bytes.subarray(heard.used))) {
      const text = bytes.toString("latin1", heard.used, heard.used + head);
      const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0);
      if (length === 0 && !text.startsWith("HTTP/1.1 204")) throw new Error(`no Content-Length: ${text}`);
      const end = heard.used + head + length;
      if (end > bytes.length) break;
      if (length > 0) heard.add(read(bytes.subarray(end - length, end)));
      heard.answers += 1;
      heard.used = end;
    }
    return heard;
  };
}

/** The answers of ch09 and ch10: an array of messages. */
export const parseAnswers = httpParser((body) => {
  const messages: Arrived[] = JSON.parse(body.toString());
  return { messages, payload: body.length - 1 - messages.length };
});

/** The answers of a floor, which are all the same and mean nothing. */
export const parseConstant = httpParser((body) => ({ payload: body.length }));

/** Chunks of an event stream; no event is in two of them. An event without data, such as a heartbeat, counts as headers. */
export const parseEvents: Parse = (bytes) => {
  const heard = collector();
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", heard.used);
    if (lineEnd === -1) return heard;
    const size = Number.parseInt(bytes.toString("latin1", heard.used, lineEnd), 16);
    const start = lineEnd + 2;
    if (start + size + 2 > bytes.length) return heard;
    if (size > 0) heard.add(eventsIn(bytes.toString("utf8", start, start + size)));
    heard.used = start + size + 2;
  }
};

function eventsIn(text: string): Partial<Heard> {
  if (!text.endsWith("\n\n")) throw new Error(`an event in two chunks: ${text}`);
  const data = [...text.matchAll(/^data: ?(\{.*)$/gm)].map(([, json = ""]) => json);
  return {
    messages: data.map((json) => JSON.parse(json)),
    payload: data.reduce((total, json) => total + Buffer.byteLength(json), 0),
  };
}

const TEXT = 0x81;
const CLOSE = 0x88;
const PING = 0x89;

/** Frames of a server: never masked, never fragmented. @param read takes a text apart */
export function frameParser(read: (text: string) => Partial<Heard>): Parse {
  return (bytes) => {
    const heard = collector();
    for (;;) {
      const first = bytes[heard.used];
      const short = bytes[heard.used + 1];
      if (first === undefined || short === undefined) return heard;
      const start = heard.used + (short < 126 ? 2 : short === 126 ? 4 : 10);
      if (start > bytes.length) return heard;
      const length =
        short < 126
          ? short
          : short === 126
            ? bytes.readUInt16BE(heard.used + 2)
            : Number(bytes.readBigUInt64BE(heard.used + 2));
      const end = start + length;
      if (end > bytes.length) return heard;
      if (first === TEXT) heard.add(read(bytes.toString("utf8", start, end)));
      else if (first === PING) heard.add({ pings: [Buffer.from(bytes.subarray(start, end))] });
      else if (first === CLOSE) throw new Error(`closed: ${bytes.toString("hex", start, end)}`);
      else throw new Error(`a frame that no server here sends: ${first.toString(16)}`);
      heard.used = end;
    }
  };
}

/** The frames of ch12: a message each, or a heartbeat, which counts as headers. */
export const parseFrames = frameParser((json) => {
  const said: Arrived | { readonly heartbeat: number } = JSON.parse(json);
  return "heartbeat" in said ? {} : { messages: [said], payload: Buffer.byteLength(json) };
});

/** A frame of a client. The mask is there, as it must be (RFC 6455 §5.3), but all zero, which costs no time. */
export function clientFrame(payload: string | Uint8Array, opcode = TEXT): Buffer {
  const content = Buffer.from(payload);
  const head = Buffer.alloc(content.length < 126 ? 6 : 8);
  head[0] = opcode;
  head[1] = 0x80 | Math.min(content.length, 126);
  if (content.length >= 126) head.writeUInt16BE(content.length, 2);
  return Buffer.concat([head, content]);
}

/** One packet of Engine.IO (protocol 4), which carries one of Socket.IO (protocol 5). */
export function packetOf(packet: string): Partial<Heard> {
  if (packet === "2") return { pings: [Buffer.of()] };
  if (packet.startsWith("0") || packet.startsWith("40")) return { opening: [packet] };
  if (!packet.startsWith("42")) throw new Error(`a packet that is not known: ${packet}`);
  const json = packet.slice('42["message",'.length, -1);
  return { messages: [JSON.parse(json)], payload: Buffer.byteLength(json) };
}

/** Adds up what the units of one piece of bytes hold. */
function collector() {
  const messages: Arrived[] = [];
  const pings: Buffer[] = [];
  const opening: string[] = [];
  return {
    used: 0,
    answers: 0,
    payload: 0,
    messages,
    pings,
    opening,
    add(part: Partial<Heard>) {
      messages.push(...(part.messages ?? []));
      pings.push(...(part.pings ?? []));
      opening.push(...(part.opening ?? []));
      this.payload += part.payload ?? 0;
    },
  };
}

/** So many pieces are remembered; a few are enough, because all clients are sent the same at the same time. */
const REMEMBERED = 8;

/**
 * Remembers what the last few pieces of bytes held. What goes to 1,000 clients is the same 1,000 times: the first
 * client's piece is parsed, the others' are compared with it, byte for byte. It saves four fifths of the clients' time.
 */
export function remembering(parse: Parse): Parse {
  const known: { readonly bytes: Buffer; readonly heard: Heard }[] = [];
  return (bytes) => {
    for (const entry of known) if (entry.bytes.equals(bytes)) return entry.heard;
    const heard = parse(bytes);
    if (heard.used === bytes.length) {
      known.unshift({ bytes: Buffer.from(bytes), heard });
      known.length = Math.min(known.length, REMEMBERED);
    }
    return heard;
  };
}
