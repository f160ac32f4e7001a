// Chapter 10, long polling: the browser asks, and the server holds its response until there is a message.
import http from "node:http";
import type { Duplex } from "node:stream";
import { answer, refuse } from "../shared/http/answer.ts";
import { listen } from "../shared/http/listen.ts";
import { open } from "../shared/http/open.ts";
import { servePage } from "../shared/http/page.ts";
import { admit, queryOf, readCursor } from "../shared/http/request.ts";
import { update } from "../shared/http/update.ts";

const HOLD = 25_000; // In milliseconds: less than the 30 s that are safe with proxies (RFC 6202 §5.5).
const chapter = await open("ch10-long-polling", { "/longpoll": ["GET"], "/update": ["POST"] });
const { log } = chapter;

const server = http.createServer(chapter.serverOptions, async (request, response) => {
  try {
    const path = await admit(request, response, chapter);
    if (path === "/longpoll") return await receive(request, response);
    if (path === "/update") return await update(request, response, log);
    await servePage(request, response, path, chapter);
  } catch (error) {
    refuse(response, error);
  }
});

/** The waiting list: clients that have every message so far, by socket. Each is removed on `close`. */
const clients = new Map<Duplex, http.ServerResponse>();

log.subscribe((messages) => {
  const text = JSON.stringify(messages); // Serialized once, for all clients.
  for (const client of clients.values()) answer(client, 200, text);
});

/** Receiving: the messages after the client's cursor, also those that are still to come. */
async function receive(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const { socket } = request;
  const cursor = await readCursor(queryOf(request, "after"), log);
  if (cursor !== log.newest) return answer(response, 200, await log.after(cursor));
  if (socket.destroyed) return; // The client left meanwhile.
  clients.set(socket, response); // No `await` since the comparison, so there is no gap.
  const timer = setTimeout(answer, HOLD, response, 204);
  response.on("close", () => {
    clearTimeout(timer);
    clients.delete(socket);
  });
}

listen(server, chapter, () => {
  for (const client of clients.values()) answer(client, 204);
});
