// From records to what the viewer shows: events, marks and counters.
import { type ConnectionDecoder, decodeConnection } from "./connection.ts";
import type { DecodedListener, Exchange, Unit } from "./decoded.ts";
import type {
  Carried,
  ConnectionMark,
  Direction,
  ExchangeMark,
  FaultMark,
  Label,
  Mark,
  TickMark,
  Time,
  TrafficEvent,
} from "./events.ts";
import { messagesIn, type Said, shortened } from "./messages.ts";
import type { TrafficRecord } from "./records.ts";
import { SentMessages } from "./sent.ts";
import { shapeOfRequest, shapeOfResponse } from "./shapes.ts";
import { type BothWays, noBytes, Tally, type Writable } from "./tally.ts";

/** A body that is longer is not searched for messages, in bytes. */
const BODY_LIMIT = 1024 * 1024;
/** So many of its messages an exchange shows: the newest. */
const SHOWN = 20;

const CLOSE = 0x8;
const BINARY = 0x2;

/** Told of all that is made of the records. */
export interface TrackerListener {
  event(event: TrafficEvent, labels: readonly Label[]): void;
  /** A mark is new or has changed. It goes on changing: what is kept of it is a copy. */
  mark(mark: Mark): void;
}

export interface Tracker {
  /** @returns false for what does not fit what was before it; then nothing is made of it. Never throws */
  apply(record: TrafficRecord): boolean;
  /** Counts from 0 again; what is open stays so. */
  clear(): void;
  /** By source. */
  readonly tallies: ReadonlyMap<number, Tally>;
}

/** One direction of a connection. */
interface Way {
  /** How many bytes were passed on. */
  passed: number;
  /** What waits for its last byte to be passed on, in order. */
  readonly waiting: { readonly to: number; readonly then: (at: Time) => void }[];
}

/** A body, to be searched for messages. */
interface Body {
  readonly pieces: Buffer[];
  size: number;
}

interface ExchangeState {
  readonly mark: Writable<ExchangeMark>;
  readonly counted: BothWays;
  readonly bodies: Readonly<Record<Direction, Body>>;
  /** A close frame was seen. */
  saidGoodbye: boolean;
}

/** What all connections share. */
interface Shared {
  readonly listener: TrackerListener;
  readonly sent: SentMessages;
  nextMark(): number;
  /** @returns its number */
  addEvent(event: Omit<TrafficEvent, "number">, labels?: readonly Label[]): number;
}

/** @param sources their numbers */
export function trackTraffic(sources: readonly number[], listener: TrackerListener): Tracker {
  const tallies = new Map(sources.map((source) => [source, new Tally(source)]));
  const connections = new Map<number, ConnectionTracker>();
  const faults = new Map<string, Writable<FaultMark>>();
  let events = 0;
  let marks = 0;
  const shared: Shared = {
    listener,
    sent: new SentMessages(),
    nextMark: () => {
      marks += 1;
      return marks;
    },
    addEvent(event, labels = []) {
      events += 1;
      const tally = tallies.get(event.source);
      if (tally) tally.events += 1;
      // The number first: behind the others it would cost V8 a hidden class for each event.
      listener.event({ number: events, ...event }, labels);
      return events;
    },
  };
  const applyFault = (record: TrafficRecord & { type: "fault" }) => {
    const { at, source, fault, on, direction, ms } = record;
    const name = `${source} ${fault} ${direction}`;
    const before = faults.get(name);
    faults.delete(name);
    if (before) listener.mark(Object.assign(before, { until: at }));
    const summary = [fault, direction, ms === undefined ? undefined : `${ms} ms`, on ? "" : "–"];
    const plain = { kind: "fault", source, connection: 0, at, until: at, from: 0, to: 0 } as const;
    shared.addEvent({ ...plain, summary: summary.filter((word) => word).join(" ") });
    if (!on) return;
    const mark: Writable<FaultMark> = {
      mark: "fault",
      number: shared.nextMark(),
      source,
      fault,
      ...(direction && { direction }),
      ...(ms !== undefined && { ms }),
      at,
      ...(fault === "cut" && { until: at }),
    };
    if (fault !== "cut") faults.set(name, mark);
    listener.mark(mark);
  };
  return {
    tallies,
    clear() {
      for (const tally of tallies.values()) tally.clear();
      for (const connection of connections.values()) connection.clear();
      shared.sent.clear();
    },
    apply(record) {
      if (record.type === "clear") return true;
      if (record.type === "fault") {
        if (!tallies.has(record.source)) return false;
        applyFault(record);
        return true;
      }
      if (record.type === "open" || record.type === "refused") {
        const tally = tallies.get(record.source);
        if (!tally || connections.has(record.connection)) return false;
        const connection = new ConnectionTracker(record.connection, tally, shared, record.at);
        if (record.type === "refused") connection.refuse(record.at);
        else connections.set(record.connection, connection.open(record.at));
        return true;
      }
      const connection = connections.get(record.connection);
      if (!connection) return false;
      if (record.type === "close") connections.delete(record.connection);
      return connection.apply(record);
    },
  };
}

