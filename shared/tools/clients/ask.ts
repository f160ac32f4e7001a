// One HTTP request, as exact as a test writes it, and its answer taken apart.

/** An answer as it was on the wire. */
export interface Answer {
  readonly status: number;
  /** The header lines, by name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** The body, decoded from UTF-8. */
  readonly body: string;
}

export interface AskOptions {
  /** Lines besides `Host`, `Connection: close` and a body's `Content-Length`; undefined leaves one of these out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | Uint8Array;
}

/**
 * The bytes of a request.
 *
 * @param host the server's `Host`; a port alone is one of `localhost`
 * @param line the method and the target, as `GET /`; HTTP/1.1 unless it names a version
 */
export function requestOf(
  host: number | string,
  line: string,
  { headers = {}, body }: AskOptions = {},
): Buffer {
  const all = {
    Host: typeof host === "number" ? `localhost:${host}` : host,
    Connection: "close",
    "Content-Length": body === undefined ? undefined : String(Buffer.byteLength(body)),
    ...headers,
  };
  const lines = Object.entries(all).flatMap(([name, value]) =>
    value === undefined ? [] : `${name}: ${value}\r\n`,
  );
  const start = line.includes(" HTTP/") ? line : `${line} HTTP/1.1`;
  return Buffer.concat([Buffer.from(`${start}\r\n${lines.join("")}\r\n`, "latin1"), Buffer.from(body ?? "")]);
}

/**
 * Takes one answer apart.
 *
 * @param text what was read, as Latin-1, one character a byte; from the status line to the end of the body
 */
export function answerIn(text: string): Answer {
  const head = headIn(text);
  if (!head) throw new Error(`no HTTP answer: ${JSON.stringify(text)}`);
  const { status, headers, length } = head;
  return { status, headers, body: Buffer.from(text.slice(length), "latin1").toString("utf8") };
}

/** Takes apart the answers that came one behind the other on one connection, each with its Content-Length. */
export function answersIn(text: string): Answer[] {
  const answers: Answer[] = [];
  for (let rest = text; rest.includes("\r\n\r\n"); ) {
    const length = Number(answerIn(rest).headers.get("content-length") ?? 0);
    const end = rest.indexOf("\r\n\r\n") + 4 + length;
    if (rest.length < end) break;
    answers.push(answerIn(rest.slice(0, end)));
    rest = rest.slice(end);
  }
  return answers;
}

/** The head of an answer. */
interface Head extends Pick<Answer, "status" | "headers"> {
  /** Its bytes, with the empty line. */
  readonly length: number;
}

function headIn(text: string): Head | undefined {
  const end = text.indexOf("\r\n\r\n");
  const [start = "", ...lines] = text.slice(0, end).split("\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(start)?.[1]);
  if (end === -1 || Number.isNaN(status)) return undefined;
  const headers = lines.map((line): [string, string] => {
    const [, name = "", value = ""] = /^([^:]*): *(.*)$/.exec(line) ?? [];
    return [name.toLowerCase(), value];
  });
  return { status, headers: new Map(headers), length: end + 4 };
}

/** An answer of which more may be to come. */
export interface PartialAnswer extends Answer {
  /** Whether all of the body is there (RFC 9112 §6.3). */
  readonly complete: boolean;
  /** How many bytes of the text it takes. */
  readonly length: number;
}

/**
 * Takes apart the answer that the text begins with, however its body is framed: by its length, in chunks, or by the end
 * of the connection.
 *
 * @param text Latin-1, one character a byte
 * @param isOver whether the connection has ended
 * @param method that of the request: an answer to HEAD has no body
 * @returns undefined where its head is not there yet
 */
export function partialAnswerIn(text: string, isOver: boolean, method = "GET"): PartialAnswer | undefined {
  const head = headIn(text);
  if (!head) return undefined;
  const { status, headers, length: start } = head;
  const answer = (end: number, complete: boolean, body = text.slice(start, end)): PartialAnswer => ({
    status,
    headers,
    body: Buffer.from(body, "latin1").toString("utf8"),
    complete,
    length: end,
  });
  if (method === "HEAD" || status === 204 || status === 304 || status < 200) return answer(start, true);
  if (/\bchunked$/i.test(headers.get("transfer-encoding") ?? "")) {
    let body = "";
    for (let at = start; ; ) {
      const lineEnd = text.indexOf("\r\n", at);
      const size = Number.parseInt(text.slice(at, lineEnd), 16);
      if (lineEnd === -1 || Number.isNaN(size)) return answer(text.length, false, body);
      if (size === 0) return answer(Math.min(text.length, lineEnd + 4), text.length >= lineEnd + 4, body);
      body += text.slice(lineEnd + 2, lineEnd + 2 + size);
      at = lineEnd + 2 + size + 2;
      if (at > text.length) return answer(text.length, false, body);
    }
  }
  const length = headers.get("content-length");
  if (length === undefined) return answer(text.length, isOver);
  const end = start + Number(length);
  return answer(Math.min(end, text.length), text.length >= end);
}
