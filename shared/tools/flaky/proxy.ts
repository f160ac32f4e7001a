// A TCP proxy in front of a chapter: the same bytes, unless it is told to be a bad network.
import { connect, createServer, type Socket } from "node:net";
import { type Conditions, type Flow, openFlow } from "./flow.ts";

/** The way that bytes go: `upstream` from client to server, `downstream` from server to client. */
export type Direction = "upstream" | "downstream";
export const DIRECTIONS: readonly Direction[] = ["upstream", "downstream"];

/** What happens on the wire, told at the time; of bytes that came, before the proxy does anything about it. */
export type WireEvent =
  | { readonly type: "open"; readonly connection: number }
  /** Both of its sockets are closed. `unreachable`: nothing listened at `to`. */
  | {
      readonly type: "close";
      readonly connection: number;
      readonly how: "closed" | "reset" | "unreachable";
    }
  /** A new connection was reset on arrival, after `refuse`. */
  | { readonly type: "refused" }
  | {
      readonly type: "bytes";
      readonly connection: number;
      readonly direction: Direction;
      readonly bytes: Buffer;
    }
  /** So many bytes were passed on. */
  | {
      readonly type: "passed";
      readonly connection: number;
      readonly direction: Direction;
      readonly bytes: number;
    }
  /** No more bytes come in this direction (FIN). */
  | { readonly type: "end"; readonly connection: number; readonly direction: Direction };

export interface ProxyOptions {
  /** The port of the chapter, on 127.0.0.1. */
  readonly to: number;
  /** Where to listen; 0, and so a free port, unless told. */
  readonly port?: number;
  /** The address to listen on; 127.0.0.1 unless told. */
  readonly host?: string;
  /** Told of each connection, numbered 1, 2, 3 …, and of its bytes. The bytes are to be read, not changed. */
  readonly watch?: (event: WireEvent) => void;
}

/** How often, and how much, since the proxy was opened. */
export interface Counts {
  /** Connections that were let in. */
  readonly accepted: number;
  /** Connections that were reset on arrival, after `refuse`. */
  readonly refused: number;
  /** Of the accepted ones, those for which nothing listened at `to`. Their clients see a reset. */
  readonly unreachable: number;
  /** Bytes written to the server. */
  readonly upstream: number;
  /** Bytes written to clients. */
  readonly downstream: number;
}

/**
 * The proxy, and what it can be told. A fault that lasts holds for all connections, the present and the later ones,
 * until it is undone. While there is none, bytes pass untouched and at once, ends (FIN) and resets (RST) pass as such,
 * each direction ends for itself, and whoever reads slowly slows down whoever sends.
 */
export interface TcpProxy {
  readonly port: number;
  /** How many connections are open now. */
  readonly connections: number;
  readonly counts: Counts;
  /** Resets every connection, on both sides. What was on the way is lost. */
  cutAll(): void;
  /**
   * Resets new connections as they come; those that are open stay. The port is held meanwhile (a client sees a reset,
   * not "refused"): let go, it could be lost to another process, or to a client whose own port it happens to become.
   */
  refuse(): void;
  /** Undoes `refuse`. */
  accept(): void;
  /**
   * Latency: from now on bytes, and ends, pass `ms` milliseconds after they came, in each direction. 0 undoes it. What
   * is on the way keeps its time and its place. Throughput is bounded: 256 KiB at most are on the way.
   */
  delay(ms: number): void;
  /**
   * Nothing gets through in this direction, ends included. What is on the way stays there and is not lost; when 256 KiB
   * are, the sender is not read any more. A reset is not held up.
   */
  stall(direction: Direction): void;
  /** Undoes `stall`, for both directions unless told: all that waited goes on, in order. */
  resume(direction?: Direction): void;
  /** Whether each write is a single byte, one a turn of the event loop. A slow reader may still read several. */
  splitBytes(on: boolean): void;
  /**
   * Ends this direction (FIN) of each open connection, behind what is on the way. What its sender still sends is
   * thrown away. The other direction stays as it is. Later connections are whole.
   */
  halfClose(direction: Direction): void;
  /** Undoes each fault that lasts. */
  heal(): void;
  /** Stops listening and resets every connection. @returns when no socket is left */
  close(): Promise<void>;
}

/** One client's connection, and ours to the server. */
interface Pair {
  readonly flows: Readonly<Record<Direction, Flow>>;
  reset(): void;
}

