// Watches proxies: what they tell becomes records, and, as soon as the bytes have gone on, what the viewer shows.
import { openProxy, type TcpProxy, type WireEvent } from "../flaky/proxy.ts";
import type { Direction, FaultCommand, FaultName, FaultState, Time } from "./events.ts";
import type { TrafficRecord } from "./records.ts";
import type { TrafficStore } from "./store.ts";
import type { Writable } from "./tally.ts";
import { type Tracker, trackTraffic } from "./tracker.ts";

/** Decoding takes so many milliseconds of a turn of the event loop at most: in between bytes are passed on. */
const TURN = 2;
/** A piece with fewer bytes is copied: this is half of what Node takes for a buffer of its own. */
const SMALL = 2_048;
/** So many bytes may wait to be decoded. What comes then is passed on and kept, and shown as not decoded. */
const WAITING_LIMIT = 16 * 1024 * 1024;

type BytesRecord = Writable<TrafficRecord & { type: "bytes" }>;

/** One direction of a connection. */
interface Way {
  read: number;
  passed: number;
  /** What was read and not passed on yet, oldest first, with the place behind it. */
  readonly onTheWay: { readonly record: BytesRecord; readonly end: number }[];
}

interface Connection {
  /** Over all sources. */
  readonly number: number;
  readonly ways: Readonly<Record<Direction, Way>>;
  /** It was open when a fault cut all. */
  isCut: boolean;
}

/** A source, its proxy and its open connections, by the proxy's numbers. */
interface Watched {
  readonly source: number;
  readonly proxy: TcpProxy;
  readonly connections: Map<number, Connection>;
  readonly faults: Writable<FaultState>;
  refusing: NodeJS.Timeout | undefined;
}

/** A server to watch, and where to listen in front of it; 0 takes a free port. */
export interface Watch {
  readonly to: number;
  readonly port: number;
}

/** Proxies that are watched. The sources are numbered 1, 2, 3 … as they were given. */
export interface Recorder {
  readonly ports: readonly number[];
  readonly tracker: Tracker;
  /** Milliseconds since the recording began. */
  now(): Time;
  /** When it began, in milliseconds since the epoch. */
  readonly began: number;
  fault(command: FaultCommand): void;
  faults(): FaultState[];
  /** Forgets what was seen and counted; what is open stays known. */
  clear(): void;
  close(): Promise<void>;
}

/** A proxy cannot listen. */
export class PortError extends Error {
  override name = "PortError";
  readonly port: number;

  constructor(port: number, cause: unknown) {
    super(`Port ${port} cannot be listened on`, { cause });
    this.port = port;
  }
}

/** Told of what happens. */
export interface RecorderListener {
  /** Something was seen, and is decoded. */
  news?(): void;
  /** Nothing listens behind this source's proxy. */
  unreachable?(source: number): void;
}

/** @throws PortError */
export async function openRecorder(
  sources: readonly Watch[],
  store: TrafficStore,
  listener: RecorderListener = {},
): Promise<Recorder> {
  const zero = performance.now();
  const began = Date.now();
  const now = () => Math.round((performance.now() - zero) * 100) / 100;
  const tracker = trackTraffic(
    sources.map((_, index) => index + 1),
    store,
  );
  const decoding = decodingQueue(tracker, () => listener.news?.());
  const add = (record: TrafficRecord) => {
    store.record(record);
    decoding.add(record);
  };
  let connections = 0;
  const watch = (own: Watched, event: WireEvent) => {
    const at = now();
    const { source } = own;
    if (event.type === "refused" || event.type === "open") {
      connections += 1;
      add({ type: event.type, at, connection: connections, source });
      if (event.type === "refused") return;
      const ways = { upstream: emptyWay(), downstream: emptyWay() };
      own.connections.set(event.connection, { number: connections, ways, isCut: false });
      return;
    }
    const connection = own.connections.get(event.connection);
    if (!connection) return;
    const { number, ways, isCut } = connection;
    if (event.type === "close") {
      own.connections.delete(event.connection);
      add({ type: "close", at, connection: number, how: isCut ? "cut" : event.how });
      if (event.how === "unreachable") listener.unreachable?.(source);
      return;
    }
    const { direction } = event;
    if (event.type === "end") add({ type: "end", at, connection: number, direction });
    else if (event.type === "bytes") {
      // Many small pieces in memory of their own would burden the garbage collector; copied, they share some.
      const bytes = event.bytes.length < SMALL ? Buffer.from(event.bytes) : event.bytes;
      const way = ways[direction];
      const record: BytesRecord = {
        type: "bytes",
        at,
        connection: number,
        direction,
        bytes,
        late: true,
        skipped: 0,
      };
      way.read += bytes.length;
      way.onTheWay.push({ record, end: way.read });
      add(record);
    } else {
      for (const { record, end } of passOn(ways[direction], event.bytes)) {
        // What has gone on before it is decoded was not held up.
        if (decoding.isWaiting(record)) record.late = false;
        else add({ type: "passed", at, connection: number, direction, to: end });
      }
    }
  };

  const watched: Watched[] = [];
  for (const [index, { to, port }] of sources.entries()) {
    const source = index + 1;
    const own: Watched = {
      proxy: await openProxy({ to, port, watch: (event) => watch(own, event) }).catch(async (error) => {
        await Promise.all(watched.map(({ proxy }) => proxy.close()));
        throw new PortError(port, error);
      }),
      source,
      connections: new Map(),
      faults: { source, delay: 0, stalled: [], split: false },
      refusing: undefined,
    };
    watched.push(own);
  }

  const note = (
    { source }: Watched,
    fault: FaultName,
    on: boolean,
    more: { direction?: Direction; ms?: number } = {},
  ) => add({ type: "fault", at: now(), source, fault, on, ...more });

  return {
    ports: watched.map(({ proxy }) => proxy.port),
    tracker,
    now,
    began,
    fault(command) {
      for (const own of watched) {
        if (command.source === undefined || command.source === own.source) strike(own, command, now, note);
      }
    },
    faults: () => watched.map(({ faults }) => ({ ...faults })),
    clear() {
      decoding.finish();
      store.clear();
      tracker.clear();
      store.record({ type: "clear", at: now() });
    },
    async close() {
      for (const { refusing } of watched) clearTimeout(refusing);
      await Promise.all(watched.map(({ proxy }) => proxy.close()));
      decoding.finish();
    },
  };
}

