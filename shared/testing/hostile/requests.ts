// Bad requests, byte for byte, each with the answer that it gets. What the contract does not name is node:http's own.

/** One thing that a hostile client sends on a connection of its own. */
export interface Hostile {
  /** Completes the sentence "it gets the documented answer: …". */
  readonly name: string;
  readonly bytes: (port: number) => string | Uint8Array;
  /** The statuses of all answers on the connection, in order; none where it is just closed. */
  readonly answers: readonly number[];
  /** Whether the client ends its side behind the bytes: they are only a part of what was announced. */
  readonly ends?: boolean;
}

const GOOD = '{"text":"smuggled"}';

/** A head that is in order but for the lines given. */
function head(port: number, start: string, ...lines: readonly string[]): string {
  return [start, `Host: localhost:${port}`, ...lines, "", ""].join("\r\n");
}

const get = (port: number, ...lines: readonly string[]) =>
  head(port, "GET / HTTP/1.1", "Connection: close", ...lines);

const post = (port: number, ...lines: readonly string[]) =>
  head(port, "POST /update HTTP/1.1", "Content-Type: application/json", ...lines);

/** A request that must not be taken for one: it stands where a body is. */
const smuggled = (port: number) => `${post(port, `Content-Length: ${GOOD.length}`)}${GOOD}`;

const raw = (latin1: string) => Buffer.from(latin1, "latin1");

/** Heads that are none. */
export const HEADS: readonly Hostile[] = [
  { name: "nothing at all", bytes: () => "", ends: true, answers: [] },
  { name: "garbage", bytes: () => raw("\u00ff\u00fe\u0000\u0001garbage\r\n\r\n"), answers: [400] },
  { name: "NUL bytes", bytes: () => Buffer.alloc(1_000), answers: [400] },
  {
    name: "a TLS client's hello",
    bytes: () => Buffer.from("16030100a5010000a10303000102030405060708090a0b0c0d0e0f", "hex"),
    answers: [400],
  },
  {
    name: "HTTP/2 without being asked",
    bytes: () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u0000\u0000\u0000\u0004\u0000\u0000\u0000\u0000\u0000",
    answers: [400],
  },
  // node:http knows HTTP/0.9 still; but a request that names no Host is none for us.
  { name: "HTTP/0.9", bytes: () => "GET /\r\n\r\n", answers: [403] },
  { name: "HTTP/3.0 in the start line", bytes: (port) => head(port, "GET / HTTP/3.0"), answers: [400] },
  { name: "no version number", bytes: (port) => head(port, "GET / HTTP/"), answers: [400] },
  { name: "no target", bytes: (port) => head(port, "GET HTTP/1.1"), answers: [400] },
  { name: "a space in the target", bytes: (port) => head(port, "GET / / HTTP/1.1"), answers: [400] },
  { name: "a NUL in the target", bytes: (port) => head(port, "GET /\u0000 HTTP/1.1"), answers: [400] },
  { name: "a method nobody knows", bytes: (port) => head(port, "HACK / HTTP/1.1"), answers: [400] },
  { name: "a method in lower case", bytes: (port) => head(port, "get / HTTP/1.1"), answers: [400] },
  { name: "CONNECT", bytes: (port) => head(port, "CONNECT evil.example:443 HTTP/1.1"), answers: [] },
  { name: "TRACE", bytes: (port) => head(port, "TRACE / HTTP/1.1", "Connection: close"), answers: [405] },
  {
    name: "OPTIONS of everything",
    bytes: (port) => head(port, "OPTIONS * HTTP/1.1", "Connection: close"),
    answers: [404],
  },
  {
    name: "a target that is longer than any head",
    bytes: (port) => head(port, `GET /${"x".repeat(20_000)} HTTP/1.1`),
    answers: [431],
  },
  {
    name: "a header longer than 16 KiB",
    bytes: (port) => get(port, `X: ${"x".repeat(20_000)}`),
    answers: [431],
  },
  {
    name: "thousands of headers, over 16 KiB",
    bytes: (port) => get(port, ...Array.from({ length: 3_000 }, (_, index) => `X-${index}: x`)),
    answers: [431],
  },
  { name: "a space before the colon", bytes: (port) => get(port, "X : x"), answers: [400] },
  { name: "a header without a name", bytes: (port) => get(port, ": x"), answers: [400] },
  { name: "a header without a colon", bytes: (port) => get(port, "X"), answers: [400] },
  { name: "a NUL in a header", bytes: (port) => get(port, "X: a\u0000b"), answers: [400] },
  { name: "a NUL in a header's name", bytes: (port) => get(port, "X\u0000: a"), answers: [400] },
  { name: "a bare CR in a header", bytes: (port) => get(port, "X: a\rY: b"), answers: [400] },
  { name: "a DEL in a header", bytes: (port) => get(port, "X: a\u007fb"), answers: [400] },
  {
    name: "bare LF for line ends",
    bytes: (port) => get(port).replaceAll("\r\n", "\n"),
    answers: [400],
  },
  { name: "a folded header (RFC 9112 §5.2)", bytes: (port) => get(port, "X: a", " b"), answers: [400] },
  {
    name: "a folded Host",
    bytes: (port) => head(port, "GET / HTTP/1.1", " evil.example", "Connection: close"),
    answers: [400],
  },
  { name: "no Host", bytes: () => "GET / HTTP/1.1\r\n\r\n", answers: [400] },
  {
    name: "an empty Host",
    bytes: () => "GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
    answers: [403],
  },
  {
    name: "a Host with a user in it",
    bytes: (port) => `GET / HTTP/1.1\r\nHost: localhost:${port}@evil.example\r\nConnection: close\r\n\r\n`,
    answers: [403],
  },
  {
    name: "an expectation nobody can meet",
    bytes: (port) => get(port, "Expect: a miracle"),
    answers: [417],
  },
  { name: "half a start line", bytes: () => "GE", ends: true, answers: [400] },
  { name: "half a head", bytes: (port) => get(port).slice(0, -2), ends: true, answers: [400] },
  {
    // All of it is read before the first request is answered, and node:http then answers the garbage alone.
    name: "a good request and garbage, in one piece",
    bytes: (port) => `${head(port, "GET /nowhere HTTP/1.1")}\u0001\u0002\r\n\r\n`,
    answers: [400],
  },
];

