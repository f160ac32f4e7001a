// The proxy's faults, one at a time, to be drawn by chance.

import { between, oneOf, type Random } from "../random.ts";
import type { Direction, TcpProxy } from "./proxy.ts";

/** Something that goes wrong. */
export interface Fault {
  /** What goes wrong, in a few words. */
  readonly name: string;
  begin(proxy: TcpProxy): void;
  /** Undoes it; missing where it is over in a moment. */
  readonly end?: (proxy: TcpProxy) => void;
}

export const cut: Fault = { name: "all connections cut", begin: (proxy) => proxy.cutAll() };

export const refuse: Fault = {
  name: "new connections refused",
  begin: (proxy) => proxy.refuse(),
  end: (proxy) => proxy.accept(),
};

export const split: Fault = {
  name: "every write in single bytes",
  begin: (proxy) => proxy.splitBytes(true),
  end: (proxy) => proxy.splitBytes(false),
};

export function halfClose(direction: Direction): Fault {
  return { name: `half-closed ${direction}`, begin: (proxy) => proxy.halfClose(direction) };
}

export function stall(direction: Direction): Fault {
  return {
    name: `stalled ${direction}`,
    begin: (proxy) => proxy.stall(direction),
    end: (proxy) => proxy.resume(direction),
  };
}

/** @param ms the latency in each direction, in milliseconds */
export function delay(ms: number): Fault {
  return {
    name: `delayed by ${ms} ms`,
    begin: (proxy) => proxy.delay(ms),
    end: (proxy) => proxy.delay(0),
  };
}

/** Draws upstream or downstream. */
export function drawDirection(random: Random): Direction {
  return oneOf<Direction>(random, "upstream", "downstream");
}

/**
 * Draws a fault, each kind as likely as the others.
 *
 * @param maxLatency of a delay, in milliseconds
 */
export function drawFault(random: Random, maxLatency: number): Fault {
  const kinds: readonly (() => Fault)[] = [
    () => refuse,
    () => split,
    () => halfClose(drawDirection(random)),
    () => stall(drawDirection(random)),
    () => delay(between(random, 1, maxLatency)),
  ];
  return oneOf(random, () => cut, ...kinds)();
}

/** Faults that may overlap. */
export interface Faults {
  /** Those that last, in the order of their beginning. */
  readonly lasting: readonly Fault[];
  begin(fault: Fault): void;
  /** Undoes it, once. Others of its kind that still last go on. */
  end(fault: Fault): void;
}

export function faultsOf(proxy: TcpProxy): Faults {
  const lasting: Fault[] = [];
  return {
    lasting,
    begin(fault) {
      fault.begin(proxy);
      if (fault.end) lasting.push(fault);
    },
    end(fault) {
      const index = lasting.indexOf(fault);
      if (index === -1) return;
      lasting.splice(index, 1);
      fault.end?.(proxy);
      // To begin what lasts once more changes nothing, except where that was undone with it.
      for (const other of lasting) other.begin(proxy);
    },
  };
}
