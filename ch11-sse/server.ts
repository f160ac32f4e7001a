// Chapter 11, server-sent events: the browser asks once, and the server's response never ends.
import http from "node:http";
import type { Duplex } from "node:stream";
import { refuse, UNREAD_LIMIT } from "../shared/http/answer.ts";
import { listen } from "../shared/http/listen.ts";
import { open } from "../shared/http/open.ts";
import { servePage } from "../shared/http/page.ts";
import { admit, queryOf, readCursor } from "../shared/http/request.ts";
import { update } from "../shared/http/update.ts";
import type { Message } from "../shared/message-store/message.ts";

const HEARTBEAT = 15_000; // In milliseconds. Proxies close a connection that is silent for long.
const chapter = await open("ch11-sse", { "/subscribe": ["GET"], "/update": ["POST"] });
const { log } = chapter;

const server = http.createServer(chapter.serverOptions, async (request, response) => {
  try {
    const path = await admit(request, response, chapter);
    if (path === "/subscribe") return await receive(request, response);
    if (path === "/update") return await update(request, response, log);
    await servePage(request, response, path, chapter);
  } catch (error) {
    refuse(response, error);
  }
});

/** The waiting list: clients that have every message so far, by socket. Each is removed on `close`. */
const clients = new Map<Duplex, http.ServerResponse>();
const textOf = (message: Message) => `id: ${message.id}\ndata: ${JSON.stringify(message)}\n\n`;

log.subscribe((messages) => {
  const bytes = Buffer.from(messages.map(textOf).join("")); // Serialized once, for all clients.
  for (const [socket, client] of clients) {
    socket.cork(); // All of it in one write.
    client.write(bytes);
    socket.uncork();
    if (socket.writableLength > UNREAD_LIMIT) socket.destroy(); // Too slow: it will reconnect.
  }
});
setInterval(() => {
  for (const client of clients.values()) client.write("event: heartbeat\ndata:\n\n");
}, HEARTBEAT);

/** Receiving: the messages after the client's cursor, also those that are still to come. */
async function receive(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const { socket } = request;
  let cursor = await readCursor(request.headers["last-event-id"] ?? queryOf(request, "after"), log);
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  response.write(`retry: 1000\nevent: heartbeat\nid: ${cursor}\ndata:\n\n`); // So a reconnection has an id.
  while (cursor !== log.newest && !socket.destroyed) {
    for (const message of await log.after(cursor, 32)) {
      await new Promise((sent) => response.write(textOf(message), sent)); // As fast as the client reads.
      cursor = message.id;
    }
  }
  if (socket.destroyed) return; // The client left meanwhile.
  clients.set(socket, response); // No `await` since the comparison, so there is no gap.
  socket.on("close", () => clients.delete(socket));
}

listen(server, chapter, () => {
  for (const client of clients.values()) client.end();
  clients.clear();
});