/** Bodies whose length is a matter of opinion: what one server reads as body, another would read as a request. */
export const LENGTHS: readonly Hostile[] = [
  { name: "a negative length", bytes: (port) => post(port, "Content-Length: -1"), answers: [400] },
  { name: "a length with a sign", bytes: (port) => `${post(port, "Content-Length: +2")}{}`, answers: [400] },
  { name: "a hexadecimal length", bytes: (port) => `${post(port, "Content-Length: 0x2")}{}`, answers: [400] },
  { name: "no digits", bytes: (port) => post(port, "Content-Length: two"), answers: [400] },
  { name: "an empty length", bytes: (port) => post(port, "Content-Length:"), answers: [400] },
  {
    name: "a length beyond 64 bits",
    bytes: (port) => post(port, "Content-Length: 99999999999999999999"),
    answers: [400],
  },
  {
    name: "two lengths that differ",
    bytes: (port) => `${post(port, "Content-Length: 2", "Content-Length: 40")}{}`,
    answers: [400],
  },
  {
    name: "two lengths in one line",
    bytes: (port) => `${post(port, "Content-Length: 2, 40")}{}`,
    answers: [400],
  },
  {
    name: "a length and chunks (CL.TE)",
    bytes: (port) =>
      `${post(port, "Content-Length: 5", "Transfer-Encoding: chunked")}0\r\n\r\n${smuggled(port)}`,
    answers: [400],
  },
  {
    name: "chunks and a length (TE.CL)",
    bytes: (port) =>
      `${post(port, "Transfer-Encoding: chunked", "Content-Length: 4")}0\r\n\r\n${smuggled(port)}`,
    answers: [400],
  },
  {
    name: "a coding behind chunked",
    bytes: (port) => `${post(port, "Transfer-Encoding: chunked, identity")}0\r\n\r\n${smuggled(port)}`,
    answers: [400],
  },
  {
    name: "chunked, misspelt",
    bytes: (port) => `${post(port, "Transfer-Encoding: xchunked")}0\r\n\r\n${smuggled(port)}`,
    answers: [400],
  },
  {
    name: "Transfer-Encoding with a tab before its value, and a length",
    bytes: (port) =>
      `${post(port, "Transfer-Encoding:\tchunked", "Content-Length: 5")}0\r\n\r\n${smuggled(port)}`,
    answers: [400],
  },
  {
    name: "Transfer-Encoding with a space behind its name",
    bytes: (port) =>
      `${post(port, "Transfer-Encoding : chunked", "Content-Length: 5")}0\r\n\r\n${smuggled(port)}`,
    answers: [400],
  },
  {
    name: "a chunk whose length is no number",
    bytes: (port) => `${post(port, "Transfer-Encoding: chunked")}xyz\r\n{}\r\n0\r\n\r\n`,
    answers: [400],
  },
  {
    name: "a chunk of negative length",
    bytes: (port) => `${post(port, "Transfer-Encoding: chunked")}-2\r\n{}\r\n0\r\n\r\n`,
    answers: [400],
  },
  {
    name: "a chunk whose length has 17 digits",
    bytes: (port) => `${post(port, "Transfer-Encoding: chunked")}f${"0".repeat(16)}\r\n{}`,
    answers: [400],
  },
  {
    name: "a chunk that is longer than it says",
    bytes: (port) => `${post(port, "Transfer-Encoding: chunked")}2\r\n{}{}\r\n0\r\n\r\n`,
    answers: [400],
  },
  {
    name: "a chunk that ends with LF alone",
    bytes: (port) => `${post(port, "Transfer-Encoding: chunked")}2\n{}\n0\n\n`,
    answers: [400],
  },
  {
    name: "a NUL in a chunk's extension",
    bytes: (port) => `${post(port, "Transfer-Encoding: chunked")}2;a=\u0000\r\n{}\r\n0\r\n\r\n`,
    answers: [400],
  },
  {
    name: "a chunk extension of 20 KiB",
    bytes: (port) => `${post(port, "Transfer-Encoding: chunked")}2;${"x".repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
    answers: [413],
  },
  {
    name: "no last chunk",
    bytes: (port) => `${post(port, "Transfer-Encoding: chunked")}${GOOD.length.toString(16)}\r\n${GOOD}\r\n`,
    ends: true,
    answers: [400],
  },
  {
    name: "a body that is shorter than it says",
    bytes: (port) => `${post(port, `Content-Length: ${GOOD.length + 1}`)}${GOOD}`,
    ends: true,
    answers: [400],
  },
  {
    name: "a body that is longer than it says: the rest is no request",
    bytes: (port) => `${post(port, "Content-Length: 2")}{}${GOOD}`,
    answers: [400],
  },
  {
    name: "a body on a GET: it is no second request",
    bytes: (port) =>
      `${head(port, "GET /nowhere HTTP/1.1", `Content-Length: ${smuggled(port).length}`)}${smuggled(port)}`,
    answers: [404],
  },
];

/** Every kind of byte that is no UTF-8 (Unicode, table 3-7), and what it would have been. */
export const BAD_UTF8: readonly (readonly [kind: string, hex: string])[] = [
  ["a continuation byte alone", "80"],
  ["the last continuation byte alone", "bf"],
  ["two continuation bytes", "80bf"],
  ["half of two bytes", "c3"],
  ["a third of three bytes", "ed"],
  ["two thirds of three bytes", "ec95"],
  ["three quarters of four bytes", "f09f91"],
  ["a lead byte and a letter", "c328"],
  ["two lead bytes and a letter", "e28228"],
  ["NUL in two bytes", "c080"],
  ["a slash in two bytes", "c0af"],
  ["the longest ASCII in two bytes", "c1bf"],
  ["a slash in three bytes", "e080af"],
  ["the longest of two bytes in three", "e09fbf"],
  ["a slash in four bytes", "f08080af"],
  ["the longest of three bytes in four", "f08fbfbf"],
  ["the first high surrogate", "eda080"],
  ["the last low surrogate", "edbfbf"],
  ["an emoji as two surrogates (CESU-8)", "eda0bdedb18b"],
  ["the first code point beyond Unicode", "f4908080"],
  ["a lead byte of Unicode's past", "f5808080"],
  ["five bytes", "f888808080"],
  ["six bytes", "fc8480808080"],
  ["FE", "fe"],
  ["FF", "ff"],
  ["a byte order mark of UTF-16", "fffe"],
];

const whole = (bytes: string | Uint8Array) => (port: number) => {
  const length = `Content-Length: ${Buffer.byteLength(bytes)}`;
  return Buffer.concat([Buffer.from(post(port, length, "Connection: close")), Buffer.from(bytes)]);
};

/** Whole bodies that are refused. More of them, draft by draft, are in shared/testing/http/sending.test.ts. */
export const BODIES: readonly Hostile[] = [
  ...BAD_UTF8.flatMap(([kind, hex]) => {
    const bad = Buffer.from(hex, "hex");
    const around = (before: string, after: string) =>
      Buffer.concat([Buffer.from(before), bad, Buffer.from(after)]);
    return [
      { name: `${kind} in the text`, bytes: whole(around('{"text":"a', 'b"}')), answers: [400] },
      { name: `${kind} at the text's end`, bytes: whole(around('{"text":"a', '"}')), answers: [400] },
      {
        name: `${kind} in a field nobody knows`,
        bytes: whole(around('{"text":"a","x":"', '"}')),
        answers: [400],
      },
      { name: `${kind} behind the JSON`, bytes: whole(around('{"text":"a"}', "")), answers: [400] },
    ];
  }),
  { name: "16 KiB of [", bytes: whole("[".repeat(16_384)), answers: [400] },
  { name: '16 KiB of {"a":', bytes: whole('{"a":'.repeat(3_276)), answers: [400] },
  {
    name: "8,192 lists in one another",
    bytes: whole(`${"[".repeat(8_192)}${"]".repeat(8_192)}`),
    answers: [400],
  },
  { name: "16 KiB of digits", bytes: whole("9".repeat(16_384)), answers: [400] },
  { name: "a number beyond all numbers for a text", bytes: whole('{"text":1e999999999}'), answers: [400] },
  { name: "NaN", bytes: whole('{"text":NaN}'), answers: [400] },
  { name: "a comment", bytes: whole('{"text":"x"/**/}'), answers: [400] },
  { name: "a comma too many", bytes: whole('{"text":"x",}'), answers: [400] },
  { name: "single quotes", bytes: whole("{'text':'x'}"), answers: [400] },
  { name: "a line end in a string", bytes: whole('{"text":"a\nb"}'), answers: [400] },
  { name: "a NUL in a string", bytes: whole('{"text":"a\u0000b"}'), answers: [400] },
  { name: "an escape that is none", bytes: whole('{"text":"\\x41"}'), answers: [400] },
  {
    name: "a good text, and then another that is none",
    bytes: whole('{"text":"x","text":5}'),
    answers: [400],
  },
  { name: "a text from the prototype", bytes: whole('{"__proto__":{"text":"x"}}'), answers: [400] },
  {
    name: "a text from the constructor",
    bytes: whole('{"constructor":{"prototype":{"text":"x"}}}'),
    answers: [400],
  },
  {
    name: "an object that says how it is a string",
    bytes: whole('{"text":{"toString":"x"}}'),
    answers: [400],
  },
  { name: "a length and methods for a text", bytes: whole('{"text":{"length":1,"trim":1}}'), answers: [400] },
  { name: "compressed JSON", bytes: whole(Buffer.from("1f8b0800000000000003", "hex")), answers: [400] },
];

