// What a client of each technique asks for, and how it reads the answer.
import {
  clientFrame,
  frameParser,
  httpParser,
  type Parse,
  packetOf,
  parseAnswers,
  parseConstant,
  parseEvents,
  parseFrames,
} from "./wire.ts";

/** How to talk to one kind of server. */
export interface Technique {
  /** The target of the request that receives; in it, AFTER stands for the cursor and SID for the session. */
  readonly target: string;
  /**
   * `again`: each answer is whole, and the next request follows it, after an interval or at once. `stream`: the first
   * answer never ends. `asked`: a request for each wave, for the floor that knows of no news.
   */
  readonly shape: "again" | "stream" | "asked";
  readonly parse: Parse;
  /** How a draft is sent: on the client's own connection, in a `POST`, or as a line on a connection of its own. */
  readonly send: "frame" | "post" | "line";
  /** Whether it is Socket.IO, with its own greeting, and its own text around a message. */
  readonly socketIo?: boolean;
}

const socketIoBody = (body: Buffer) => {
  const parts = body
    .toString()
    .split("\x1e")
    .filter((packet) => packet !== "ok")
    .map(packetOf);
  return {
    messages: parts.flatMap(({ messages = [] }) => messages),
    pings: parts.flatMap(({ pings = [] }) => pings),
    opening: parts.flatMap(({ opening = [] }) => opening),
    payload: parts.reduce((total, { payload = 0 }) => total + payload, 0),
  };
};

export const TECHNIQUES = {
  polling: { target: "/poll?after=AFTER", shape: "again", parse: parseAnswers, send: "post" },
  "long polling": { target: "/longpoll?after=AFTER", shape: "again", parse: parseAnswers, send: "post" },
  events: { target: "/subscribe?after=AFTER", shape: "stream", parse: parseEvents, send: "post" },
  socket: { target: "/?after=AFTER", shape: "stream", parse: parseFrames, send: "frame" },
  "polling asked": { target: "/poll?after=AFTER", shape: "asked", parse: parseAnswers, send: "post" },
  "constant asked": { target: "/", shape: "asked", parse: parseConstant, send: "post" },
  "nothing asked": { target: "/none", shape: "asked", parse: parseConstant, send: "post" },
  "floor events": { target: "/", shape: "stream", parse: parseEvents, send: "line" },
  "floor socket": { target: "/", shape: "stream", parse: parseFrames, send: "line" },
  "socket.io socket": {
    target: "/socket.io/?EIO=4&transport=websocket",
    shape: "stream",
    parse: frameParser(packetOf),
    send: "frame",
    socketIo: true,
  },
  "socket.io polling": {
    target: "/socket.io/?EIO=4&transport=pollingSID",
    shape: "again",
    parse: httpParser(socketIoBody),
    send: "post",
    socketIo: true,
  },
} as const satisfies Record<string, Technique>;

export type TechniqueName = keyof typeof TECHNIQUES;

// What Chromium sends with a `fetch` of its own page; the servers pay for reading it, so it has to be there.
const BROWSER = `Connection: keep-alive\r
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r
Accept-Encoding: gzip, deflate, br, zstd\r
Accept-Language: ko-KR,ko;q=0.9,en;q=0.8\r
`;
const FETCH = `${BROWSER}Accept: */*\r
Sec-Fetch-Dest: empty\r
Sec-Fetch-Mode: cors\r
Sec-Fetch-Site: same-origin\r
`;
const UPGRADE = `Upgrade: websocket\r
${BROWSER.replace("keep-alive", "Upgrade")}Sec-WebSocket-Version: 13\r
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
`;

/** @returns the bytes of a request that receives */
export function askOf(port: number, target: string, upgrade: boolean): Buffer {
  const host = `Host: localhost:${port}\r\n`;
  return Buffer.from(`GET ${target} HTTP/1.1\r\n${host}${upgrade ? UPGRADE : FETCH}\r\n`, "latin1");
}

/** @returns the bytes of a request that sends */
export function postOf(port: number, target: string, body: string, type = "application/json"): Buffer {
  const origin = `Host: localhost:${port}\r\nOrigin: http://localhost:${port}\r\n`;
  const content = `Content-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  return Buffer.from(`POST ${target} HTTP/1.1\r\n${origin}${content}${FETCH}\r\n${body}`);
}

/** @returns a draft's bytes on a client's own connection */
export function frameOf(technique: Technique, draft: string): Buffer {
  return clientFrame(technique.socketIo ? `42["send",${draft}]` : draft);
}
