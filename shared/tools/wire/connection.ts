// The two directions of a connection, decoded side by side: which request an answer belongs to, and when HTTP is left.
import { ByteReader, type Decoder, type Reading } from "./byte-reader.ts";
import type { DecodedListener, Exchange, Teller } from "./decoded.ts";
import { decodeEventStream } from "./event-stream.ts";
import type { Direction, Time } from "./events.ts";
import { decodeFrames } from "./frames.ts";
import { acceptOf, lengthOfRequest, lengthOfResponse, readBody, readHead, tell } from "./http.ts";
import { shortened } from "./messages.ts";
import { decodeTls, isTls } from "./tls.ts";
import type { ProblemKey } from "./words.ts";

/** So much may wait behind a request for another protocol until it is answered. */
const WAITING_LIMIT = 1024 * 1024;

/** A connection's bytes as they come. It never throws, whatever they are. */
export interface ConnectionDecoder {
  feed(direction: Direction, bytes: Uint8Array, at: Time): void;
  /** So many bytes are missing before the next ones: nothing behind them can be decoded. */
  skip(direction: Direction, count: number): void;
  /** How many bytes were read in this direction, the missing ones included. */
  read(direction: Direction): number;
  /** No more bytes come in this direction. @param isClean by a FIN: what ends with its connection is whole then */
  end(direction: Direction, at: Time, isClean: boolean): void;
}

export function decodeConnection(listener: DecodedListener): ConnectionDecoder {
  const readers = { upstream: new ByteReader(), downstream: new ByteReader() };
  const fed = { upstream: 0, downstream: 0 };
  const pending: Exchange[] = [];
  const decoders: Record<Direction, Decoder> = {
    upstream: readUpstream(readers.upstream, { direction: "upstream", listener }, pending),
    downstream: readDownstream(readers.downstream, { direction: "downstream", listener }, pending),
  };

  const step = (direction: Direction) => {
    try {
      decoders[direction].next();
    } catch {
      // A mistake of ours must not stop the traffic: what comes is shown as it is.
      decoders[direction] = readRaw(readers[direction], { direction, listener }, "failed");
    }
  };
  /** Lets both go on, again and again: one may wait for what the other is about to read. */
  const resume = () => {
    for (let before = -1; ; ) {
      step("upstream");
      step("downstream");
      const after = readers.upstream.position + readers.downstream.position;
      if (after === before) return;
      before = after;
    }
  };
  return {
    feed(direction, bytes, at) {
      readers[direction].feed(bytes, fed[direction], at);
      fed[direction] += bytes.length;
      resume();
    },
    skip(direction, count) {
      fed[direction] += count;
      decoders[direction] = readRaw(readers[direction], { direction, listener }, "torn");
    },
    read: (direction) => fed[direction],
    end(direction, at, isClean) {
      if (readers[direction].ended) return;
      readers[direction].end(at, isClean);
      resume();
    },
  };
}

function* readUpstream(reader: ByteReader, teller: Teller, pending: Exchange[]): Decoder {
  yield* readRaw(reader, teller, yield* readRequests(reader, teller, pending));
}

function* readDownstream(reader: ByteReader, teller: Teller, pending: Exchange[]): Decoder {
  yield* readRaw(reader, teller, yield* readResponses(reader, teller, pending));
}

/** @returns why the rest, if there is any, cannot be decoded */
function* readRequests(reader: ByteReader, teller: Teller, pending: Exchange[]): Reading<ProblemKey> {
  if (yield* startsWithTls(reader)) return (yield* decodeTls(reader, teller)) ?? "notHttp";
  while (yield* reader.more()) {
    const from = reader.position;
    const head = yield* readHead(reader, "request");
    if (head === undefined) return "notHttp";
    const [method, target] = head.start;
    const exchange: Exchange = { method, target, headers: head.headers };
    pending.push(exchange);
    const summary = shortened(`${method} ${target}`);
    tell(reader, teller, from, { kind: "request", summary, payload: 0, exchange });
    const length = lengthOfRequest(head.headers);
    if (length === "unknown" || length === "until close") return "badLength";
    const onContent = (bytes: Buffer) => teller.listener.content(exchange, teller.direction, bytes);
    const problem = yield* readBody(reader, teller, exchange, length, false, onContent);
    if (problem) return problem;
    tellWhole(reader, teller, exchange);
    if (!head.headers.has("upgrade") && method !== "CONNECT") continue;
    while (exchange.response === undefined && !reader.ended) {
      if (reader.available > WAITING_LIMIT) return "notHttp";
      yield;
    }
    if (hasSwitched(exchange)) return yield* readSwitched(reader, teller, exchange);
  }
  return "notHttp";
}

