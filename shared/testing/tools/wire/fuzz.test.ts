// Properties of the decoders: how TCP cut the bytes changes nothing, and nothing makes them fail.
import fc from "fast-check";
import { expect, test } from "vitest";
import { DIRECTIONS } from "../../../tools/flaky/proxy.ts";
import { closing, frameOf, PING, PONG, SAMPLE_KEY } from "../../frames.ts";
import { type Decoded, decode, down, type Piece, unlabelled, up } from "./decoding.ts";

/** An exchange, or what goes over a connection that has left HTTP, in the order in which it can come. */
type Talk = readonly Piece[];

const text = fc.string({ unit: fc.constantFrom("a", "안", "\r", "\n", ":", " ", "🙂", "0"), maxLength: 40 });
const name = fc.stringMatching(/^[A-Za-z][A-Za-z-]{0,10}$/);
const value = fc.stringMatching(/^([!-~]([ -~]{0,20}[!-~])?)?$/);
const fields = fc
  .array(fc.tuple(name, value), { maxLength: 4 })
  // What says how long a body is, is said by the bodies below.
  .map((list) => list.filter(([key]) => !/^(content-|transfer|upgrade|te$)/i.test(key)))
  .map((list) => list.map(([key, said]) => `${key}: ${said}\r\n`).join(""));
const body = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));

const withLength = (bytes: Buffer) =>
  Buffer.concat([Buffer.from(`Content-Length: ${bytes.length}\r\n\r\n`), bytes]);
const inChunks = (bytes: Buffer, size: number) => {
  const parts: Buffer[] = [Buffer.from("Transfer-Encoding: chunked\r\n\r\n")];
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n"));
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")]);
};
const bodyOf = fc
  .tuple(body, fc.integer({ min: 0, max: 9 }))
  .map(([bytes, size]) => (size === 0 ? withLength(bytes) : inChunks(bytes, size)));

const exchange: fc.Arbitrary<Talk> = fc
  .tuple(fc.constantFrom("GET", "POST"), fields, bodyOf, fields, bodyOf, fc.boolean())
  .map(([method, asked, sent, said, answered, isExpected]) => [
    up(Buffer.concat([Buffer.from(`${method} /x HTTP/1.1\r\n${asked}`), sent])),
    ...(isExpected ? [down("HTTP/1.1 100 Continue\r\n\r\n")] : []),
    down(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\n${said}`), answered])),
  ]);

const bodiless: fc.Arbitrary<Talk> = fc
  .constantFrom(["HEAD", "200 OK"], ["GET", "204 No Content"], ["GET", "304 Not Modified"])
  .map(([method, status]) => [
    up(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n`),
    down(`HTTP/1.1 ${status}\r\nContent-Length: 5\r\n\r\n`),
  ]);

const line = fc.oneof(
  text,
  text.map((said) => `data: ${said}`),
  text.map((said) => `: ${said}`),
  fc.nat().map((id) => `id: ${id}`),
  fc.constant(""),
);
const stream: fc.Arbitrary<Talk> = fc
  .tuple(
    fc.array(fc.tuple(line, fc.constantFrom("\n", "\r\n", "\r"))),
    fc.integer({ min: 1, max: 30 }),
    fc.boolean(),
  )
  .map(([lines, size, hasMark]) => {
    const events = `${hasMark ? "\ufeff" : ""}${lines.map((parts) => parts.join("")).join("")}`;
    const head = Buffer.from("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n");
    return [
      up("GET /subscribe HTTP/1.1\r\nHost: a\r\n\r\n"),
      down(Buffer.concat([head, inChunks(Buffer.from(events), size)])),
    ];
  });

const frame = fc
  .tuple(
    fc.oneof(
      body,
      fc.integer({ min: 120, max: 300 }).map((length) => Buffer.alloc(length, "x")),
    ),
    fc.constantFrom<{ opcode?: number; fin?: boolean; reserved?: number }>(
      {},
      {},
      { fin: false },
      { opcode: 0 },
      { opcode: 2 },
      { opcode: PING },
      { opcode: PONG },
      { reserved: 0x40 },
      { opcode: 5 },
    ),
    fc.boolean(),
  )
  .map(([payload, options, isClient]) =>
    isClient ? up(frameOf(payload, options)) : down(frameOf(payload, { mask: undefined, ...options })),
  );
