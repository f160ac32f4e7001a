// Bad requests, byte for byte, each with the answer that it gets. What the contract does not name is node:http's own.

/**
 * What a hostile client sends on a connection of its own: its name, which completes the sentence "it gets the documented
 * answer: …"; the statuses of all answers on the connection, in order (none where it is just closed); the bytes.
 */
export type Hostile = readonly [name: string, answers: readonly number[], bytes: string | Uint8Array];

const GOOD = '{"text":"smuggled"}';

/** A head that is in order but for the lines given. */
function head(start: string, ...lines: readonly string[]): string {
  return [start, "Host: localhost", ...lines, "", ""].join("\r\n");
}

const get = (...lines: readonly string[]) => head("GET / HTTP/1.1", "Connection: close", ...lines);

const post = (...lines: readonly string[]) =>
  head("POST /update HTTP/1.1", "Content-Type: application/json", ...lines);

/** A request that must not be taken for one: it stands where a body is. */
const SMUGGLED = `${post(`Content-Length: ${GOOD.length}`)}${GOOD}`;
const CHUNKED = post("Transfer-Encoding: chunked");

/** Heads that are none. */
export const HEADS: readonly Hostile[] = [
  ["garbage", [400], Buffer.from("\u00ff\u00fe\u0000\u0001garbage\r\n\r\n", "latin1")],
  ["NUL bytes", [400], Buffer.alloc(1_000)],
  ["a TLS client's hello", [400], Buffer.from("16030100a5010000a10303000102030405060708090a0b", "hex")],
  ["HTTP/2 without being asked", [400], "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u0000\u0000\u0000\u0004"],
  // node:http knows HTTP/0.9 still; but a request that names no Host is none for us.
  ["HTTP/0.9", [403], "GET /\r\n\r\n"],
  ["HTTP/3.0 in the start line", [400], head("GET / HTTP/3.0")],
  ["no version number", [400], head("GET / HTTP/")],
  ["no target", [400], head("GET HTTP/1.1")],
  ["a space in the target", [400], head("GET / / HTTP/1.1")],
  ["a NUL in the target", [400], head("GET /\u0000 HTTP/1.1")],
  ["a method nobody knows", [400], head("HACK / HTTP/1.1")],
  ["a method in lower case", [400], head("get / HTTP/1.1")],
  ["CONNECT", [], head("CONNECT evil.example:443 HTTP/1.1")],
  ["TRACE", [405], head("TRACE / HTTP/1.1", "Connection: close")],
  ["OPTIONS of everything", [404], head("OPTIONS * HTTP/1.1", "Connection: close")],
  ["a target that is longer than any head", [431], head(`GET /${"x".repeat(20_000)} HTTP/1.1`)],
  ["a header longer than 16 KiB", [431], get(`X: ${"x".repeat(20_000)}`)],
  ["thousands of headers, over 16 KiB", [431], get(...Array(3_000).fill("X-Filler: x"))],
  ["a space before the colon", [400], get("X : x")],
  ["a header without a name", [400], get(": x")],
  ["a header without a colon", [400], get("X")],
  ["a NUL in a header", [400], get("X: a\u0000b")],
  ["a NUL in a header's name", [400], get("X\u0000: a")],
  ["a bare CR in a header", [400], get("X: a\rY: b")],
  ["a DEL in a header", [400], get("X: a\u007fb")],
  ["bare LF for line ends", [400], get().replaceAll("\r\n", "\n")],
  ["a folded header (RFC 9112 §5.2)", [400], get("X: a", " b")],
  ["a folded Host", [400], head("GET / HTTP/1.1", " evil.example", "Connection: close")],
  ["no Host", [400], "GET / HTTP/1.1\r\n\r\n"],
  ["an empty Host", [403], get().replace("localhost", "")],
  ["a Host with a user in it", [403], get().replace("localhost", "localhost@evil.example")],
  ["an expectation nobody can meet", [417], get("Expect: a miracle")],
  // All of it is read before the first request is answered, and node:http then answers the garbage alone.
  ["a good request and garbage, in one piece", [400], `${head("GET /nowhere HTTP/1.1")}\u0001\u0002\r\n\r\n`],
];

/** Heads behind which the client ends its side: they are only a part. */
export const HALF_HEADS: readonly Hostile[] = [
  ["nothing at all", [], ""],
  ["half a start line", [400], "GE"],
  ["half a head", [400], get().slice(0, -2)],
];