/**
 * Opens a proxy.
 *
 * @throws Error where it cannot listen; `code` says why, as in `EADDRINUSE`
 */
export async function openProxy({
  to,
  port = 0,
  host = "127.0.0.1",
  watch,
}: ProxyOptions): Promise<TcpProxy> {
  const counts = { accepted: 0, refused: 0, unreachable: 0, upstream: 0, downstream: 0 };
  const conditions: Record<Direction, Conditions> = {
    upstream: { latency: 0, stalled: false, bytewise: false },
    downstream: { latency: 0, stalled: false, bytewise: false },
  };
  const pairs = new Set<Pair>();
  let refusing = false;
  let onClosed = () => {};

  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    client.on("error", () => {}); // Its "close" says all that is to be done.
    if (refusing) {
      counts.refused += 1;
      watch?.({ type: "refused" });
      client.resetAndDestroy();
      return;
    }
    counts.accepted += 1;
    join(client, counts.accepted);
  });

  const join = (client: Socket, connection: number) => {
    const server = connect({ host: "127.0.0.1", port: to, allowHalfOpen: true, noDelay: true });
    let how: "closed" | "reset" | "unreachable" = "closed";
    const reset = () => {
      if (how === "closed") how = "reset";
      for (const socket of [client, server]) resetSocket(socket);
    };
    const carry = (source: Socket, sink: Socket, direction: Direction) =>
      openFlow(source, sink, conditions[direction], {
        read: (bytes) => watch?.({ type: "bytes", connection, direction, bytes }),
        wrote: (bytes) => {
          counts[direction] += bytes;
          watch?.({ type: "passed", connection, direction, bytes });
        },
        ended: () => watch?.({ type: "end", connection, direction }),
      });
    watch?.({ type: "open", connection });
    const flows = {
      upstream: carry(client, server, "upstream"),
      downstream: carry(server, client, "downstream"),
    };
    const pair = { flows, reset };
    pairs.add(pair);
    server.on("error", (error) => {
      if (!("syscall" in error) || error.syscall !== "connect") return;
      counts.unreachable += 1;
      how = "unreachable";
    });
    let open = 2;
    for (const socket of [client, server]) {
      socket.on("close", (hadError) => {
        if (hadError) reset();
        open -= 1;
        if (open > 0) return;
        pairs.delete(pair);
        watch?.({ type: "close", connection, how });
        onClosed();
      });
    }
  };

  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject).listen(port, host, () => {
      listener.off("error", reject);
      resolve();
    });
  });
  // From here on it tells of a connection that could not be taken, for want of file descriptors say.
  listener.on("error", () => {
    counts.refused += 1;
  });
  const address = listener.address();

  const cutAll = () => {
    for (const { reset } of pairs) reset();
  };
  const change = (changes: Partial<Conditions>, directions = DIRECTIONS) => {
    for (const direction of directions) {
      Object.assign(conditions[direction], changes);
      for (const { flows } of pairs) flows[direction].pump();
    }
  };
  return {
    port: typeof address === "object" && address ? address.port : port,
    get connections() {
      return pairs.size;
    },
    counts,
    cutAll,
    refuse() {
      refusing = true;
    },
    accept() {
      refusing = false;
    },
    delay: (ms) => change({ latency: ms }),
    stall: (direction) => change({ stalled: true }, [direction]),
    resume: (direction) => change({ stalled: false }, direction && [direction]),
    splitBytes: (on) => change({ bytewise: on }),
    halfClose(direction) {
      for (const { flows } of pairs) flows[direction].end();
    },
    heal() {
      refusing = false;
      change({ latency: 0, stalled: false, bytewise: false });
    },
    async close() {
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
      cutAll();
      await closed;
      while (pairs.size > 0) {
        await new Promise<void>((resolve) => {
          onClosed = resolve;
        });
      }
    },
  };
}

/** Ends a connection with RST; one that is still connecting as soon as it is: the server may know of it already. */
function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  // While libuv is about to send FIN, which takes a turn, it refuses to reset, and Node would lose the open socket.
  const isEnding = socket.writableEnded && socket.writableLength === 0 && !socket.writableFinished;
  if (isEnding) socket.once("finish", () => resetSocket(socket));
  else socket.resetAndDestroy();
}