const socket: fc.Arbitrary<Talk> = fc
  .array(frame, { maxLength: 12 })
  .map((frames) => [
    up(
      `GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: ${SAMPLE_KEY}\r\n\r\n`,
    ),
    down("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
    ...frames,
    down(frameOf(closing(1001, "bye"), { mask: undefined, opcode: 8 })),
  ]);

const garbage: fc.Arbitrary<Talk> = fc.array(
  fc
    .tuple(fc.boolean(), fc.uint8Array({ maxLength: 50 }))
    .map(([isUp, bytes]) => (isUp ? up(bytes) : down(bytes))),
  { maxLength: 4 },
);

/** A connection: some exchanges, and then perhaps what is no exchange. */
const connection: fc.Arbitrary<Talk> = fc
  .tuple(
    fc.array(fc.oneof(exchange, bodiless, stream), { maxLength: 4 }),
    fc.oneof(fc.constant([]), socket, garbage),
  )
  .map(([exchanges, last]) => [...exchanges.flat(), ...last]);

/** Cuts each piece at these places, given as parts of its length. */
function cutUp(pieces: Talk, cuts: readonly number[]): Piece[] {
  return pieces.flatMap(({ direction, bytes }) => {
    const places = [
      0,
      ...cuts.map((cut) => Math.round(cut * bytes.length)).sort((a, b) => a - b),
      bytes.length,
    ];
    return places.slice(1).map((to, index) => ({ direction, bytes: bytes.subarray(places[index], to) }));
  });
}

/** What was decoded, but for when; pieces of a body, and bytes that could not be decoded, come as they were cut. */
function comparable({ units, answered, contents }: Decoded) {
  const told = DIRECTIONS.map((direction) => {
    const list: Record<string, unknown>[] = [];
    for (const unit of units) {
      if (unit.direction !== direction) continue;
      const { kind, from, to, summary, quiet, problem, labels, payload, block, frame } = unit;
      const last = list.at(-1);
      const isPiece = kind === "body" || kind === "raw";
      if (!isPiece) list.push({ kind, from, to, summary, quiet, problem, labels, payload, block, frame });
      else if (last?.["kind"] === kind && last["to"] === from) Object.assign(last, { to });
      else list.push({ kind, from, to, problem });
    }
    return list;
  });
  return { told, answered: answered.length, contents };
}

test("random cuts of the byte stream give the same events, labels and messages as the whole", () => {
  fc.assert(
    fc.property(
      connection,
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }),
      (pieces, cuts) => {
        expect(comparable(decode(cutUp(pieces, cuts)))).toEqual(comparable(decode(pieces)));
      },
    ),
    { numRuns: 500 },
  );
});

test("byte by byte, too", () => {
  fc.assert(
    fc.property(connection, (pieces) => {
      const bytes = pieces.flatMap((piece) =>
        [...piece.bytes].map((byte) => ({ direction: piece.direction, bytes: Buffer.of(byte) })),
      );
      expect(comparable(decode(bytes))).toEqual(comparable(decode(pieces)));
    }),
    { numRuns: 200 },
  );
});

test("whatever comes, nothing is thrown, each byte has a label, and each is in an event", () => {
  fc.assert(
    fc.property(fc.oneof(garbage, connection), garbage, (first, last) => {
      const pieces = [...first, ...last];
      const decoded = decode(pieces);
      for (const direction of DIRECTIONS) {
        expect(unlabelled(decoded, pieces, direction)).toEqual([]);
        let at = 0;
        for (const unit of decoded.units) {
          if (unit.direction !== direction || unit.kind === "sse") continue;
          expect(unit.from).toBe(at);
          at = unit.to;
        }
        const all = pieces.filter((piece) => piece.direction === direction);
        expect(at).toBe(all.reduce((sum, { bytes }) => sum + bytes.length, 0));
      }
    }),
    { numRuns: 500 },
  );
});