/** Bodies whose length is a matter of opinion: what one server reads as body, another would read as a request. */
export const LENGTHS: readonly Hostile[] = [
  ["a negative length", [400], post("Content-Length: -1")],
  ["a length with a sign", [400], `${post("Content-Length: +2")}{}`],
  ["a hexadecimal length", [400], `${post("Content-Length: 0x2")}{}`],
  ["no digits", [400], post("Content-Length: two")],
  ["an empty length", [400], post("Content-Length:")],
  ["a length beyond 64 bits", [400], post("Content-Length: 99999999999999999999")],
  ["two lengths that differ", [400], `${post("Content-Length: 2", "Content-Length: 40")}{}`],
  ["two lengths in one line", [400], `${post("Content-Length: 2, 40")}{}`],
  ["a length and chunks (CL.TE)", [400], contradiction("Content-Length: 5", "Transfer-Encoding: chunked")],
  ["chunks and a length (TE.CL)", [400], contradiction("Transfer-Encoding: chunked", "Content-Length: 4")],
  ["a coding behind chunked", [400], contradiction("Transfer-Encoding: chunked, identity")],
  ["chunked, misspelt", [400], contradiction("Transfer-Encoding: xchunked")],
  ["a tab before chunked", [400], contradiction("Transfer-Encoding:\tchunked", "Content-Length: 5")],
  ["a space before the colon", [400], contradiction("Transfer-Encoding : chunked", "Content-Length: 5")],
  ["a chunk whose length is no number", [400], `${CHUNKED}xyz\r\n{}\r\n0\r\n\r\n`],
  ["a chunk of negative length", [400], `${CHUNKED}-2\r\n{}\r\n0\r\n\r\n`],
  ["a chunk whose length has 17 digits", [400], `${CHUNKED}f${"0".repeat(16)}\r\n{}`],
  ["a chunk that is longer than it says", [400], `${CHUNKED}2\r\n{}{}\r\n0\r\n\r\n`],
  ["a chunk that ends with LF alone", [400], `${CHUNKED}2\n{}\n0\n\n`],
  ["a NUL in a chunk's extension", [400], `${CHUNKED}2;a=\u0000\r\n{}\r\n0\r\n\r\n`],
  ["a chunk extension of 20 KiB", [413], `${CHUNKED}2;${"x".repeat(20_000)}\r\n{}\r\n0\r\n\r\n`],
  [
    "a body that is longer than it says: the rest is no request",
    [400],
    `${post("Content-Length: 2")}{}${GOOD}`,
  ],
  [
    "a body on a GET: it is no second request",
    [404],
    `${head("GET /nowhere HTTP/1.1", `Content-Length: ${SMUGGLED.length}`)}${SMUGGLED}`,
  ],
];

function contradiction(...lines: readonly string[]): string {
  return `${post(...lines)}0\r\n\r\n${SMUGGLED}`;
}

/** Bodies behind which the client ends its side, though they are not whole. */
export const HALF_BODIES: readonly Hostile[] = [
  ["no last chunk", [400], `${CHUNKED}${GOOD.length.toString(16)}\r\n${GOOD}\r\n`],
  ["a body that is shorter than it says", [400], `${post(`Content-Length: ${GOOD.length + 1}`)}${GOOD}`],
];

function whole(bytes: string | Uint8Array): Buffer {
  const length = `Content-Length: ${Buffer.byteLength(bytes)}`;
  return Buffer.concat([Buffer.from(post(length, "Connection: close")), Buffer.from(bytes)]);
}

/** A draft with these bytes in its text. @param hex what is no UTF-8 (Unicode, table 3-7) */
function textOf(hex: string): Buffer {
  return Buffer.concat([Buffer.from('{"text":"a'), Buffer.from(hex, "hex"), Buffer.from('"}')]);
}

/** Whole bodies that are refused with 400. */
const BAD_BODIES: readonly (readonly [name: string, body: string | Uint8Array])[] = [
  ["a continuation byte alone", textOf("80")],
  ["half of two bytes", textOf("c3")],
  ["three quarters of four bytes", textOf("f09f91")],
  ["a lead byte and a letter", textOf("c328")],
  ["NUL in two bytes", textOf("c080")],
  ["a slash in three bytes", textOf("e080af")],
  ["a surrogate in bytes", textOf("eda080")],
  ["the first code point beyond Unicode", textOf("f4908080")],
  ["FE", textOf("fe")],
  ["FF behind the JSON", Buffer.from('{"text":"a"}\u00ff', "latin1")],
  ["16 KiB of [", "[".repeat(16_384)],
  ['16 KiB of {"a":', '{"a":'.repeat(3_276)],
  ["8,192 lists in one another", `${"[".repeat(8_192)}${"]".repeat(8_192)}`],
  ["16 KiB of digits", "9".repeat(16_384)],
  ["a number beyond all numbers for a text", '{"text":1e999999999}'],
  ["a comma too many", '{"text":"x",}'],
  ["a line end in a string", '{"text":"a\nb"}'],
  ["a good text, and then another that is none", '{"text":"x","text":5}'],
  ["a text from the prototype", '{"__proto__":{"text":"x"}}'],
  ["a text from the constructor", '{"constructor":{"prototype":{"text":"x"}}}'],
  ["an object that says how it is a string", '{"text":{"toString":"x"}}'],
  ["a length and methods for a text", '{"text":{"length":1,"trim":1}}'],
  ["compressed JSON", Buffer.from("1f8b0800000000000003", "hex")],
];
export const BODIES = BAD_BODIES.map(([name, body]): Hostile => [name, [400], whole(body)]);

/** Odd bodies that are drafts all the same, and the text that is kept. */
export const ODD_BUT_GOOD: readonly (readonly [name: string, body: string, text: string])[] = [
  ["a field twice: the last counts", '{"text":"first","text":"last"}', "last"],
  [
    "lists in one another, in a field nobody knows",
    `{"text":"deep","x":${"[".repeat(8_000)}${"]".repeat(8_000)}}`,
    "deep",
  ],
  ["a number beyond all numbers, in a field nobody knows", '{"text":"huge","x":1e999999999}', "huge"],
  ["fields named as what every object has", '{"text":"own","hasOwnProperty":1,"toString":2}', "own"],
  ["escapes for the field's name", '{"\\u0074ext":"escaped"}', "escaped"],
  ["white space around", ' \r\n\t{ "text" : "blank around" } \n', "blank around"],
];
