// What is kept of the traffic: the newest records, events and marks, within limits.
import type { Label, Mark, OpenedEvent, TrafficEvent } from "./events.ts";
import type { TrafficRecord } from "./records.ts";
import type { TrackerListener } from "./tracker.ts";

/** What a store may hold. */
export interface Limits {
  /** Bytes of traffic; each record counts for 400 more, which is about what it takes. */
  readonly bytes: number;
  readonly events: number;
  readonly marks: number;
  /** Characters of labels, of all events together. */
  readonly labels: number;
}

export const LIMITS: Limits = {
  bytes: 64 * 1024 * 1024,
  events: 20_000,
  marks: 20_000,
  labels: 32 * 1024 * 1024,
};

const RECORD_COST = 400;
const LABEL_COST = 100;
/** Where there is too much, so much of what is allowed is left. */
const SPARED = 0.95;
/** An event is opened with so many bytes at most. */
const OPENED_LIMIT = 64 * 1024;

interface KeptEvent {
  readonly event: TrafficEvent;
  readonly labels: readonly Label[];
  readonly cost: number;
}

/** A record, and the place of its first byte if it has bytes. */
interface KeptRecord {
  readonly record: TrafficRecord;
  readonly from: number;
}

/** What was changed since the last time. */
export interface Changes {
  readonly events: readonly TrafficEvent[];
  readonly marks: readonly Mark[];
}

/** A first-in, first-out list. */
class Queue<T> {
  #items: (T | undefined)[] = [];
  #first = 0;

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items[this.#first];
    this.#items[this.#first] = undefined; // Or it would be kept until the list is cut.
    this.#first += 1;
    if (this.#first > 1_000 && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }

  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (let at = this.#first; at < this.#items.length; at += 1) {
      const item = this.#items[at];
      if (item !== undefined) yield item;
    }
  }
}

export class TrafficStore implements TrackerListener {
  readonly #limits: Limits;
  readonly #records = new Queue<KeptRecord>();
  #recordCost = 0;
  /** How many bytes were read, by connection and direction. */
  readonly #read = new Map<string, number>();
  /** The source of each connection of which a record is kept. */
  readonly #sources = new Map<number, number>();
  readonly #events = new Map<number, KeptEvent>();
  #labelCost = 0;
  readonly #marks = new Map<number, Mark>();
  readonly #newEvents: TrafficEvent[] = [];
  readonly #newMarks = new Map<number, Mark>();
  /** Events that are not kept any more, by source. */
  readonly forgotten = new Map<number, number>();

  constructor(limits: Limits = LIMITS) {
    this.#limits = limits;
  }

  /** Keeps a record. Its bytes must not be changed later. */
  record(record: TrafficRecord): void {
    let from = 0;
    if (record.type === "bytes") {
      const way = `${record.connection} ${record.direction}`;
      from = (this.#read.get(way) ?? 0) + record.skipped;
      this.#read.set(way, from + record.bytes.length);
    }
    if (record.type === "open") this.#sources.set(record.connection, record.source);
    if (record.type === "close") {
      this.#read.delete(`${record.connection} upstream`);
      this.#read.delete(`${record.connection} downstream`);
    }
    this.#records.push({ record, from });
    this.#recordCost += costOf(record);
    while (this.#recordCost > this.#limits.bytes) {
      const oldest = this.#records.shift();
      if (oldest === undefined) break;
      this.#recordCost -= costOf(oldest.record);
      if (oldest.record.type === "close") this.#sources.delete(oldest.record.connection);
    }
  }

  /** The records that are kept. Of a connection whose first ones are not, they say how much is missing. */
  get records(): TrafficRecord[] {
    const opened = new Set<number>();
    const read = new Map<string, number>();
    const records: TrafficRecord[] = [];
    for (const { record, from } of this.#records) {
      if ("connection" in record) {
        const { connection, at } = record;
        const source = this.#sources.get(connection);
        const isFirst = record.type !== "open" && record.type !== "refused" && !opened.has(connection);
        if (isFirst && source !== undefined) records.push({ type: "open", at, connection, source });
        opened.add(connection);
      }
      if (record.type !== "bytes") {
        records.push(record);
        continue;
      }
      const way = `${record.connection} ${record.direction}`;
      const skipped = from - (read.get(way) ?? 0);
      records.push(skipped === record.skipped ? record : { ...record, skipped });
      read.set(way, from + record.bytes.length);
    }
    return records;
  }

