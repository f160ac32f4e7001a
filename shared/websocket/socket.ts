// What a chapter needs beside `ws`: frames that are made once, drafts in, answers out, and a pulse.
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { send } from "../fan-out/fan-out.ts";
import { asHttpError, UNREAD_LIMIT } from "../http/answer.ts";
import type { Message } from "../message-store/message.ts";
import { textFrame } from "./frame.ts";

/** @returns a text frame a message, in one buffer: what was kept together goes out together */
export function framesOf(messages: readonly Message[]): Buffer {
  return Buffer.concat(messages.map((message) => textFrame(JSON.stringify(message))));
}

/**
 * Writes frames to a client's socket, past `ws.send`: that would frame the same message anew for every client. It is
 * safe because `ws` without compression keeps nothing back, and only as long as no close frame was sent or received:
 * no data may follow one (RFC 6455 §5.5.1).
 */
export function sendFrames(ws: WebSocket, socket: Duplex, frames: Buffer): void {
  if (ws.readyState === ws.OPEN) send(socket, frames);
}

/** Answers one client with JSON in a text message; one that does not read its answers is disconnected. */
export function reply(ws: WebSocket, value: unknown): void {
  ws.send(JSON.stringify(value));
  if (ws.bufferedAmount > UNREAD_LIMIT) ws.terminate();
}

/**
 * Listens to what a client sends.
 *
 * @param update called with each draft, which is not checked yet; where it rejects, the client is told why and, by the
 *   draft's key, of which. Until it settles nothing more is read from the socket: beyond the one piece that was read
 *   already, what the client sends meanwhile waits there, and not in our memory
 */
export function onDraft(ws: WebSocket, update: (draft: object) => Promise<void>): void {
  ws.on("error", () => {}); // A bad frame: `ws` has sent its close code (RFC 6455 §7.4), and "close" follows.
  ws.on("message", async (data, isBinary) => {
    if (ws.readyState !== ws.OPEN) return; // We have said goodbye: nothing more counts (RFC 6455 §7.1.7).
    if (isBinary) return ws.close(1003, "Send text.");
    const draft = draftIn(String(data));
    ws.pause();
    try {
      await update(draft);
    } catch (error) {
      const key = "key" in draft && typeof draft.key === "string" ? draft.key : undefined;
      reply(ws, { error: asHttpError(error).message, key });
    }
    ws.resume();
  });
}

/**
 * @param text a text message as it came
 * @returns a JSON object's own fields; of anything else, the text as a draft's text, so that `ws.send("Hello")` in a
 *   browser's console works
 */
export function draftIn(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {} // Not JSON: just text.
  return { text };
}

/** A ping without payload (RFC 6455 §5.5.2). */
const PING = Buffer.of(0x89, 0);

/** Whether the pong to a client's last ping is still missing. */
const isSilent = new WeakMap<WebSocket, boolean>();

/**
 * Pings a client, or drops it where it has not answered the ping before (RFC 6455 §5.5.2).
 *
 * @param socket its connection, where it has nothing to catch up on: then the ping is written past `ws.ping`, which
 *   would make it anew for every client and write it in two pieces. It saves a third of a heartbeat's cost
 */
export function checkPulse(ws: WebSocket, socket: Duplex | undefined): void {
  const wasSilent = isSilent.get(ws);
  if (wasSilent) {
    ws.terminate();
    return;
  }
  if (wasSilent === undefined) ws.on("pong", isHeard);
  isSilent.set(ws, true);
  if (socket) sendFrames(ws, socket, PING);
  else ws.ping();
}

function isHeard(this: WebSocket): void {
  isSilent.set(this, false);
}
