// Bytes on a socket, for tests whose subject is the wire.
import { connect, type Socket } from "node:net";
import { connect as connectSecurely } from "node:tls";
import { onTestFinished } from "vitest";

/** A connection that collects what it reads. It is destroyed when the test is over. */
export interface RawConnection {
  readonly socket: Socket;
  /** Everything read so far, as Latin-1, one character a byte. */
  received(): string;
  /** Waits until what was read satisfies `enough`; fails where the connection ends first. */
  until(enough: (received: string) => boolean): Promise<string>;
  /** Waits until the server has ended the connection, and returns everything read. */
  ended(): Promise<string>;
}

/** Opens a connection and sends `bytes`. */
export function rawConnection(port: number, bytes: string | Uint8Array = ""): RawConnection {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  let received = "";
  let over = false;
  const watchers = new Set<() => void>();
  const tell = () => {
    for (const watcher of watchers) watcher();
  };
  socket.on("data", (chunk) => {
    received += chunk.toString("latin1");
    tell();
  });
  // A reset after the answer is as good an end as any; what counts is what was read until then.
  socket.on("error", () => {});
  for (const event of ["end", "close"]) {
    socket.on(event, () => {
      over = true;
      tell();
    });
  }
  socket.write(bytes);
  const wait = (enough: () => boolean, what: string) =>
    new Promise<string>((resolve, reject) => {
      const watcher = () => {
        if (enough()) resolve(received);
        else if (over) reject(new Error(`the connection ended before ${what}: ${JSON.stringify(received)}`));
        else return;
        watchers.delete(watcher);
      };
      watchers.add(watcher);
      watcher();
    });
  return {
    socket,
    received: () => received,
    until: (enough) => wait(() => enough(received), "enough was read"),
    ended: () => wait(() => over, "its end"),
  };
}

/** Sends one raw request and reads until the server ends the connection (so send `Connection: close`). */
export function exchange(port: number, bytes: string | Uint8Array): Promise<string> {
  return rawConnection(port, bytes).ended();
}

/** As `exchange`, over TLS, with a server that has this certificate for `localhost`. */
export async function secureExchange(port: number, certificate: string, bytes: Uint8Array): Promise<string> {
  const socket = connectSecurely({ port, host: "127.0.0.1", ca: certificate, servername: "localhost" });
  onTestFinished(() => void socket.destroy());
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.write(bytes);
  await new Promise<void>((resolve, reject) => socket.once("end", resolve).once("error", reject));
  return Buffer.concat(chunks).toString("latin1");
}

/** The status of a raw HTTP answer. */
export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]);
}
