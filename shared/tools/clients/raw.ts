// Bytes on a socket, for those whose subject is the wire.
import { connect, type Socket } from "node:net";

/** Where a server listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** A connection that collects what it reads. */
export interface RawConnection {
  readonly socket: Socket;
  /** Everything read so far, as Latin-1, one character a byte. */
  received(): string;
  /** Whether the server has ended the connection. */
  isOver(): boolean;
  /** Waits until what was read satisfies `enough`; fails where the connection ends first. */
  until(enough: (received: string) => boolean): Promise<string>;
  /** Waits until the server has ended the connection, and returns everything read. */
  ended(): Promise<string>;
}

/** Opens a connection and sends `bytes`. To destroy it is the caller's matter. */
export function openRaw(address: Address, bytes: string | Uint8Array = ""): RawConnection {
  const socket = connect({ ...address, allowHalfOpen: true, noDelay: true });
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
    isOver: () => over,
    until: (enough) => wait(() => enough(received), "enough was read"),
    ended: () => wait(() => over, "its end"),
  };
}
