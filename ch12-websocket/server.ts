// Chapter 12, WebSocket: the browser asks to leave HTTP, and from then on both sides send when they like.
import http from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { refuse, UNREAD_LIMIT } from "../shared/http/answer.ts";
import { listen } from "../shared/http/listen.ts";
import { open } from "../shared/http/open.ts";
import { servePage } from "../shared/http/page.ts";
import { admit, queryOf, readCursor } from "../shared/http/request.ts";
import { inTurn, MAX_BODY, updateText } from "../shared/http/update.ts";
import { admitUpgrade, refuseUpgrade } from "../shared/http/upgrade.ts";

const HEARTBEAT = 15_000; // In milliseconds. Proxies close a connection that is silent for long.
const chapter = await open("ch12-websocket");
const { log } = chapter;

const server = http.createServer(chapter.serverOptions, async (request, response) => {
  try {
    const path = await admit(request, response, chapter);
    await servePage(request, response, path, chapter);
  } catch (error) {
    refuse(response, error);
  }
});
const wss = new WebSocketServer({ noServer: true, maxPayload: MAX_BODY, maxFragments: 32 });
server.on("upgrade", async (request, socket, head) => {
  try {
    admitUpgrade(request, socket, chapter); // Host, path, Origin: nothing else keeps foreign pages out.
    const cursor = await readCursor(queryOf(request, "after"), log);
    wss.handleUpgrade(request, socket, head, (ws) => receive(ws, socket, cursor).catch(() => ws.terminate()));
  } catch (error) {
    refuseUpgrade(server, request, socket, head, error);
  }
});

/** The waiting list: clients that have every message so far, by socket. Each is removed on `close`. */
const clients = new Map<Duplex, WebSocket>();

log.subscribe((messages) => {
  const texts = messages.map((message) => JSON.stringify(message)); // Serialized once, for all clients.
  for (const [socket, client] of clients) {
    socket.cork(); // All of it in one write.
    for (const text of texts) client.send(text);
    socket.uncork();
    if (socket.writableLength > UNREAD_LIMIT) socket.destroy(); // Too slow: it will reconnect.
  }
});
const silent = new WeakSet<WebSocket>(); // No pong came since the last ping.
setInterval(() => {
  for (const client of wss.clients) {
    if (silent.has(client)) client.terminate();
    silent.add(client);
    client.ping();
    client.send(`{"heartbeat": ${HEARTBEAT}}`); // A page cannot see a ping.
  }
}, HEARTBEAT);

/** Receiving: the messages after the client's cursor, also those that are still to come. */
async function receive(ws: WebSocket, socket: Duplex, cursor: number): Promise<void> {
  ws.on("error", () => {}); // ws itself sends the close code for a bad frame (RFC 6455 §7.4).
  ws.on("pong", () => silent.delete(ws));
  ws.on("message", async (data, isBinary) => {
    if (isBinary || ws.readyState !== ws.OPEN) return ws.close(1003, "Send text.");
    const reply = await inTurn(ws, () => updateText(String(data), log)); // An {"error"}, or a known message.
    if (reply && (clients.has(socket) || (reply.id ?? 0) <= cursor)) ws.send(JSON.stringify(reply));
    if (socket.writableLength > UNREAD_LIMIT) socket.destroy();
  });
  while (cursor !== log.newest && !socket.destroyed) {
    for (const message of await log.after(cursor, 32)) {
      await new Promise((sent) => ws.send(JSON.stringify(message), sent)); // As fast as the client reads.
      cursor = message.id;
    }
  }
  if (!socket.destroyed) clients.set(socket, ws); // No `await` since the comparison, so there is no gap.
  socket.on("close", () => clients.delete(socket));
}

listen(server, chapter, () => {
  for (const client of wss.clients) client.close(1001);
});
