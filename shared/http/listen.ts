// Listening and shutting down.
import type { Server } from "node:http";
import { isIPv6, type Server as NetServer } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import { type Chapter, fail, StartError } from "./open.ts";
import { MAX_BODY } from "./update.ts";

/** How long a shutdown waits for open connections, in milliseconds; the contract allows two seconds in all. */
const GRACE = 1_000;
const SWEEP = 50;
/** Then the process ends, even if the log cannot be closed because its disk hangs. */
const LAST = 1_800;

/** A connection on which nothing moves is closed after so many milliseconds: more than a hold or a heartbeat. */
const IDLE = 60_000;

/** How long a TLS handshake may take, in milliseconds: as long as the head of a request. */
const HANDSHAKE = 10_000;

/**
 * Listens, prints the ready line, and shuts down on SIGINT and SIGTERM: no new connections, held requests answered,
 * half-sent ones dropped, the log closed, exit code 0. With a certificate it speaks https and wss: a TLS server listens
 * and hands its decrypted sockets to the HTTP server, by its "connection" event.
 *
 * @param close answers, or closes, every client that this chapter keeps waiting. It is called several times during a
 *   shutdown
 */
export function listen(server: Server, chapter: Chapter, close: () => void = () => {}): void {
  const { name, host, port, log, certificate } = chapter;
  server.timeout = IDLE;
  server.maxHeadersCount = 0; // All of a head counts, however many fields it has: its size is limited to 16 KiB.
  // `Expect: 100-continue`: a body that is too large must not be asked for (RFC 9110 §10.1.1).
  server.on("checkContinue", (request, response) => {
    if (Number(request.headers["content-length"] ?? 0) <= MAX_BODY) response.writeContinue();
    server.emit("request", request, response);
  });
  const listener: NetServer = certificate
    ? createTlsServer({ ...certificate, noDelay: true, handshakeTimeout: HANDSHAKE }, (socket) =>
        server.emit("connection", socket),
      )
    : server;
  // node:http watches its connections (time limits, closing the idle ones) from its own "listening" on.
  if (listener !== server) listener.on("listening", () => server.emit("listening"));
  // A handshake that fails or takes too long is only reported by node:tls: its connection is ours to close.
  listener.on("tlsClientError", (_: Error, socket: Duplex) => socket.destroy());
  listener.on("error", (error) => {
    // Once it listens, an error is about one connection (out of file descriptors, say) and not about the server.
    if (listener.listening) console.error(error);
    else fail(name, new StartError(whyNot(error, port, host)));
  });
  listener.listen(port, host, () => {
    const address = listener.address();
    const bound = typeof address === "object" && address ? address.port : port;
    console.log(`${name}  ${certificate ? "https" : "http"}://${nameOf(host)}:${bound}`);
  });

  let stopping = false;
  const stop = async () => {
    if (stopping) return; // Ctrl-C under npm arrives twice: from the terminal, and from npm.
    stopping = true;
    setTimeout(() => process.exit(0), LAST);
    const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
    const sweep = () => {
      close();
      server.closeIdleConnections();
    };
    sweep();
    // Clients that ask again on an open connection are answered too, and then their connection is closed.
    const timer = setInterval(sweep, SWEEP);
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, GRACE))]);
    clearInterval(timer);
    server.closeAllConnections();
    await log.close();
    process.exit(0); // Closing is not exiting: a socket that ignores its close would keep the process running.
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}

/** The name to print: an address that means "any" is no name to open. */
function nameOf(host: string): string {
  if (["127.0.0.1", "0.0.0.0", "::"].includes(host)) return "localhost";
  return isIPv6(host) ? `[${host}]` : host;
}

function whyNot(error: Error & { code?: string }, port: number, host: string): string {
  switch (error.code) {
    case "EADDRINUSE":
      return `Port ${port} is in use: stop the program that uses it, or take a free one with -- --port 0.`;
    case "EACCES":
      return `Port ${port} may not be used by this user: take one above 1023 with -- --port 3000.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `${host} is not an address of this machine: give one with -- --host, or leave the flag out.`;
    default:
      return `The server cannot listen on ${host}, port ${port}: ${error.message}.`;
  }
}
