// What is counted of one source.
import type { Unit } from "./decoded.ts";
import type { Bytes, Counters, Direction } from "./events.ts";

/** So many delays make the median: the newest. */
const DELAYS = 1_000;

export type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** The bytes of both directions. */
export type BothWays = Readonly<Record<Direction, Writable<Bytes>>>;

export function noBytes(): BothWays {
  return {
    upstream: { header: 0, payload: 0, page: 0, raw: 0 },
    downstream: { header: 0, payload: 0, page: 0, raw: 0 },
  };
}

export class Tally {
  readonly source: number;
  connections = 0;
  open = 0;
  refused = 0;
  requests = 0;
  sent = 0;
  arrived = 0;
  events = 0;
  #bytes = noBytes();
  #delays: number[] = [];

  constructor(source: number) {
    this.source = source;
  }

  /** Counts from 0 again, the connections that are open included. */
  clear(): void {
    Object.assign(this, { connections: this.open, refused: 0, requests: 0, sent: 0, arrived: 0, events: 0 });
    this.#bytes = noBytes();
    this.#delays = [];
  }

  /**
   * Counts the bytes of a unit.
   *
   * @param own what was counted of its exchange so far, if it belongs to one
   * @param isPage whether its exchange loads the page or one of its files
   */
  count(unit: Unit, own: BothWays | undefined, isPage: boolean): void {
    const { kind, direction, from, to, payload } = unit;
    const all = this.#bytes[direction];
    // The bytes of a block are those of its chunks, and were taken for headers there.
    const size = kind === "sse" ? 0 : to - from;
    if (kind === "raw" || kind === "tls") all.raw += size;
    else if (isPage) all.page += size;
    else {
      for (const bytes of own ? [all, own[direction]] : [all]) {
        bytes.header += size - payload;
        bytes.payload += payload;
      }
    }
  }

  /** An exchange turned out to load the page. @param own what was counted of it so far */
  moveToPage(own: BothWays): void {
    for (const direction of ["upstream", "downstream"] as const) {
      const { header, payload } = own[direction];
      const all = this.#bytes[direction];
      all.header -= header;
      all.payload -= payload;
      all.page += header + payload;
      own[direction].header = 0;
      own[direction].payload = 0;
    }
  }

  /** A message that was sent has arrived. @param ms since its sending */
  addDelay(ms: number): void {
    this.#delays.push(ms);
    if (this.#delays.length > DELAYS) this.#delays.shift();
  }

  /** @param forgotten how many of its events are not kept any more */
  counters(forgotten: number): Counters {
    const { source, connections, open, refused, requests, sent, arrived, events } = this;
    const sorted = this.#delays.toSorted((a, b) => a - b);
    const delay = sorted[Math.floor((sorted.length - 1) / 2)];
    const { upstream, downstream } = this.#bytes;
    return {
      source,
      connections,
      open,
      refused,
      requests,
      upstream: { ...upstream },
      downstream: { ...downstream },
      sent,
      arrived,
      ...(delay !== undefined && { delay: Math.round(delay * 100) / 100 }),
      events,
      forgotten,
    };
  }
}