/** Cursors that are none, as they stand in a query. */
export const CURSORS: readonly string[] = [
  "",
  "%20",
  "-1",
  "+1",
  "%2B1",
  "1.0",
  "1e3",
  "0x1",
  "0b1",
  "1_000",
  "1%00",
  "%001",
  "1%0a",
  "1%20",
  "NaN",
  "Infinity",
  "null",
  "undefined",
  "__proto__",
  "%EF%BC%91",
  "%D9%A1",
  "%C2%B2",
  "%ff",
  "%",
  "1000000000000000",
  "9".repeat(1_000),
  "x&after=2",
  "1;2",
  "1,2",
  "[1]",
  "'1'",
  "1%27%20OR%201=1",
  "../1",
  "%F0%9F%91%8B",
];

/** Odd bodies that are drafts all the same, and the text that is kept. */
export const ODD_BUT_GOOD: readonly (readonly [name: string, body: string, text: string])[] = [
  ["a field twice: the last counts", '{"text":"first","text":"last"}', "last"],
  [
    "lists in one another, in a field nobody knows",
    `{"text":"deep","x":${"[".repeat(8_000)}${"]".repeat(8_000)}}`,
    "deep",
  ],
  ["a number beyond all numbers, in a field nobody knows", '{"text":"huge","x":1e999999999}', "huge"],
  ["a prototype that would be the author", '{"text":"proto","__proto__":{"author":"eve"}}', "proto"],
  ["fields named as what every object has", '{"text":"own","hasOwnProperty":1,"toString":2}', "own"],
  ["escapes for the field's name", '{"\\u0074ext":"escaped"}', "escaped"],
  ["white space around", ' \r\n\t{ "text" : "blank around" } \n', "blank around"],
];

