// The floors: the least that a server of Node can do. `node floors.js KIND [FILE]` prints its address when ready.
//
//   events, socket   node:net: one prepared buffer a message, written to each socket, one message at a time;
//                    with FILE, each message is written and flushed before it is sent
//   http             node:http: a constant answer to everybody, or 204 for /none
import { type FileHandle, open } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { frameOf } from "../clients/frames.ts";

const [kind = "events", path] = process.argv.slice(2);
const file = path === undefined ? undefined : await open(path, "a");

const WIRES = {
  events: {
    head: "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
    heartbeat: chunkOf(": \n\n"),
    every: 15_000,
    bytesOf: (id: number, json: string) => chunkOf(`id: ${id}\ndata: ${json}\n\n`),
  },
  socket: {
    head: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    heartbeat: Buffer.of(0x89, 0),
    every: 15_000,
    bytesOf: (_id: number, json: string) => frameOf(json, { mask: undefined }),
  },
};

function chunkOf(text: string): Buffer {
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
}

/** Keeps it to the point: who speaks first with SEND is a sender, anybody else receives. */
function pushFloor({ head, heartbeat, every, bytesOf }: (typeof WIRES)["events"]) {
  const clients = new Set<Socket>();
  let last = 0;
  setInterval(() => {
    for (const client of clients) client.write(heartbeat);
  }, every);

  async function publish(sender: Socket, line: string, log: FileHandle | undefined) {
    const { author, text, key } = JSON.parse(line);
    if (log) {
      await log.write(`${line}\n`);
      await log.datasync();
    }
    last += 1;
    const bytes = bytesOf(last, JSON.stringify({ id: last, author, text, timestamp: Date.now(), key }));
    for (const client of clients) client.write(bytes);
    sender.write("\n");
  }

  return createServer({ noDelay: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", (first: Buffer) => {
      if (!first.toString("latin1", 0, 4).startsWith("SEND")) {
        socket.write(head);
        clients.add(socket);
        socket.once("close", () => clients.delete(socket));
        socket.on("data", () => {});
        return;
      }
      const onLine = (bytes: Buffer) => void publish(socket, bytes.toString("utf8", 4), file);
      socket.on("data", onLine);
      onLine(first);
    });
  });
}

/** As large as the messages of the other servers. */
const ANSWER = JSON.stringify([
  {
    id: 1,
    author: "load",
    text: `wave 1000 ${"안녕 hello ".repeat(4)}`,
    timestamp: Date.now(),
    key: "load-1000",
  },
]);

const HEADERS = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(ANSWER) };

function httpFloor() {
  // The clients wait for their turn, and the others' may take longer than the five seconds of node:http.
  const patient = { keepAliveTimeout: 600_000, headersTimeout: 0, requestTimeout: 0 };
  return createHttpServer(patient, (request, response) => {
    if (request.url === "/none") response.writeHead(204).end();
    else response.writeHead(200, HEADERS).end(ANSWER);
  });
}

process.on("SIGTERM", () => process.exit(0));

const server = kind === "http" ? httpFloor() : pushFloor(kind === "socket" ? WIRES.socket : WIRES.events);
server.listen({ port: 0, host: "127.0.0.1" }, () => {
  const { port } = server.address() as AddressInfo;
  console.log(`floor ${kind}  http://localhost:${port}`);
});
