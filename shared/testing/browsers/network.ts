// A network between a page and its server that can be made to fail, in the ways in which networks do.
import { createServer, type IncomingMessage, request } from "node:http";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

/**
 * What becomes of a request: it passes; it reaches the server, and the answer is lost; it breaks off at once; nothing
 * becomes of it; it is answered by a proxy, with this status. On an upgraded connection what the server says passes,
 * or is lost.
 */
export type Fate = "passes" | "loses the answer" | "breaks off" | "hangs" | number;

export interface Network {
  /** The server's address, by way of this network. */
  readonly url: string;
  /** Decides what becomes of requests from now on. What is still to be decided does not reach the server yet. */
  decide(fateOf: (request: IncomingMessage) => Fate | Promise<Fate>): void;
  /** Breaks off whatever is connected. */
  breakOff(): void;
  /** Waits for a request, made after this call. */
  next(matches: (request: IncomingMessage) => boolean): Promise<IncomingMessage>;
}

/** @param port where the server listens, on this machine */
export async function openNetwork(port: number): Promise<Network> {
  let fateOf: (request: IncomingMessage) => Fate | Promise<Fate> = () => "passes";
  const sockets = new Set<Socket>();
  const watchers = new Set<(request: IncomingMessage) => void>();
  const see = (incoming: IncomingMessage) => {
    for (const watcher of watchers) watcher(incoming);
    return fateOf(incoming);
  };

  const server = createServer(async (incoming, outgoing) => {
    const fate = await see(incoming);
    const lose = () => void incoming.socket.destroy();
    if (fate === "hangs") return;
    if (fate === "breaks off") return lose();
    if (typeof fate === "number") return void outgoing.writeHead(fate).end();
    const { method, url: path, headers } = incoming;
    const onward = request({ port, host: "127.0.0.1", method, path, headers, agent: false });
    onward.on("error", lose);
    onward.on("response", (answer) => {
      answer.on("error", lose);
      if (fate === "loses the answer") return void answer.on("end", lose).resume();
      // Of one connection, not of both (RFC 9110 §7.6.1).
      const { connection, "keep-alive": keepAlive, ...others } = answer.headers;
      outgoing.writeHead(answer.statusCode ?? 502, others).flushHeaders();
      answer.pipe(outgoing);
    });
    outgoing.on("close", () => onward.destroy());
    incoming.pipe(onward);
  });
  server.on("upgrade", (incoming, socket, head) => {
    const fate = see(incoming);
    if (fate === "breaks off" || typeof fate === "number") return void socket.destroy();
    const onward = connect(port, "127.0.0.1");
    const lines = incoming.rawHeaders.map((part, index) => (index % 2 === 0 ? `${part}: ` : `${part}\r\n`));
    onward.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${lines.join("")}\r\n`);
    onward.write(head);
    socket.pipe(onward);
    onward.on("data", (bytes) => fateOf(incoming) !== "loses the answer" && socket.write(bytes));
    for (const end of [onward, socket]) {
      end.on("error", () => {});
      end.on("close", () => {
        socket.destroy();
        onward.destroy();
      });
    }
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  const breakOff = () => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    breakOff();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no address");
  return {
    url: `http://localhost:${address.port}`,
    decide(next) {
      fateOf = next;
    },
    breakOff,
    next(matches) {
      return new Promise((resolve) => {
        const watcher = (incoming: IncomingMessage) => {
          if (!matches(incoming)) return;
          watchers.delete(watcher);
          resolve(incoming);
        };
        watchers.add(watcher);
      });
    },
  };
}
