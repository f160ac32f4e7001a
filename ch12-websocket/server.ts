// Chapter 12, WebSocket: the browser asks to leave HTTP, and from then on both sides speak when they like.
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import https from "node:https";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { catchUp } from "../shared/fan-out/fan-out.ts";
import { admit } from "../shared/http/admit.ts";
import { refuse } from "../shared/http/answer.ts";
import { queryOf, readCursor } from "../shared/http/cursor.ts";
import { listen } from "../shared/http/listen.ts";
import { open } from "../shared/http/open.ts";
import { pagePaths, servePage } from "../shared/http/page.ts";
import { parseDraft } from "../shared/message-store/message.ts";
import { checkPulse, framesOf, onDraft, reply, sendFrames } from "../shared/websocket/socket.ts";
import { admitUpgrade, isWebSocket, MAX_PAYLOAD, responseOn } from "../shared/websocket/upgrade.ts";

/** The longest silence of a connection, in milliseconds: shorter than a proxy's patience (RFC 6202 §5.5). */
const HEARTBEAT = 15_000;

const chapter = await open("ch12-websocket");
const { log } = chapter;
const paths = new Map(pagePaths(chapter));

const server: http.Server = chapter.secure
  ? https.createServer(chapter.serverOptions, handle)
  : http.createServer(chapter.serverOptions, handle);

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const path = admit(request, paths, chapter);
    await servePage(request, response, path, chapter);
  } catch (error) {
    refuse(response, error);
  }
}

const webSockets = new WebSocketServer({ noServer: true, maxPayload: MAX_PAYLOAD });
server.on("upgrade", async (request, socket, head) => {
  socket.on("error", () => socket.destroy()); // It comes without a listener: a reset would end the process.
  if (!isWebSocket(request)) return handle(request, responseOn(request, socket));
  try {
    admitUpgrade(request, chapter);
    const cursor = await readCursor(queryOf(request, "after"), log);
    webSockets.handleUpgrade(request, socket, head, (ws) => receive(ws, socket, cursor));
  } catch (error) {
    refuse(responseOn(request, socket), error);
  }
});

/** Who waits for what is new: each leaves when its connection, or its answer, ends. */
const clients = new Map<WebSocket, Duplex>();

log.subscribe((messages) => {
  const frames = framesOf(messages); // Made once, however many listen.
  for (const [ws, socket] of clients) sendFrames(ws, socket, frames);
});
setInterval(() => {
  for (const ws of webSockets.clients) checkPulse(ws, clients.get(ws));
}, HEARTBEAT);

/** Receiving: what came after the client's cursor, and then each message as it comes. */
function receive(ws: WebSocket, socket: Duplex, cursor: number): void {
  ws.once("close", () => clients.delete(ws));
  const caughtUp = catchUp(log, cursor, socket, {
    send: (messages) => sendFrames(ws, socket, framesOf(messages)),
    join: () => clients.set(ws, socket),
  });
  onDraft(ws, (draft) => update(ws, draft, caughtUp));
}

/** Sending: a draft becomes a message when the log has it; one whose key the log knows is not added again. */
async function update(ws: WebSocket, sent: object, caughtUp: Promise<void>): Promise<void> {
  const draft = parseDraft(sent);
  const { message, added } = await log.append(draft);
  if (!added) void caughtUp.then(() => reply(ws, message));
}

listen(server, chapter, () => {
  for (const ws of webSockets.clients) ws.close(1001);
});