  event(event: TrafficEvent, labels: readonly Label[]): void {
    let cost = 0;
    for (const { value } of labels) cost += LABEL_COST + value.length;
    this.#events.set(event.number, { event, labels, cost });
    this.#labelCost += cost;
    this.#newEvents.push(event);
    if (this.#events.size > this.#limits.events || this.#labelCost > this.#limits.labels) this.#forget();
    if (this.#newEvents.length > 2 * this.#limits.events) this.#newEvents.splice(0, this.#limits.events);
  }

  /** Forgets the oldest events: a twentieth more than needed, because to begin to walk through a Map takes time. */
  #forget(): void {
    for (const [number, { event, cost }] of this.#events) {
      const isEnough = this.#events.size <= SPARED * this.#limits.events;
      if (isEnough && this.#labelCost <= SPARED * this.#limits.labels) return;
      this.#events.delete(number);
      this.#labelCost -= cost;
      this.forgotten.set(event.source, (this.forgotten.get(event.source) ?? 0) + 1);
    }
  }

  mark(mark: Mark): void {
    this.#marks.set(mark.number, mark);
    this.#newMarks.set(mark.number, mark);
    if (this.#marks.size <= this.#limits.marks) return;
    for (const [number, oldest] of this.#marks) {
      if (this.#marks.size <= SPARED * this.#limits.marks) return;
      if (isGoingOn(oldest)) continue;
      this.#marks.delete(number);
      this.#newMarks.delete(number);
    }
  }

  /** Forgets all events, and the marks of what is over. */
  clear(): void {
    this.#events.clear();
    this.#labelCost = 0;
    this.#newEvents.length = 0;
    this.#newMarks.clear();
    this.forgotten.clear();
    for (const [number, mark] of this.#marks) if (!isGoingOn(mark)) this.#marks.delete(number);
  }

  /** @returns the numbers of what is kept, oldest first */
  get kept(): { readonly events: number[]; readonly marks: number[] } {
    return { events: [...this.#events.keys()], marks: [...this.#marks.keys()] };
  }

  /** @returns those of these that are still kept, as they are now */
  read(events: readonly number[], marks: readonly number[]): Changes {
    return {
      events: events.flatMap((number) => this.#events.get(number)?.event ?? []),
      marks: marks.flatMap((number) => this.#marks.get(number) ?? []),
    };
  }

  /** @param most so many events and so many ticks, the newest, are told; the others are only kept */
  takeChanges(most: number): Changes {
    const events = this.#newEvents.slice(-most);
    this.#newEvents.length = 0;
    const marks = [...this.#newMarks.values()];
    const ticks = marks.filter(({ mark }) => mark === "tick");
    const left = new Set(ticks.slice(0, -most));
    this.#newMarks.clear();
    return { events, marks: left.size === 0 ? marks : marks.filter((mark) => !left.has(mark)) };
  }

  /**
   * Opens an event: its bytes and its labels, and those of the chunks around it or of the body behind it.
   *
   * @returns undefined where it is not kept any more
   */
  open(number: number): OpenedEvent | undefined {
    const kept = this.#events.get(number);
    if (kept === undefined) return undefined;
    const { event } = kept;
    const { connection, direction } = event;
    const way = [...this.#events.values()].filter(
      ({ event: other }) => other.connection === connection && other.direction === direction,
    );
    const beside = way.filter(({ event: other }) => other.from < event.to && other.to > event.from);
    beside.push(...bodyOf(event, way));
    const from = Math.min(event.from, ...beside.map(({ event: other }) => other.from));
    const to = Math.max(event.to, ...beside.map(({ event: other }) => other.to));
    const labels = way
      .flatMap((other) => other.labels)
      .filter((label) => label.from < to && label.to > from)
      .sort((a, b) => a.from - b.from || b.to - a.to || (b.bits?.[0] ?? 0) - (a.bits?.[0] ?? 0));
    const bytes = this.#bytesOf(event, from, to);
    return {
      event,
      bytes: bytes.toString("base64"),
      from,
      to: from + bytes.length,
      missing: to - from - bytes.length,
      labels,
    };
  }

  /** @returns the bytes from `from` on, as far as they are kept and in one piece */
  #bytesOf({ connection, direction }: TrafficEvent, from: number, to: number): Buffer {
    const pieces: Buffer[] = [];
    let at = from;
    const end = Math.min(to, from + OPENED_LIMIT);
    for (const { record, from: begin } of this.#records) {
      if (record.type !== "bytes" || record.connection !== connection || record.direction !== direction)
        continue;
      if (begin > at) break;
      const piece = record.bytes.subarray(at - begin, end - begin);
      pieces.push(piece);
      at += piece.length;
      if (at >= end) break;
    }
    return Buffer.concat(pieces);
  }
}

/** @returns the body behind a head, unless it is a stream of events: each of those is opened for itself */
function bodyOf({ kind, number }: TrafficEvent, way: readonly KeptEvent[]): KeptEvent[] {
  if (kind !== "request" && kind !== "response") return [];
  const behind = way.filter(({ event }) => event.number > number);
  const next = behind.findIndex(({ event }) => !BODY.has(event.kind));
  const body = next === -1 ? behind : behind.slice(0, next);
  return body.some(({ event }) => event.kind === "sse") ? [] : body;
}

const BODY: ReadonlySet<TrafficEvent["kind"]> = new Set(["body", "chunk", "trailer", "sse"]);

function costOf(record: TrafficRecord): number {
  return RECORD_COST + (record.type === "bytes" ? record.bytes.length : 0);
}

function isGoingOn(mark: Mark): boolean {
  return mark.mark !== "tick" && mark.until === undefined;
}
