// Chapter 10, long polling: the browser asks, and the server holds its answer until there is one.
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import { admit } from "../shared/http/admit.ts";
import { answer, refuse } from "../shared/http/answer.ts";
import { readJson } from "../shared/http/body.ts";
import { queryOf, readCursor } from "../shared/http/cursor.ts";
import { listen } from "../shared/http/listen.ts";
import { open } from "../shared/http/open.ts";
import { pagePaths, servePage } from "../shared/http/page.ts";
import { answerOf, held, sendAnswer } from "../shared/long-polling/held.ts";
import { parseDraft } from "../shared/message-store/message.ts";

/** The longest silence of a connection, in milliseconds: shorter than a proxy's patience (RFC 6202 §5.5). */
const HOLD = 25_000;

const chapter = await open("ch10-long-polling");
const { log } = chapter;
const paths = new Map([...pagePaths(chapter), ["/longpoll", ["GET"]], ["/update", ["POST"]]]);

const server: http.Server = chapter.secure
  ? https.createServer(chapter.serverOptions, handle)
  : http.createServer(chapter.serverOptions, handle);

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const path = admit(request, paths, chapter);
    if (path === "/longpoll") return await receive(request, response);
    if (path === "/update") return await update(request, response);
    await servePage(request, response, path, chapter);
  } catch (error) {
    refuse(response, error);
  }
}

/** Who waits for what is new: each leaves when its connection, or its answer, ends. */
const clients = new Set<ServerResponse>();

log.subscribe((messages) => {
  const prepared = answerOf(messages); // Made once, however many wait.
  for (const response of clients) sendAnswer(response, prepared);
});

/** Receiving: what came after the client's cursor; where nothing did, the answer waits for it. */
async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const cursor = await readCursor(queryOf(request, "after"), log);
  const messages = log.after(cursor);
  if (messages.length > 0) return answer(response, 200, messages);
  if (request.destroyed) return; // Its client left while the cursor was read.
  const timer = setTimeout(answer, HOLD, response, 204);
  request.once("close", () => {
    clearTimeout(timer);
    clients.delete(response);
  });
  clients.add(held(response));
}

/** Sending: a draft becomes a message when the log has it; one whose key the log knows is not added again. */
async function update(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const draft = parseDraft(await readJson(request));
  const { message, added } = await log.append(draft);
  answer(response, added ? 201 : 200, message);
}

listen(server, chapter, () => {
  for (const response of clients) answer(response, 204);
});
