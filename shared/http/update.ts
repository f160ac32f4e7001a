// Sending: a draft, in the body of a POST or in a text message of a socket, becomes a message of the log.
import type { IncomingMessage, ServerResponse } from "node:http";
import { parseDraft } from "../message-store/draft.ts";
import type { Message } from "../message-store/message.ts";
import type { MessageStore } from "../message-store/store.ts";
import { answer, asHttpError, HttpError } from "./answer.ts";

/** The largest body of a request, and the largest message of a socket, in bytes. */
export const MAX_BODY = 16 * 1024;

/**
 * `POST /update`: 201 and the message when the log has kept it, or 200 and the first message if the log already had
 * its key.
 *
 * @throws HttpError, DraftError, StoreError if nothing was kept
 */
export async function update(
  request: IncomingMessage,
  response: ServerResponse,
  log: MessageStore,
): Promise<void> {
  const draft = parseDraft(await readJson(request));
  const { message, added } = await log.append(draft);
  answer(response, added ? 201 : 200, message);
}

/** What only the sender of a text message is told: the first message with its key, or why it was refused. */
export type Reply =
  | Message
  | { readonly id?: undefined; readonly error: string; readonly key: string | undefined };

/**
 * The same for a text message of a socket: a draft's JSON. Any other text is a draft's `text`, so that
 * `ws.send("Hello")` in a browser's console works.
 *
 * @returns undefined if the message was added: it reaches its sender as it reaches every client. Never rejects
 */
export async function updateText(text: string, log: MessageStore): Promise<Reply | undefined> {
  const sent = objectIn(text) ?? { text };
  try {
    const { message, added } = await log.append(parseDraft(sent));
    return added ? undefined : message;
  } catch (error) {
    const key = "key" in sent && typeof sent.key === "string" ? sent.key : undefined;
    return { error: asHttpError(error).message, key };
  }
}

function objectIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

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

/** @throws HttpError 400 if the bytes are not UTF-8 (half a character, for example) or not JSON */
function parseJson(bytes: Uint8Array): unknown {
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
    // The client left in the middle: nobody reads the answer, but the promise must not stay pending.
    request.on("error", reject);
  });
}

function tooLarge(): HttpError {
  return new HttpError(413, `The body is too large: at most ${MAX_BODY} bytes.`);
}

/** The last task of each connection. */
const lastTasks = new WeakMap<object, Promise<unknown>>();

/**
 * Runs the tasks of one connection one after another, and reads nothing more from it until all are done: one piece of
 * TCP may hold thousands of messages. So a client cannot send faster than the log keeps, and another client's draft
 * never waits behind more than one of it.
 *
 * @returns what the task returns
 */
export async function inTurn<Result>(
  connection: { pause(): void; resume(): void },
  task: () => Promise<Result>,
): Promise<Result> {
  connection.pause();
  const before = lastTasks.get(connection) ?? Promise.resolve();
  const result = before.then(task, task);
  lastTasks.set(connection, result);
  try {
    return await result;
  } finally {
    if (lastTasks.get(connection) === result) connection.resume();
  }
}