/** A connection: its exchanges, and what they carry. */
class ConnectionTracker implements DecodedListener {
  readonly #mark: Writable<ConnectionMark>;
  readonly #tally: Tally;
  readonly #shared: Shared;
  readonly #decoder: ConnectionDecoder;
  readonly #ways: Readonly<Record<Direction, Way>> = {
    upstream: { passed: 0, waiting: [] },
    downstream: { passed: 0, waiting: [] },
  };
  readonly #exchanges = new Map<Exchange, ExchangeState>();

  constructor(connection: number, tally: Tally, shared: Shared, at: Time) {
    this.#tally = tally;
    this.#shared = shared;
    this.#decoder = decodeConnection(this);
    this.#mark = {
      mark: "connection",
      number: shared.nextMark(),
      source: tally.source,
      connection,
      at,
    };
  }

  #addPlainEvent(kind: "open" | "close" | "refused", at: Time, summary: string): void {
    const { source, connection } = this.#mark;
    this.#shared.addEvent({ kind, source, connection, at, until: at, from: 0, to: 0, summary });
  }

  #tellMark(mark: Mark): void {
    this.#shared.listener.mark(mark);
  }

  open(at: Time): this {
    this.#tally.connections += 1;
    this.#tally.open += 1;
    this.#addPlainEvent("open", at, "TCP");
    this.#tellMark(this.#mark);
    return this;
  }

  /** Reset on arrival. */
  refuse(at: Time): void {
    this.#tally.refused += 1;
    this.#addPlainEvent("refused", at, "TCP RST");
    this.#tellMark(Object.assign(this.#mark, { until: at, end: "refused" }));
  }

  /** What its exchanges were counted as is forgotten. */
  clear(): void {
    for (const { counted } of this.#exchanges.values()) Object.assign(counted, noBytes());
  }

  apply(record: Extract<TrafficRecord, { type: "bytes" | "passed" | "end" | "close" }>): boolean {
    if (record.type === "close") {
      this.#close(record.how, record.at);
      return true;
    }
    const way = this.#ways[record.direction];
    if (record.type === "end") this.#decoder.end(record.direction, record.at, true);
    else if (record.type === "passed") this.#pass(way, record.to, record.at);
    else {
      const { direction, bytes, skipped, late, at } = record;
      const to = this.#decoder.read(direction) + skipped + bytes.length;
      if (!late) this.#pass(way, to, at);
      if (skipped > 0) this.#decoder.skip(direction, skipped);
      this.#decoder.feed(direction, bytes, at);
    }
    return true;
  }

  #pass(way: Way, to: number, at: Time): void {
    way.passed = Math.max(way.passed, to);
    for (let [first] = way.waiting; first && first.to <= way.passed; [first] = way.waiting) {
      way.waiting.shift();
      first.then(at);
    }
  }

  /** Calls back when the bytes before `to` were passed on; now, where they were. @param at when they were read */
  #whenPassed(direction: Direction, to: number, at: Time, then: (at: Time) => void): void {
    const way = this.#ways[direction];
    if (way.passed >= to) then(at);
    else way.waiting.push({ to, then });
  }

  #close(how: "closed" | "reset" | "cut" | "unreachable", at: Time): void {
    for (const direction of ["upstream", "downstream"] as const) {
      this.#decoder.end(direction, at, how === "closed");
    }
    for (const { mark, saidGoodbye } of this.#exchanges.values()) {
      this.#tellMark(Object.assign(mark, { until: at, ...(!saidGoodbye && { broken: true }) }));
    }
    this.#exchanges.clear();
    this.#tally.open -= 1;
    this.#addPlainEvent("close", at, how === "closed" ? "TCP FIN" : "TCP RST");
    this.#tellMark(Object.assign(this.#mark, { until: at, end: how }));
  }

  // What the decoder tells.

  unit(unit: Unit): void {
    const { kind, direction, at, until, from, to, summary, quiet, problem, labels } = unit;
    const { source, connection } = this.#mark;
    const known = unit.exchange && this.#exchanges.get(unit.exchange);
    const state = known ?? (kind === "request" && unit.exchange ? this.#begin(unit.exchange, at) : undefined);
    const number = this.#shared.addEvent(
      {
        kind,
        source,
        connection,
        direction,
        at,
        until,
        from,
        to,
        summary,
        quiet: quiet || undefined,
        problem,
      },
      labels,
    );
    if (kind === "response" && state) this.#respond(state, unit, number);
    this.#tally.count(unit, state?.counted, state?.mark.shape === "page");
    if (!state) return;
    if (kind === "request") {
      state.mark.request = number;
      this.#askedAt(state, unit.to, until);
    }
    if (unit.block || unit.frame) this.#tick(state, unit, number);
    this.#tellMark(state.mark);
  }

  content(exchange: Exchange | undefined, direction: Direction, bytes: Buffer): void {
    const body = exchange && this.#exchanges.get(exchange)?.bodies[direction];
    if (!body) return;
    body.size += bytes.length;
    if (body.size <= BODY_LIMIT) body.pieces.push(Buffer.from(bytes));
    else body.pieces.length = 0;
  }

  whole(exchange: Exchange | undefined, direction: Direction, to: number, at: Time): void {
    const state = exchange && this.#exchanges.get(exchange);
    if (!state) return;
    if (direction === "upstream") {
      this.#askedAt(state, to, at);
      for (const said of messagesIn(textOf(state.bodies.upstream))) {
        state.mark.shape = "send";
        this.#add(state.mark, this.#send(said, state.mark.at, state.mark));
      }
      state.bodies.upstream.pieces.length = 0;
      this.#tellMark(state.mark);
      return;
    }
    const { mark, bodies } = state;
    const isNews = (mark.shape === "poll" || mark.shape === "held") && (mark.status ?? 0) < 300;
    for (const said of isNews ? messagesIn(textOf(bodies.downstream)) : []) {
      this.#add(mark, this.#arrive(said, to, at));
    }
    this.#whenPassed(direction, to, at, (passed) => {
      this.#exchanges.delete(exchange);
      this.#tellMark(Object.assign(mark, { until: passed }));
    });
  }

  #begin(exchange: Exchange, at: Time): ExchangeState {
    const { source, connection } = this.#mark;
    const state: ExchangeState = {
      mark: {
        mark: "exchange",
        number: this.#shared.nextMark(),
        source,
        connection,
        shape: shapeOfRequest(exchange),
        method: exchange.method,
        target: shortened(exchange.target),
        at,
        asked: undefined,
        messages: [],
        count: 0,
        request: 0,
      },
      counted: noBytes(),
      bodies: { upstream: { pieces: [], size: 0 }, downstream: { pieces: [], size: 0 } },
      saidGoodbye: false,
    };
    this.#exchanges.set(exchange, state);
    this.#tally.requests += 1;
    return state;
  }

  #askedAt({ mark }: ExchangeState, to: number, at: Time): void {
    mark.asked = undefined;
    this.#whenPassed("upstream", to, at, (passed) => this.#tellMark(Object.assign(mark, { asked: passed })));
  }

  #respond({ mark, counted }: ExchangeState, { exchange, at }: Unit, number: number): void {
    if (exchange?.response === undefined) return; // An interim one.
    mark.status = exchange.response.status;
    mark.answered = at;
    mark.response = number;
    mark.shape = shapeOfResponse(exchange, mark.shape, at - (mark.asked ?? mark.at));
    if (mark.shape === "page") this.#tally.moveToPage(counted);
  }

  #tick(state: ExchangeState, unit: Unit, event: number): void {
    const { direction, to, at, until, block, frame, quiet } = unit;
    const { mark } = state;
    const tick: Writable<TickMark> = {
      mark: "tick",
      number: this.#shared.nextMark(),
      source: mark.source,
      connection: mark.connection,
      exchange: mark.number,
      direction,
      what: quiet ? "heartbeat" : frame?.opcode === BINARY ? "message" : "other",
      at: until,
      passed: undefined,
      message: undefined,
      event,
      summary: shortened(unit.summary, 60),
    };
    for (const said of quiet ? [] : messagesIn(block?.data ?? frame?.message ?? "")) {
      tick.message = direction === "upstream" ? this.#send(said, at, tick) : this.#arrive(said, to, until);
      tick.what = "message";
      mark.count += 1;
    }
    if (frame?.opcode === CLOSE) {
      tick.what = "close";
      state.saidGoodbye = true;
    }
    this.#tellMark(tick);
    this.#whenPassed(direction, to, until, (passed) => this.#tellMark(Object.assign(tick, { passed })));
  }

  #add(mark: Writable<ExchangeMark>, message: Carried): void {
    mark.messages = [...mark.messages, message].slice(-SHOWN);
    mark.count += 1;
  }

  #send(said: Said, at: Time, mark: Writable<ExchangeMark | TickMark>): Carried {
    this.#tally.sent += 1;
    return this.#shared.sent.send(said, at, mark);
  }

  #arrive(said: Said, to: number, at: Time): Carried {
    const { message, sent } = this.#shared.sent.arrive(said);
    this.#whenPassed("downstream", to, at, (passed) => {
      this.#tally.arrived += 1;
      if (sent === undefined) return;
      this.#tally.addDelay(passed - sent.at);
      for (const mark of sent.marks) {
        if (mark.arrived === undefined) this.#tellMark(Object.assign(mark, { arrived: passed }));
      }
    });
    return message;
  }
}

function textOf({ pieces }: Body): string {
  return pieces.length === 0 ? "" : Buffer.concat(pieces).toString();
}
