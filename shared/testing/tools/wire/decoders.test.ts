import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { decodeConnection } from "../../../tools/wire/connection.ts";
import { closing, frameOf, PING, PONG, SAMPLE_KEY } from "../../frames.ts";
import {
  type Decoded,
  decode,
  down,
  labelsOf,
  type Piece,
  summaries,
  unlabelled,
  up,
  valuesOf,
} from "./decoding.ts";

const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="; // RFC 6455 §1.3
const UPGRADE = `GET /?after=3 HTTP/1.1\r\nHost: localhost:3100\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${SAMPLE_KEY}\r\n\r\n`;
const SWITCHED = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${ACCEPT}\r\n\r\n`;
const HANDSHAKE: readonly Piece[] = [up(UPGRADE), down(SWITCHED)];
const STREAM = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const serverFrame = (payload: string | Uint8Array, options = {}) =>
  down(frameOf(payload, { mask: undefined, ...options }));

function decodeAll(pieces: readonly Piece[]): Decoded {
  const decoded = decode(pieces);
  for (const direction of ["upstream", "downstream"] as const) {
    expect({ direction, unlabelled: unlabelled(decoded, pieces, direction) }).toEqual({
      direction,
      unlabelled: [],
    });
  }
  return decoded;
}

test("a request and its answer: each word of the two heads has its name, its place and its section", () => {
  const head = "GET /poll?after=3 HTTP/1.1\r\nHost: localhost:3100\r\n\r\n";
  const decoded = decodeAll([up(head), down("HTTP/1.1 204 No Content\r\nCache-Control: no-store\r\n\r\n")]);
  expect(summaries(decoded, "upstream")).toEqual(["request GET /poll?after=3"]);
  expect(summaries(decoded, "downstream")).toEqual(["response 204 No Content"]);
  const named = labelsOf(decoded, "upstream").filter(({ key }) => !["separator", "lineEnd"].includes(key));
  expect(named.map(({ from, to, key, spec }) => [key, head.slice(from, to), spec])).toEqual([
    ["method", "GET", "RFC 9112 §3.1"],
    ["target", "/poll?after=3", "RFC 9112 §3.2"],
    ["version", "HTTP/1.1", "RFC 9112 §2.3"],
    ["fieldName", "Host", "RFC 9110 §7.2"],
    ["fieldValue", "localhost:3100", "RFC 9110 §7.2"],
    ["headEnd", "\r\n", "RFC 9112 §2.1"],
  ]);
  const status = labelsOf(decoded, "downstream").find(({ key }) => key === "status");
  expect(status).toMatchObject({ value: "204", meaning: "status204", spec: "RFC 9110 §15.3.5" });
});

test("what is pipelined is answered in order, whatever the answers are made of", () => {
  const decoded = decodeAll([
    up("HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET /1 HTTP/1.1\r\nHost: a\r\n\r\n"),
    up("GET /2 HTTP/1.1\r\nHost: a\r\n\r\nPOST /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"),
    down(
      "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
    ),
    down(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\nA;x=1\r\n0123456789\r\n0\r\nT: 1\r\n\r\n",
    ),
    down("HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nabc"),
  ]);
  expect(decoded.answered.map(({ target, response }) => [target, response?.status])).toEqual([
    ["/", 200],
    ["/1", 304],
    ["/2", 200],
    ["/3", 201],
  ]);
  expect(String(decoded.contents.upstream)).toBe("hi");
  expect(String(decoded.contents.downstream)).toBe("one0123456789abc");
  expect(summaries(decoded, "downstream")).toEqual([
    "response 200 OK",
    "response 304 Not Modified",
    "response 200 OK",
    "chunk 3 = 3 B",
    "chunk A = 10 B",
    "trailer 0",
    "response 201 Created",
    "body 3 B",
  ]);
});

test("an interim answer is none: the request waits on, and its body follows", () => {
  const decoded = decodeAll([
    up("POST /update HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
    down("HTTP/1.1 100 Continue\r\n\r\n"),
    up("hi"),
    down("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"),
  ]);
  expect(decoded.answered.map(({ response }) => response?.status)).toEqual([201]);
  expect(summaries(decoded, "downstream")).toEqual(["response 100 Continue", "response 201 Created"]);
});

test("an answer without a length ends with its connection, and one that is cut says so", () => {
  const request = up("GET / HTTP/1.0\r\n\r\n");
  const whole = decodeAll([request, down("HTTP/1.0 200 OK\r\n\r\nall of it")]);
  expect(whole.answered).toHaveLength(1);
  expect(whole.units.filter(({ problem }) => problem)).toEqual([]);
  const cuts = ["Content-Length: 9\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n9\r\nhalf"];
  for (const rest of cuts) {
    const cut = decodeAll([request, down(`HTTP/1.1 200 OK\r\n${rest}`)]);
    expect(cut.answered).toEqual([]);
  }
  const chunked = decode([request, down(`HTTP/1.1 200 OK\r\n${cuts[1]}`)]);
  expect(chunked.units.at(-1)).toMatchObject({ kind: "raw", problem: "cutBody" });
});

test("lines may end with a line feed alone, and an empty line may come before a request", () => {
  const decoded = decodeAll([up("\r\nGET / HTTP/1.1\nHost: a\n\n"), down("HTTP/1.1 204\r\n\r\n")]);
  expect(decoded.answered.map(({ headers }) => headers.get("host"))).toEqual(["a"]);
});

test("blocks of an event stream: fields, comments, line ends of three kinds, and what a block means", () => {
  const text =
    '\ufeffretry: 1000\n: hello\nevent: heartbeat\r\nid: 3\rdata:\n\nid:4\ndata: {"text":"안녕"}\ndata: 2\n\n: keep-alive\n\nnonsense\n\ndata: cut';
  const bytes = Buffer.from(text);
  const [one, two] = [bytes.subarray(0, 60), bytes.subarray(60)];
  const chunk = (part: Buffer) =>
    down(Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n")]));
  const pieces = [
    up("GET /subscribe HTTP/1.1\r\n\r\n"),
    down(STREAM),
    chunk(one),
    chunk(two),
    down("0\r\n\r\n"),
  ];
  const decoded = decodeAll(pieces);
  const blocks = decoded.units.filter(({ kind }) => kind === "sse");
  expect(blocks.map(({ block, quiet, payload, problem }) => ({ ...block, quiet, payload, problem }))).toEqual(
    [
      { type: "heartbeat", id: "3", data: "", quiet: true, payload: 0, problem: undefined },
      { type: "message", id: "4", data: '{"text":"안녕"}\n2', quiet: false, payload: 18, problem: undefined },
      { type: "message", id: undefined, data: undefined, quiet: true, payload: 0, problem: undefined },
      { type: "message", id: undefined, data: undefined, quiet: true, payload: 0, problem: undefined },
      { type: "message", id: undefined, data: undefined, quiet: true, payload: 0, problem: "cutBlock" },
    ],
  );
  expect(blocks.map(({ summary }) => summary)).toEqual([
    "event heartbeat · id 3 · retry 1000 · data  · : hello",
    'id 4 · data {"text":"안녕"}\\n2',
    ": keep-alive",
    "\\n",
    "\\n",
  ]);
  expect(valuesOf(decoded, "downstream", "eventId")).toEqual(["3", "4"]);
  // The second block is in both chunks, and its bytes are found where they are.
  const all = Buffer.concat(
    pieces.filter(({ direction }) => direction === "downstream").map((piece) => piece.bytes),
  );
  const id = labelsOf(decoded, "downstream").filter(({ key }) => key === "eventId");
  expect(id.map(({ from, to }) => all.toString("utf8", from, to))).toEqual(["3", "4"]);
});

test("the handshake of a WebSocket: the token is computed from the key, and one that is wrong is said", () => {
  const decoded = decodeAll(HANDSHAKE);
  const accept = labelsOf(decoded, "downstream").find(({ value }) => value === ACCEPT);
  expect(accept).toMatchObject({ key: "fieldValue", spec: "RFC 6455 §4.2.2" });
  expect(decoded.units.map(({ problem }) => problem)).toEqual([undefined, undefined]);
  const wrong = decode([up(UPGRADE), down(SWITCHED.replace(ACCEPT, `x${ACCEPT.slice(1)}`))]);
  expect(wrong.units.at(-1)?.problem).toBe("badAccept");
});

test("a masked frame that says 안녕: every bit has its name", () => {
  const frame = frameOf("안녕");
  const decoded = decodeAll([...HANDSHAKE, up(frame)]);
  const start = UPGRADE.length;
  const labels = labelsOf(decoded, "upstream").filter(({ from }) => from >= start);
  expect(
    labels.map(({ from, to, bits, key, value }) => [from - start, to - start, bits, key, value]),
  ).toEqual([
    [0, 1, [7, 7], "fin", "1"],
    [0, 1, [6, 4], "rsv", "000"],
    [0, 1, [3, 0], "opcode", "1 TEXT"],
    [1, 2, [7, 7], "masked", "1"],
    [1, 2, [6, 0], "length7", "6"],
    [2, 6, undefined, "maskKey", "37fa213d"],
    [6, 12, undefined, "maskedPayload", "안녕"],
  ]);
  expect(decoded.units.at(-1)).toMatchObject({ kind: "frame", summary: 'TEXT "안녕"', payload: 6 });
  expect(decoded.units.at(-1)?.frame).toEqual({ opcode: 1, message: "안녕" });
});

test("pings, pongs and heartbeats are signs of life; a close says why in words", () => {
  const decoded = decodeAll([
    ...HANDSHAKE,
    serverFrame("hi", { opcode: PING }),
    up(frameOf("hi", { opcode: PONG })),
    serverFrame('{"heartbeat": 15000}'),
    serverFrame(closing(1001, "bye"), { opcode: 8 }),
    up(frameOf(closing(4000), { opcode: 8 })),
  ]);
  const frames = decoded.units.filter(({ kind }) => kind === "frame");
  expect(frames.map(({ summary, quiet, payload }) => [summary, quiet, payload])).toEqual([
    ["PING hi", true, 0],
    ["PONG hi", true, 0],
    ['TEXT "{"heartbeat": 15000}"', true, 0],
    ["CLOSE 1001 bye", false, 0],
    ["CLOSE 4000", false, 0],
  ]);
  const codes = [...labelsOf(decoded, "downstream"), ...labelsOf(decoded, "upstream")];
  expect(codes.filter(({ key }) => key === "closeCode").map(({ meaning }) => meaning)).toEqual([
    "close1001",
    "closeUnknown",
  ]);
});

test("a message in several frames, a control frame between them, a character cut in two: the last one has the text", () => {
  const bytes = Buffer.from("안녕");
  const decoded = decodeAll([
    ...HANDSHAKE,
    up(frameOf(bytes.subarray(0, 2), { fin: false })),
    up(frameOf("", { opcode: PING })),
    up(frameOf(bytes.subarray(2), { opcode: 0 })),
  ]);
  const frames = decoded.units.filter(({ kind }) => kind === "frame");
  expect(frames.map(({ frame, problem }) => [frame?.opcode, frame?.message, problem])).toEqual([
    [1, undefined, undefined],
    [9, undefined, undefined],
    [0, "안녕", undefined],
  ]);
});

test("lengths of 16 and of 64 bits, and a message that is too long for its text to be kept", () => {
  const sizes = [125, 126, 65_535, 65_536, 70_000];
  const decoded = decodeAll([...HANDSHAKE, ...sizes.map((size) => serverFrame("x".repeat(size)))]);
  const frames = decoded.units.filter(({ kind }) => kind === "frame");
  expect(frames.map(({ payload, frame }) => [payload, frame?.message?.length])).toEqual([
    [125, 125],
    [126, 126],
    [65_535, 65_535],
    [65_536, 65_536],
    [70_000, undefined],
  ]);
  expect(valuesOf(decoded, "downstream", "length16")).toEqual(["126", "65535"]);
  expect(valuesOf(decoded, "downstream", "length64")).toEqual(["65536", "70000"]);
});

test("what breaks a rule of frames is decoded, and the rule is said", () => {
  const rules: [Piece, string][] = [
    [up(frameOf("x", { mask: undefined })), "notMasked"],
    [down(frameOf("x")), "masked"],
    [serverFrame("x", { reserved: 0x40 }), "reservedBit"],
    [serverFrame("x", { opcode: 3 }), "reservedOpcode"],
    [serverFrame("x", { opcode: PING, fin: false }), "badControl"],
    [serverFrame("x".repeat(126), { opcode: PING }), "badControl"],
    [serverFrame(Buffer.of(0xff)), "badText"],
    [down(Buffer.of(0x81, 126, 0, 1, 0x61)), "longLength"],
    [down(Buffer.of(0x81, 127, 255, 255, 255, 255, 255, 255, 255, 255)), "badLength"],
    [down(Buffer.of(0x81, 5, 0x61)), "cutFrame"],
  ];
  for (const [piece, problem] of rules) {
    expect(decodeAll([...HANDSHAKE, piece]).units.at(-1)?.problem).toBe(problem);
  }
});

test("where permessage-deflate was agreed on, RSV1 marks what is compressed", () => {
  const agreed = SWITCHED.replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
  const decoded = decodeAll([up(UPGRADE), down(agreed), serverFrame("abc", { reserved: 0x40 })]);
  expect(decoded.units.at(-1)).toMatchObject({ summary: "TEXT 3 B", problem: undefined });
  expect(labelsOf(decoded, "downstream").at(-1)).toMatchObject({ key: "payload", meaning: "compressed" });
});

test("a refused upgrade: what follows is HTTP as before", () => {
  const decoded = decodeAll([
    up(`${UPGRADE}GET /next HTTP/1.1\r\n\r\n`),
    down("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"),
  ]);
  expect(decoded.answered.map(({ target }) => target)).toEqual(["/?after=3", "/next"]);
});

test("TLS is shown as what it is: records, and nothing of what is in them", () => {
  const record = (type: number, length: number) =>
    Buffer.concat([
      Buffer.of(type, 3, 3, length >> 8, length & 0xff),
      createHash("sha512").digest().subarray(0, length),
    ]);
  const decoded = decodeAll([up(record(22, 40)), down(record(22, 60)), up(record(23, 20))]);
  expect(decoded.units.map(({ kind, summary }) => `${kind} ${summary}`)).toEqual([
    "tls TLS handshake 40 B",
    "tls TLS handshake 60 B",
    "tls TLS application_data 20 B",
  ]);
});

test("what is not HTTP is shown as bytes, at once", () => {
  const decoded = decode([up("\x00\x01\x02"), down("SSH-2.0-OpenSSH\r\n")], false);
  expect(decoded.units.map(({ kind, summary, problem }) => [kind, summary, problem])).toEqual([
    ["raw", "3 B", "notHttp"],
    ["raw", "17 B", "notHttp"],
  ]);
});

test("where a decoder fails, what comes after is shown as bytes, and the other direction goes on", () => {
  const units: string[] = [];
  const decoder = decodeConnection({
    unit({ kind, problem }) {
      units.push(`${kind} ${problem}`);
      if (kind === "request") throw new Error("a mistake");
    },
    content: () => {},
    whole: () => {},
  });
  decoder.feed("upstream", Buffer.from("GET / HTTP/1.1\r\n\r\n"), 1);
  decoder.feed("upstream", Buffer.from("GET / HTTP/1.1\r\n\r\n"), 2);
  decoder.feed("downstream", Buffer.from("HTTP/1.1 204 No Content\r\n\r\n"), 3);
  expect(units).toEqual(["request undefined", "raw failed", "raw failed", "response undefined"]);
});
