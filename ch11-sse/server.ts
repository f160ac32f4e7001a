// Chapter 11, server-sent events: the browser asks once, and the server's answer never ends.
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import { COMMENT, eventsOf, lastEventId, openStream, sendEvents } from "../shared/event-stream/stream.ts";
import { catchUp } from "../shared/fan-out/fan-out.ts";
import { admit } from "../shared/http/admit.ts";
import { answer, refuse } from "../shared/http/answer.ts";
import { readJson } from "../shared/http/body.ts";
import { queryOf, readCursor } from "../shared/http/cursor.ts";
import { listen } from "../shared/http/listen.ts";
import { open } from "../shared/http/open.ts";
import { pagePaths, servePage } from "../shared/http/page.ts";
import { parseDraft } from "../shared/message-store/message.ts";

/** The longest silence of a connection, in milliseconds: shorter than a proxy's patience (RFC 6202 §5.5). */
const HEARTBEAT = 14_000;

const chapter = await open("ch11-sse");
const { log } = chapter;
const paths = new Map([...pagePaths(chapter), ["/subscribe", ["GET"]], ["/update", ["POST"]]]);

const server: http.Server = chapter.secure
  ? https.createServer(chapter.serverOptions, handle)
  : http.createServer(chapter.serverOptions, handle);

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const path = admit(request, paths, chapter);
    if (path === "/subscribe") return await receive(request, response);
    if (path === "/update") return await update(request, response);
    await servePage(request, response, path, chapter);
  } catch (error) {
    refuse(response, error);
  }
}

/** Who waits for what is new: each leaves when its connection, or its answer, ends. */
const clients = new Set<ServerResponse>();

log.subscribe((messages) => {
  const events = eventsOf(messages); // Made once, however many listen.
  for (const response of clients) sendEvents(response, events);
});
setInterval(() => {
  for (const response of clients) sendEvents(response, COMMENT);
}, HEARTBEAT);

/** Receiving: what came after the client's cursor, and then each message as it comes. */
async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const cursor = await readCursor(lastEventId(request) ?? queryOf(request, "after"), log);
  openStream(response);
  request.once("close", () => clients.delete(response));
  await catchUp(log, cursor, request.socket, {
    send: (messages) => sendEvents(response, eventsOf(messages)),
    join: () => clients.add(response),
  });
}

/** Sending: a draft becomes a message when the log has it; one whose key the log knows is not added again. */
async function update(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const draft = parseDraft(await readJson(request));
  const { message, added } = await log.append(draft);
  answer(response, added ? 201 : 200, message);
}

listen(server, chapter, () => {
  for (const response of clients) response.end();
});
