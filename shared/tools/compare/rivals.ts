// What people would use instead, as their documentation shows it. `node rivals.js KIND` prints its address when ready.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { createChannel, createSession } from "better-sse";
import { Server } from "socket.io";
import type { Draft } from "../../message-store/message.ts";

const [kind = "better-sse"] = process.argv.slice(2);
let last = 0;

function messageOf(draft: Draft) {
  last += 1;
  return { id: last, author: draft.author, text: draft.text, timestamp: Date.now(), key: draft.key };
}

function betterSse() {
  const channel = createChannel();
  return createServer(async (request, response) => {
    if (request.method === "POST") {
      const message = messageOf(JSON.parse(await text(request)));
      channel.broadcast(message, "message", { eventId: String(message.id) });
      response.end(JSON.stringify(message));
    } else channel.register(await createSession(request, response));
  });
}

function socketIo() {
  const server = createServer();
  const io = new Server(server);
  io.on("connection", (socket) => {
    socket.on("send", (draft: Draft) => io.emit("message", messageOf(draft)));
  });
  return server;
}

const server = kind === "socket.io" ? socketIo() : betterSse();
server.listen({ port: 0, host: "127.0.0.1" }, () => {
  const { port } = server.address() as AddressInfo;
  console.log(`${kind}  http://localhost:${port}`);
});
