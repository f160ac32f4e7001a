// One answer to many requests: head and body made once, however many wait for it.
import type { ServerResponse } from "node:http";
import { send } from "../fan-out/fan-out.ts";
import { answer, forgetHeaders, KEEP_ALIVE, wasAnswered } from "../http/answer.ts";
import type { Message } from "../message-store/message.ts";

/** @returns the response, as light as it can wait: its request's headers were read by now, and are let go of */
export function held(response: ServerResponse): ServerResponse {
  forgetHeaders(response.req);
  return response;
}

/** The bytes of an answer: head and body, and the body alone. */
export interface PreparedAnswer {
  readonly whole: Buffer;
  readonly body: Buffer;
}

/** @returns 200 and the messages, byte for byte as `answer` would write it */
export function answerOf(messages: readonly Message[]): PreparedAnswer {
  const body = Buffer.from(JSON.stringify(messages));
  const head = `HTTP/1.1 200 OK\r
Cache-Control: no-store\r
Content-Type: application/json\r
Content-Length: ${body.length}\r
X-Content-Type-Options: nosniff\r
Date: ${new Date().toUTCString()}\r
Connection: keep-alive\r
Keep-Alive: timeout=${KEEP_ALIVE / 1_000}\r
\r
`;
  return { whole: Buffer.concat([Buffer.from(head), body]), body };
}

/**
 * Answers a held request, past `response.writeHead` and `end`: those would make the same head anew for every client,
 * and write it and the body apart. It saves 6 of the 33 µs that a message costs for each client.
 *
 * A shortcut: "finish" is node:http's own event, by which it lets the connection go on to its next request. It is
 * emitted here because nothing else says that an answer was sent without it.
 */
export function sendAnswer(response: ServerResponse, { whole, body }: PreparedAnswer): void {
  if (wasAnswered(response)) return;
  const { socket, shouldKeepAlive, req } = response;
  if (socket !== null && shouldKeepAlive && req.httpVersion === "1.1") {
    response.statusMessage = "OK";
    send(socket, whole);
    response.emit("finish");
  } else {
    answer(response, 200, body); // Behind another answer, the connection's last, or in an older HTTP: another head.
  }
}