const emptyWay = (): Way => ({ read: 0, passed: 0, onTheWay: [] });

/** @returns what has gone on as a whole with these bytes */
function passOn(way: Way, bytes: number): Way["onTheWay"] {
  way.passed += bytes;
  const still = way.onTheWay.findIndex(({ end }) => end > way.passed);
  return way.onTheWay.splice(0, still === -1 ? way.onTheWay.length : still);
}

type Note = (
  own: Watched,
  fault: FaultName,
  on: boolean,
  more?: { direction?: Direction; ms?: number },
) => void;

/** Does what a command says, to one source. */
function strike(own: Watched, command: FaultCommand, now: () => Time, note: Note): void {
  const { proxy, faults, connections } = own;
  const accept = () => {
    if (faults.refusedUntil === undefined) return;
    clearTimeout(own.refusing);
    delete faults.refusedUntil;
    proxy.accept();
    note(own, "refuse", false);
  };
  const stall = (direction: Direction, on: boolean) => {
    if (faults.stalled.includes(direction) === on) return;
    faults.stalled = on
      ? [...faults.stalled, direction]
      : faults.stalled.filter((other) => other !== direction);
    note(own, "stall", on, { direction });
    if (on) proxy.stall(direction);
    else proxy.resume(direction);
  };
  const delay = (ms: number) => {
    if (faults.delay === ms) return;
    faults.delay = ms;
    note(own, "delay", ms > 0, ms > 0 ? { ms } : {});
    proxy.delay(ms);
  };
  const split = (on: boolean) => {
    if (faults.split === on) return;
    faults.split = on;
    note(own, "split", on);
    proxy.splitBytes(on);
  };
  switch (command.fault) {
    case "cut":
      note(own, "cut", true);
      for (const connection of connections.values()) connection.isCut = true;
      proxy.cutAll();
      return;
    case "refuse":
      accept();
      if (command.seconds === 0) return;
      faults.refusedUntil = now() + command.seconds * 1_000;
      note(own, "refuse", true);
      proxy.refuse();
      own.refusing = setTimeout(accept, command.seconds * 1_000);
      return;
    case "stall":
      stall(command.direction, command.on);
      return;
    case "delay":
      delay(command.ms);
      return;
    case "split":
      split(command.on);
      return;
    case "heal":
      accept();
      stall("upstream", false);
      stall("downstream", false);
      delay(0);
      split(false);
  }
}

/** Records that wait to be decoded, in order, each in some later turn of the event loop. */
function decodingQueue(tracker: Tracker, onDecoded: () => void) {
  let queue: TrafficRecord[] = [];
  let first = 0;
  let waiting = 0;
  let isScheduled = false;
  const isWaiting = new WeakSet<TrafficRecord>();

  const decodeUntil = (end: number) => {
    for (; first < queue.length; first += 1) {
      if (first % 8 === 7 && performance.now() > end) break; // The clock costs time itself.
      const record = queue[first];
      if (record === undefined) break;
      isWaiting.delete(record);
      tracker.apply(waiting > WAITING_LIMIT ? withoutBytes(record) : record);
      if (record.type === "bytes") waiting -= record.bytes.length;
    }
    if (first === queue.length || first > 10_000) {
      queue = queue.slice(first);
      first = 0;
    }
  };
  const schedule = () => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      decodeUntil(performance.now() + TURN);
      onDecoded();
      if (queue.length > 0) schedule();
    });
  };
  return {
    add(record: TrafficRecord) {
      queue.push(record);
      isWaiting.add(record);
      if (record.type === "bytes") waiting += record.bytes.length;
      schedule();
    },
    isWaiting: (record: TrafficRecord) => isWaiting.has(record),
    /** Decodes what is left. */
    finish: () => decodeUntil(Number.POSITIVE_INFINITY),
  };
}

/** The same, but that its bytes are not decoded. */
function withoutBytes(record: TrafficRecord): TrafficRecord {
  if (record.type !== "bytes") return record;
  return { ...record, skipped: record.skipped + record.bytes.length, bytes: Buffer.of() };
}
