// Who may leave HTTP for WebSocket. It is decided as for any request, and before the handshake.
import { type IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { admit, type HostNames } from "../http/admit.ts";
import { HttpError } from "../http/answer.ts";
import { MAX_BODY } from "../http/body.ts";

/** The largest message of a client, in bytes: as large as the body of a `POST`. A larger one is closed with 1009. */
export const MAX_PAYLOAD = MAX_BODY;

const PATHS = new Map([["/", ["GET"]]]);

/** @returns false for an upgrade to anything else, which a server may ignore (RFC 9110 §7.8), as we do */
export function isWebSocket(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === "websocket";
}

/**
 * Lets an upgrade in, with a handshake that `ws` will grant.
 *
 * @throws HttpError as `admit` does, Origin included: no other check keeps a foreign page from opening a socket to us
 *   with its visitor's rights (RFC 6455 §10.2); 426 another version (§4.4); 400 another flaw (§4.2.1)
 */
export function admitUpgrade(request: IncomingMessage, names: HostNames): void {
  admit(request, PATHS, names);
  const { "sec-websocket-version": version, "sec-websocket-key": key = "" } = request.headers;
  if (version !== "13") {
    const speaks = { "Sec-WebSocket-Version": "13" };
    throw new HttpError(426, "Ask for version 13 of WebSocket: send Sec-WebSocket-Version: 13.", speaks);
  }
  if (!/^[A-Za-z0-9+/]{22}==$/.test(key)) {
    throw new HttpError(400, "Send a Sec-WebSocket-Key: 16 random bytes in base64.");
  }
  // We speak none, and leave it to the client whether it goes on without (§4.2.2); `ws` would pick the first.
  delete request.headers["sec-websocket-protocol"];
}

/** @returns a response on the socket of an upgrade that stays with HTTP; its end closes the connection */
export function responseOn(request: IncomingMessage, socket: Duplex): ServerResponse {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(request.socket);
  response.once("finish", () => socket.end());
  return response;
}
