// Chapter 9, polling: the browser asks again and again, and each time the server answers at once.
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import { admit } from "../shared/http/admit.ts";
import { answer, refuse } from "../shared/http/answer.ts";
import { readJson } from "../shared/http/body.ts";
import { queryOf, readCursor } from "../shared/http/cursor.ts";
import { listen } from "../shared/http/listen.ts";
import { open } from "../shared/http/open.ts";
import { pagePaths, servePage } from "../shared/http/page.ts";
import { parseDraft } from "../shared/message-store/message.ts";

const chapter = await open("ch09-polling", { "poll-interval": [1_000, "milliseconds between two polls"] });
const { log } = chapter;
const paths = new Map([...pagePaths(chapter), ["/poll", ["GET"]], ["/update", ["POST"]]]);

const server: http.Server = chapter.secure
  ? https.createServer(chapter.serverOptions, handle)
  : http.createServer(chapter.serverOptions, handle);

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const path = admit(request, paths, chapter);
    if (path === "/poll") return await receive(request, response);
    if (path === "/update") return await update(request, response);
    await servePage(request, response, path, chapter);
  } catch (error) {
    refuse(response, error);
  }
}

/** Receiving: what came after the client's cursor, now; 204 where nothing did. */
async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const cursor = await readCursor(queryOf(request, "after"), log);
  const messages = log.after(cursor);
  if (messages.length > 0) return answer(response, 200, messages);
  answer(response, 204);
}

/** Sending: a draft becomes a message when the log has it; one whose key the log knows is not added again. */
async function update(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const draft = parseDraft(await readJson(request));
  const { message, added } = await log.append(draft);
  answer(response, added ? 201 : 200, message);
}

listen(server, chapter);
