// What an upgrade needs besides the technique: who may upgrade, a refusal, and an upgrade to another protocol.
import { type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { asHttpError, HttpError } from "./answer.ts";
import { isAnswering } from "./pipelining.ts";
import { check, type Names } from "./request.ts";

const PATHS = new Map([["/", ["GET"]]]);

/** How long a refused client may take to close its connection, in milliseconds. */
const LINGER = 1_000;

/** Not an error of the client: it asks for another protocol, or behind a request that is not answered yet. */
class NotUpgraded extends Error {}

/**
 * Checks an upgrade to WebSocket. No other check keeps a foreign page from opening a socket to us with its visitor's
 * rights: CORS does not apply here (RFC 6455 §10.2).
 *
 * @throws HttpError as for any request, 403 for a foreign Origin included; 426 another version (RFC 6455 §4.2.2); 400
 *   a bad key (§4.2.1). Give whatever it throws to `refuseUpgrade`
 */
export function admitUpgrade(request: IncomingMessage, socket: Duplex, { host, allowHosts }: Names): void {
  // Without a listener, a reset would end the process. An ignored upgrade may come again on the same connection.
  if (!socket.listeners("error").includes(destroyIt)) socket.on("error", destroyIt);
  const { upgrade } = request.headers;
  const isIgnored = upgrade?.toLowerCase() !== "websocket" || request.httpVersion === "1.0"; // RFC 9110 §7.8
  if (isAnswering(socket) || isIgnored) throw new NotUpgraded();
  check(request, { paths: PATHS, host, allowHosts });
  const { "sec-websocket-version": version, "sec-websocket-key": key = "" } = request.headers;
  if (version !== "13") {
    // A 426 has to name the protocol, and `Connection` that header (RFC 9110 §15.5.22, §7.8).
    const supported = { Connection: "close, Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13" };
    throw new HttpError(426, "Use version 13 of WebSocket: send Sec-WebSocket-Version: 13.", supported);
  }
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key)) {
    throw new HttpError(400, "Send a Sec-WebSocket-Key: 16 random bytes in base64.");
  }
  // We speak no subprotocol; the client decides if it goes on without one (RFC 6455 §4.2.2). ws would pick the first.
  delete request.headers["sec-websocket-protocol"];
}

/**
 * Answers an upgrade that is refused, and closes its connection, whether or not the client does. An upgrade to another
 * protocol is ignored instead, as a server may (RFC 9110 §7.8): the request is answered like any other.
 *
 * @param head the bytes behind the request's head that were read already
 * @param error why
 */
export function refuseUpgrade(
  server: Server,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  error: unknown,
): void {
  if (isAnswering(socket))
    socket.destroy(); // Two protocols must not meet on one connection. No browser does this.
  else if (error instanceof NotUpgraded) ignoreUpgrade(server, request, socket, head);
  else refuse(request, socket, asHttpError(error));
}

function destroyIt(this: Duplex): void {
  this.destroy();
}

/** Gives the request back to the server, without its `Upgrade` header. */
function ignoreUpgrade(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request;
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    if (rawHeaders[at]?.toLowerCase() !== "upgrade") text += `${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`;
  }
  socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, "latin1"), head]));
  server.emit("connection", socket);
}

function refuse({ method }: IncomingMessage, socket: Duplex, { status, message, headers }: HttpError): void {
  const body = JSON.stringify({ error: message });
  const head = {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(body),
    "Cache-Control": "no-store",
    Connection: "close",
    ...headers,
  };
  const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join("")}\r\n${method === "HEAD" ? "" : body}`,
  );
  const timer = setTimeout(() => socket.destroy(), LINGER);
  socket.once("close", () => clearTimeout(timer));
  socket.resume(); // What it still sends is discarded.
}
