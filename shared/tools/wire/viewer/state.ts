// What the viewer knows: what its server tells, the newest of it.
import type {
  Counters,
  End,
  FaultState,
  Hello,
  Mark,
  Source,
  Time,
  TrafficEvent,
  Update,
} from "../events.ts";

/** As many events, and as many marks, are kept. */
const MOST = 20_000;

/** What is known now. */
export interface Wire {
  readonly mode: "live" | "recording";
  readonly sources: readonly Source[];
  /** In the order of their numbers. */
  readonly events: ReadonlyMap<number, TrafficEvent>;
  readonly marks: ReadonlyMap<number, Mark>;
  readonly counters: readonly Counters[];
  readonly faults: readonly FaultState[];
  /** What keeps a recording from being whole. */
  readonly problems: End["problems"];
  /** Whether the server is there: `waiting` before its first word. */
  readonly link: "waiting" | "open" | "lost" | "ended";
  /** How many events there were since the page was opened. */
  readonly seen: number;
  /** When what is told of began; undefined while nothing has happened. */
  readonly first: Time | undefined;
  /** The time now, between two updates too. */
  now(): Time;
}

/** What has changed. */
export type Change = "all" | "more" | "link";

/**
 * Listens to the server for as long as the page is open.
 *
 * @param changed called after each change
 */
export function openWire(changed: (change: Change) => void): Wire {
  const events = new Map<number, TrafficEvent>();
  const marks = new Map<number, Mark>();
  /** The server's time, and this page's at that moment. */
  let clock = { server: 0, here: performance.now() };
  const wire: { -readonly [Key in keyof Wire]: Wire[Key] } = {
    mode: "live",
    sources: [],
    events,
    marks,
    counters: [],
    faults: [],
    problems: [],
    link: "waiting",
    seen: 0,
    first: undefined,
    now() {
      const passed = wire.mode === "live" && wire.link === "open" ? performance.now() - clock.here : 0;
      return clock.server + passed;
    },
  };

  const stream = new EventSource("/events");
  stream.addEventListener("hello", ({ data }) => {
    const { mode, sources, now }: Hello = JSON.parse(data);
    events.clear();
    marks.clear();
    const nothing = { counters: [], faults: [], problems: [], first: undefined };
    Object.assign(wire, { mode, sources, link: "open", ...nothing } satisfies Partial<Wire>);
    clock = { server: now, here: performance.now() };
    changed("all");
  });
  stream.addEventListener("update", ({ data }) => {
    const update: Update = JSON.parse(data);
    for (const event of update.events) events.set(event.number, event);
    for (const mark of update.marks) {
      marks.set(mark.number, mark);
      wire.first = Math.min(wire.first ?? mark.at, mark.at);
    }
    forget(events, () => true);
    forget(marks, isOver);
    wire.seen += update.events.length;
    wire.counters = update.counters;
    wire.faults = update.faults;
    const isOther = update.sources && JSON.stringify(update.sources) !== JSON.stringify(wire.sources);
    if (update.sources) wire.sources = update.sources;
    // Nothing ever seems to happen in the future, and time does not go back.
    const ahead = Math.max(0, clock.server + performance.now() - clock.here - update.now);
    clock = { server: update.now + Math.min(ahead, 250), here: performance.now() };
    changed(isOther ? "all" : "more");
  });
  stream.addEventListener("end", ({ data }) => {
    const end: End = JSON.parse(data);
    wire.problems = end.problems;
    wire.link = "ended";
    stream.close();
    changed("all");
  });
  stream.addEventListener("error", () => {
    if (wire.link === "ended") return;
    clock = { server: wire.now(), here: performance.now() };
    wire.link = "lost";
    changed("link");
  });
  return wire;
}

function isOver(mark: Mark): boolean {
  return mark.mark === "tick" || mark.until !== undefined;
}

/** Drops the oldest where there are too many, save what still goes on. */
function forget<T>(all: Map<number, T>, mayGo: (one: T) => boolean): void {
  let surplus = all.size - MOST;
  if (surplus <= 0) return;
  for (const [number, one] of all) {
    if (surplus <= 0) return;
    if (!mayGo(one)) continue;
    all.delete(number);
    surplus -= 1;
  }
}