/** @returns as `readRequests` */
function* readResponses(reader: ByteReader, teller: Teller, pending: Exchange[]): Reading<ProblemKey> {
  if (yield* startsWithTls(reader)) return (yield* decodeTls(reader, teller)) ?? "notHttp";
  while (yield* reader.more()) {
    const from = reader.position;
    const head = yield* readHead(reader, "response");
    if (head === undefined) return "notHttp";
    const [, digits, reason] = head.start;
    const status = Number(digits);
    const isInterim = status < 200 && status !== 101;
    const exchange = isInterim ? pending[0] : pending.shift();
    const problem = status === 101 && exchange ? problemOfAccept(exchange, head.headers) : undefined;
    if (exchange && !isInterim) exchange.response = { status, headers: head.headers };
    const summary = shortened(`${digits} ${reason}`.trim());
    tell(reader, teller, from, { kind: "response", summary, payload: 0, exchange, problem });
    if (isInterim) continue;
    if (exchange && hasSwitched(exchange)) return yield* readSwitched(reader, teller, exchange);
    const wrong = yield* readResponseBody(reader, teller, exchange, status, head.headers);
    if (wrong) return wrong;
    tellWhole(reader, teller, exchange);
    // What waits behind a request for another protocol can be read as requests now.
    if (exchange?.headers.has("upgrade")) yield;
  }
  return "notHttp";
}

function* readResponseBody(
  reader: ByteReader,
  teller: Teller,
  exchange: Exchange | undefined,
  status: number,
  headers: Exchange["headers"],
): Reading<ProblemKey | undefined> {
  const length = lengthOfResponse(exchange, status, headers);
  if (length === "unknown") return "badLength";
  const isEvents =
    /^text\/event-stream\b/i.test(headers.get("content-type") ?? "") && !headers.has("content-encoding");
  if (!isEvents) {
    const onContent = (bytes: Buffer) => teller.listener.content(exchange, teller.direction, bytes);
    return yield* readBody(reader, teller, exchange, length, false, onContent);
  }
  const lines = new ByteReader();
  const events = decodeEventStream(lines, teller, exchange);
  const problem = yield* readBody(reader, teller, exchange, length, true, (bytes, from) => {
    // What came in several pieces has several times and, between chunks, gaps: they are fed one by one.
    reader.piecesOf(from, bytes, (piece, place, at) => lines.feed(piece, place, at));
    events.next();
  });
  lines.end(reader.endedAt, true);
  events.next();
  return problem;
}

function hasSwitched({ method, response }: Exchange): boolean {
  const status = response?.status ?? 0;
  return status === 101 || (method === "CONNECT" && status >= 200 && status < 300);
}

function* readSwitched(reader: ByteReader, teller: Teller, exchange: Exchange): Reading<ProblemKey> {
  const isWebSocket = exchange.headers.get("upgrade")?.toLowerCase() === "websocket";
  if (!isWebSocket) return "otherProtocol";
  const extensions = exchange.response?.headers.get("sec-websocket-extensions") ?? "";
  const isDeflated = /(^|,)\s*permessage-deflate\b/i.test(extensions);
  return (yield* decodeFrames(reader, teller, exchange, isDeflated)) ?? "notHttp";
}

function problemOfAccept({ headers }: Exchange, answer: Exchange["headers"]): ProblemKey | undefined {
  const key = headers.get("sec-websocket-key");
  if (key === undefined || answer.get("sec-websocket-accept") === acceptOf(key)) return undefined;
  return "badAccept";
}

function* startsWithTls(reader: ByteReader): Reading<boolean> {
  return (yield* reader.wait(2)) && isTls(reader.peek(), reader.peek(1));
}

/** Passes on what cannot be decoded, from the beginning of the unit that went wrong. */
function* readRaw(reader: ByteReader, teller: Teller, problem: ProblemKey): Decoder {
  for (;;) {
    const from = reader.unitFrom;
    const at = reader.position;
    const bytes = reader.take(reader.available);
    reader.label(at, reader.position, "raw", "", { value: shortened(bytes.toString("latin1")) });
    if (reader.position > from) {
      tell(reader, teller, from, {
        kind: "raw",
        summary: `${reader.position - from} B`,
        payload: 0,
        problem,
      });
    }
    if (!(yield* reader.more())) return;
  }
}

function tellWhole(
  reader: ByteReader,
  { listener, direction }: Teller,
  exchange: Exchange | undefined,
): void {
  listener.whole(exchange, direction, reader.lastPlace, reader.ended ? reader.endedAt : reader.lastTime);
}
