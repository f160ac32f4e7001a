// Listening and stopping.
import type { Server } from "node:http";
import { isIPv6 } from "node:net";
import { limitPipelining } from "./answer.ts";
import { type Chapter, fail, StartError } from "./open.ts";

/** How long a stop waits for those who do not let go, in milliseconds; the contract allows two seconds in all. */
const GRACE = 1_000;
const SWEEP = 50;
/** Then the process ends, even where the log cannot be closed because its disk hangs. */
const LAST = 1_800;

/** A connection on which nothing moves, in milliseconds. A held request is silent for 25 s, a stream for 15 s. */
const IDLE = 60_000;

/**
 * Listens, prints the ready line, and stops on SIGINT and SIGTERM: no new connections, held requests answered, half-sent
 * ones dropped, the log closed, exit code 0.
 *
 * @param close answers, or closes, whoever this chapter keeps waiting. It may be called several times during a stop.
 */
export function listen(server: Server, chapter: Chapter, close: () => void = () => {}): void {
  const { name, host, port, log } = chapter;
  server.timeout = IDLE;
  server.prependListener("request", limitPipelining);
  server.on("error", (error) => {
    // Once it listens, an error is one connection's (no file descriptor was left for it, say) and not the server's.
    if (server.listening) console.error(error);
    else fail(name, new StartError(whyNot(error, port, host)));
  });
  server.listen(port, host, () => {
    const address = server.address();
    const bound = typeof address === "object" && address ? address.port : port;
    console.log(`${name}  ${chapter.secure ? "https" : "http"}://${nameOf(host)}:${bound}`);
  });

  let stopping = false;
  const stop = async () => {
    if (stopping) return; // Ctrl-C under npm arrives twice: from the terminal, and from npm.
    stopping = true;
    setTimeout(() => process.exit(0), LAST);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const sweep = () => {
      close();
      server.closeIdleConnections();
    };
    sweep();
    // Whoever asks again on a connection that is still open is answered too, and the connection closed behind it.
    const timer = setInterval(sweep, SWEEP);
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, GRACE))]);
    clearInterval(timer);
    server.closeAllConnections();
    await log.close();
    process.exit(0); // Closing is not exiting: a socket that is deaf to its close would hold the process open.
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
}

function nameOf(host: string): string {
  if (["127.0.0.1", "0.0.0.0", "::"].includes(host)) return "localhost";
  return isIPv6(host) ? `[${host}]` : host;
}

function whyNot(error: Error & { code?: string }, port: number, host: string): string {
  switch (error.code) {
    case "EADDRINUSE":
      return `Port ${port} is in use: end what listens there, or take a free one with -- --port 0.`;
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
