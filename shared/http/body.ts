// JSON in: the content type, the size, the content, in this order.
import type { IncomingMessage } from "node:http";
import { HttpError } from "./answer.ts";

/** The largest body of a request and the largest message of a socket, in bytes. */
export const MAX_BODY = 16 * 1024;

/**
 * Reads a request's JSON body.
 *
 * @returns the parsed JSON; what it means is the caller's to check
 * @throws HttpError 415 another content type, 413 over 16 KiB, 400 no UTF-8 or no JSON
 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const type = request.headers["content-type"] ?? "";
  if (!/^application\/json[ \t]*(;|$)/i.test(type)) {
    throw new HttpError(415, "Send the message as JSON, with the header Content-Type: application/json.");
  }
  return parseJson(await readBody(request));
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** @throws HttpError 400 where the bytes are not UTF-8 (a half character, say) or not JSON */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    // The whole, not the pieces: a Korean character has three bytes, and a chunk may end after the first.
    return JSON.parse(utf8.decode(bytes));
  } catch {
    throw new HttpError(400, 'The body is not JSON in UTF-8: send an object such as {"text": "Hello"}.');
  }
}

function readBody(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > MAX_BODY) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY) chunks.push(chunk);
      else reject(tooLarge());
    });
    request.on("end", () => resolve(Buffer.concat(chunks)));
    // The client went away in the middle: nobody reads the answer, but the promise must not stay open.
    request.on("error", reject);
  });
}

function tooLarge(): HttpError {
  return new HttpError(413, `The body is too large: at most ${MAX_BODY} bytes.`);
}