/** An upgrade that is refused before the handshake: what differs from a good one. */
export interface Handshake {
  readonly name: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly target?: string;
}

export const HANDSHAKES: readonly Handshake[] = [
  {
    name: "a key in other characters",
    status: 400,
    headers: { "Sec-WebSocket-Key": "****************------==" },
  },
  { name: "a key of 15 bytes", status: 400, headers: { "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAA" } },
  { name: "a key of 17 bytes", status: 400, headers: { "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAAA=" } },
  { name: "a key of 12 KiB", status: 400, headers: { "Sec-WebSocket-Key": `${"A".repeat(12_000)}==` } },
  { name: "an empty key", status: 400, headers: { "Sec-WebSocket-Key": "" } },
  {
    name: "two keys in one",
    status: 400,
    headers: { "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==" },
  },
  { name: "version 0", status: 426, headers: { "Sec-WebSocket-Version": "0" } },
  { name: "version 14", status: 426, headers: { "Sec-WebSocket-Version": "14" } },
  { name: "version 13 among others", status: 426, headers: { "Sec-WebSocket-Version": "13, 8" } },
  { name: "version 13.0", status: 426, headers: { "Sec-WebSocket-Version": "13.0" } },
  { name: "a draft's version", status: 426, headers: { "Sec-WebSocket-Version": "hybi-00" } },
  { name: "an origin of another scheme", status: 403, headers: { Origin: "https://localhost" } },
  {
    name: "an origin that begins with ours",
    status: 403,
    headers: { Origin: "http://localhost.evil.example" },
  },
  {
    name: "an origin that ends with ours",
    status: 403,
    headers: { Origin: "http://evil.example#localhost" },
  },
  { name: "an origin with a user in it", status: 403, headers: { Origin: "http://localhost@evil.example" } },
  { name: "an empty origin", status: 403, headers: { Origin: "" } },
  { name: "an empty Host", status: 403, headers: { Host: "" } },
  {
    name: "the foreign Host of an absolute target",
    status: 403,
    headers: {},
    target: "GET http://evil.example/",
  },
  { name: "a path that leads out", status: 404, headers: {}, target: "/../" },
  { name: "a path in percent signs", status: 404, headers: {}, target: "/%2e%2e/" },
  { name: "a second slash", status: 404, headers: {}, target: "//" },
  { name: "POST", status: 405, headers: {}, target: "POST /" },
  { name: "HEAD", status: 405, headers: {}, target: "HEAD /" },
  { name: "a negative cursor", status: 400, headers: {}, target: "/?after=-1" },
  { name: "a cursor of 16 digits", status: 400, headers: {}, target: "/?after=1000000000000000" },
  { name: "a cursor with NUL", status: 400, headers: {}, target: "/?after=1%00" },
];
