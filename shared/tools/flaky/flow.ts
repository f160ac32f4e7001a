// One direction of one connection: bytes in, the same bytes out; later, or in pieces, where the network is bad.
import type { Socket } from "node:net";

/** What is wrong with one direction of the network. It may change at any time. */
export interface Conditions {
  /** How long bytes are on the way, in milliseconds. */
  latency: number;
  /** Nothing gets through. */
  stalled: boolean;
  /** Every write is a single byte. */
  bytewise: boolean;
}

/** What is told of a flow, at the time. */
export interface FlowListener {
  /** Bytes were read from the source. */
  read(bytes: Buffer): void;
  /** So many bytes were written to the sink. */
  wrote(bytes: number): void;
  /** The source has ended. */
  ended(): void;
}

/** One direction of one connection. */
export interface Flow {
  /** Goes on; call it when the conditions are better than they were. */
  pump(): void;
  /** Ends the sink behind what is on the way. What the source still sends is read and thrown away. */
  end(): void;
}

/**
 * When so many bytes are on the way, in one direction of one connection, the source is not read until some have gone
 * out. What it sends meanwhile waits in the kernel, and when that is full, with the sender: TCP's own flow control
 * (RFC 9293 §3.8.6) reaches through the proxy. With a latency it bounds the throughput, as a TCP window does.
 */
export const IN_FLIGHT_LIMIT = 256 * 1024;

/** Carries bytes, and in their place the end (FIN), from one socket to another. Both must allow half-open. */
export function openFlow(source: Socket, sink: Socket, conditions: Conditions, listener: FlowListener): Flow {
  // What is on the way, oldest first. An entry without bytes is the end.
  const inFlight: { readonly due: number; bytes: Buffer | undefined }[] = [];
  let size = 0;
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  let turn: NodeJS.Immediate | undefined;

  const add = (bytes: Buffer | undefined) => {
    if (ended) return;
    ended = bytes === undefined;
    inFlight.push({ due: performance.now() + conditions.latency, bytes });
    size += bytes?.length ?? 0;
    pump();
  };

  const pump = () => {
    clearTimeout(timer);
    if (turn === undefined) while (passOn()) {}
    if (size < IN_FLIGHT_LIMIT) source.resume();
    else source.pause();
  };

  /** Passes the oldest entry on, or a byte of it. @returns whether the next may follow at once */
  const passOn = (): boolean => {
    const [oldest] = inFlight;
    if (oldest === undefined || conditions.stalled || sink.destroyed || sink.writableNeedDrain) return false;
    const wait = oldest.due - performance.now();
    if (wait > 0) {
      timer = setTimeout(pump, wait);
      return false;
    }
    const { bytes } = oldest;
    if (bytes === undefined) {
      inFlight.shift();
      sink.end();
      return false;
    }
    const length = conditions.bytewise ? 1 : bytes.length;
    sink.write(bytes.subarray(0, length));
    size -= length;
    listener.wrote(length);
    if (length < bytes.length) oldest.bytes = bytes.subarray(length);
    else inFlight.shift();
    if (!conditions.bytewise) return true;
    // The next byte in the next turn of the event loop: the kernel would send two of one turn together, and the other
    // connections want their turn too.
    turn = setImmediate(() => {
      turn = undefined;
      pump();
    });
    return false;
  };

  source.on("data", (bytes: Buffer) => {
    listener.read(bytes);
    add(bytes);
  });
  source.on("end", () => {
    listener.ended();
    add(undefined);
  });
  sink.on("drain", pump);
  // Of the sink alone: what a source sent before it left is still to be passed on.
  sink.on("close", () => {
    clearTimeout(timer);
    clearImmediate(turn);
    inFlight.length = 0;
  });
  return { pump, end: () => add(undefined) };
}
